// What is computed in float32 though the graph's type is a half one: more exact, and as fast where TensorRT fuses it.
import { type DataType, floatTypes, type Node } from '@trt-dsl/dsl';
import type { ITensor } from '../types.ts';
import type { Context } from './context.ts';
import type { Value } from './value.ts';

export const isHalf = (dataType: DataType): boolean => floatTypes.includes(dataType) && dataType !== 'float32';

/**
 * Computes in float32 between casts where the type is a half one: LayerNorm, softmax, sums.
 * @param wide x in float32, where it is known before it was rounded
 */
export function inFloat32(
  node: Node,
  x: () => ITensor,
  context: Context,
  compute: (x: ITensor, name: string) => ITensor,
  wide?: () => ITensor,
): ITensor {
  const { dataType } = node.outputs[0]!;
  if (!isHalf(dataType)) return compute(x(), node.name);
  const operand = wide ? wide() : context.cast(x(), dataType, 'float32', `${node.name}:float32`);
  return context.cast(compute(operand, `${node.name}:compute`), 'float32', dataType, node.name);
}

/**
 * Computes a product of float16 tensors between casts to float32 and back, which keeps its sums wide: TensorRT runs that
 * pattern of a matrix product as one float16 product with float32 accumulation, and without it may sum in float16.
 * Quantized products sum wide by themselves.
 */
export function withWideSums(
  node: Node,
  inputs: readonly Value[],
  operands: readonly ITensor[],
  context: Context,
  compute: (operands: readonly ITensor[], name: string) => ITensor,
): ITensor {
  const narrow = node.outputs[0]!.dataType === 'float16' && !inputs.some(({ maker }) => maker === 'dequantize');
  if (!context.wideSums || !narrow) return compute(operands, node.name);
  const wide = widened(node, operands, context);
  return context.cast(compute(wide, `${node.name}:accumulate`), 'float32', 'float16', node.name);
}

/** The operands of a layer, which have the type of its output, in float32. */
export const widened = (node: Node, operands: readonly ITensor[], context: Context): readonly ITensor[] =>
  operands.map((half, i) => context.cast(half, node.outputs[0]!.dataType, 'float32', `${node.name}:float32_${i}`));

/**
 * A sum of two tensors in a half type: LayerNorm behind it takes it unrounded. To round it there is most of what a transformer's
 * float16 loses (MiniLM on an H200: 1.3 of PyTorch's own error instead of 0.85), and is no faster.
 */
export const isResidual = (node: Node<'elementwise'>, inputs: readonly Value[]): boolean =>
  node.attributes.operation === 'sum' &&
  isHalf(node.outputs[0]!.dataType) &&
  !inputs.some(({ weights, maker }) => weights || maker === 'dequantize');
