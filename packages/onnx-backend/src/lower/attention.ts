import type { Node } from '@trt-dsl/dsl';
import { onnxTypes } from '../onnx-types.ts';
import type { Context } from './context.ts';
import { transposeLast } from './transpose.ts';

/**
 * softmax(scale · Q Kᵀ + mask) V in the pattern that TensorRT's parser fuses: the scale on Q, K transposed in the
 * product. On the CPU half types stay in float32 from the first product to the last and are rounded once.
 */
export function lowerAttention(
  node: Node<'attention'>,
  inputs: readonly string[],
  context: Context,
): readonly string[] {
  const own = node.outputs[0]!.dataType;
  const type = context.target === 'cpu' ? 'float32' : own;
  const [query, key, value, mask] = inputs.map((input) => context.cast(input, type)) as [
    string,
    string,
    string,
    string | undefined,
  ];
  const { scale } = node.attributes;
  const scaled = scale === 1 ? query : context.step('scaled', 'Mul', [query, context.scalar(type, scale)]);
  const product = context.step('scores', 'MatMul', [scaled, transposeLast(key, 4, context)]);
  const scores = mask === undefined ? product : context.step('masked', 'Add', [product, mask]);
  const probabilities = context.step('probabilities', 'Softmax', [scores], { axis: -1 });
  if (type === own) return context.result('MatMul', [probabilities, value]);
  const result = context.step('context', 'MatMul', [probabilities, value]);
  return context.result('Cast', [result], { to: onnxTypes[own] });
}
