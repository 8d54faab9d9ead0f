import type { FloatType } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import type { Operand, Tensor } from '../tensor.ts';

/**
 * x · kernel + bias, a fully connected layer: `[…, in] → […, out]`, at least two axes. Becomes `name/matmul` and
 * `name/sum` (addMatrixMultiply, addElementWise), which TensorRT fuses.
 * @param kernel `[in, out]`, or `[out, in]` with `transposeKernel`
 * @param bias `[out]`, or undefined for none
 */
export function addLinear<D extends FloatType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  kernel: Operand<NoInfer<D>, 2>,
  bias?: Operand<NoInfer<D>, 1>,
  options: LayerOptions & { readonly transposeKernel?: boolean } = {},
): Tensor<D, R> {
  const net = options.name === undefined ? this : this.scope(options.name);
  const transposeB = options.transposeKernel ?? false;
  const y = net.addMatMul(x as Tensor<D>, kernel, { transposeB });
  return (bias === undefined ? y : net.addAdd(y, bias)) as Tensor<D, R>;
}
