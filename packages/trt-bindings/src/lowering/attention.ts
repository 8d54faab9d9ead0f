import { type Dim, equalShapes, type Node, type Tensor } from '@trt-dsl/dsl';
import type { ITensor } from '../types.ts';
import type { Context } from './context.ts';
import type { Value } from './value.ts';

/**
 * softmax(scale · Q Kᵀ + mask) V. IAttention where the library has it and it fits; else, as before 10.14, the layers that TensorRT's own
 * fusion recognises: the scale on Q before the first product, K transposed in it, mask, softmax, second product.
 */
export function lowerAttention(node: Node<'attention'>, inputs: readonly Value[], context: Context): ITensor {
  const { network } = context;
  const [query, key, value, mask] = inputs.map((input) => input.at(4)) as [ITensor, ITensor, ITensor, ITensor?];
  const { dataType } = node.outputs[0]!;
  const { scale } = node.attributes;
  const scaled =
    scale === 1
      ? query
      : context.named(
          network.addElementWise(query, context.scalar(`${node.name}:scale`, dataType, scale, 4), 'PROD'),
          `${node.name}:scaled_query`,
        );
  // IAttention wants values as wide as keys.
  const [, { shape: keyShape }, { shape: valueShape }] = node.inputs as readonly [Tensor, Tensor, Tensor];
  if (context.has('addAttention') && equalShapes(keyShape as readonly Dim[], valueShape as readonly Dim[])) {
    const attention = network.addAttention(scaled, key, value, 'SOFTMAX', false);
    attention.setName(node.name);
    attention.setDecomposable(true);
    if (mask) attention.setMask(mask);
    return context.nameTensor(attention.getOutput(0), node.name);
  }
  const scores = context.named(network.addMatrixMultiply(scaled, 'NONE', key, 'TRANSPOSE'), `${node.name}:scores`);
  const masked = mask
    ? context.named(network.addElementWise(scores, mask, 'SUM'), `${node.name}:masked_scores`)
    : scores;
  const softmax = network.addSoftMax(masked);
  softmax.setAxes(1 << 3);
  const probabilities = context.named(softmax, `${node.name}:probabilities`);
  return context.named(network.addMatrixMultiply(probabilities, 'NONE', value, 'NONE'), node.name);
}
