import type { FloatType } from '../data-type.ts';
import { type Dim, equalDims } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { formatType, type Operand, Tensor } from '../tensor.ts';
import { Weights } from '../weights.ts';
import { describe } from '../where.ts';
import { wrongArgument, wrongShape } from './checks.ts';

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
  checkOperands(x, kernel, bias, options.transposeKernel ?? false);
  const net = options.name === undefined ? this : this.scope(options.name);
  const transposeB = options.transposeKernel ?? false;
  const y = net.addMatMul(x as Tensor<D>, kernel, { transposeB });
  return (bias === undefined ? y : net.addAdd(y, bias)) as Tensor<D, R>;
}

/** Says what to do where options stand in the bias's place, or the kernel lies the other way round. */
function checkOperands(x: unknown, kernel: unknown, bias: unknown, transposed: boolean): void {
  if (typeof bias === 'object' && bias !== null && Object.getPrototypeOf(bias) === Object.prototype)
    wrongArgument(`the bias is ${describe(bias)}; without one, write undefined in front of the options`);
  if (!(x instanceof Tensor) || !(kernel instanceof Tensor || kernel instanceof Weights) || kernel.shape.length !== 2)
    return;
  const size = x.shape.at(-1)!;
  const [first, second] = (transposed ? [...kernel.shape].reverse() : kernel.shape) as readonly [Dim, Dim];
  if (!equalDims(size, first) && equalDims(size, second))
    wrongShape(
      `the kernel ${formatType(kernel)} lies as ${transposed ? '[in, out]: leave out transposeKernel' : '[out, in]: transposeKernel takes it so'}`,
    );
}
