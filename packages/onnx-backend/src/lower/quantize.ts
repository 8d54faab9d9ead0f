import type { Node } from '@trt-dsl/dsl';
import { onnxTypes } from '../onnx-types.ts';
import type { Context } from './context.ts';

/** QuantizeLinear without a zero point, which is 0; it saturates. */
export function lowerQuantize(
  node: Node<'quantize'>,
  [x, scale]: readonly string[],
  context: Context,
): readonly string[] {
  const { dataType, axis } = node.attributes;
  const mixed = context.typeOf(x!) !== context.typeOf(scale!);
  const inputs = mixed ? [x!, scale!].map((input) => context.cast(input, 'float32')) : [x!, scale!];
  return context.result('QuantizeLinear', inputs, { output_dtype: onnxTypes[dataType], axis: axis ?? 0 });
}

/** DequantizeLinear; the result has the scale's type. */
export function lowerDequantize(
  node: Node<'dequantize'>,
  inputs: readonly string[],
  context: Context,
): readonly string[] {
  return context.result('DequantizeLinear', inputs, { axis: node.attributes.axis ?? 0 });
}
