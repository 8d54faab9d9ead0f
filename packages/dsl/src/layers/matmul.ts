import { type FloatType, floatTypes } from '../data-type.ts';
import { broadcastShapes, type Dim, equalDims } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { UpTo } from '../ranks.ts';
import { formatType, type Operand, type Tensor, type TensorType } from '../tensor.ts';
import { requireBoolean, requireRank, requireSameType, requireType, wrongShape } from './checks.ts';

export interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export const matmul = defineOp('matmul', 2, ([a, b], { transposeA, transposeB }: MatMulAttributes) => {
  requireBoolean('transposeA', transposeA);
  requireBoolean('transposeB', transposeB);
  requireType('the first factor', a!, floatTypes);
  requireSameType(a!, b!);
  requireRank('the first factor', a!, 2, 8);
  requireRank('the second factor', b!, 2, a!.shape.length);
  const [m, inner] = matrix(a!, transposeA);
  const [rows, n] = matrix(b!, transposeB);
  if (!equalDims(inner, rows)) wrongShape(`inner sizes ${inner} and ${rows} of the matrices differ`);
  const batch = broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  if (!batch) wrongShape(`the leading axes of ${formatType(a!)} and ${formatType(b!)} do not broadcast`);
  return [{ dataType: a!.dataType, shape: [...batch, m, n] }];
});

const matrix = ({ shape }: TensorType, transposed: boolean): readonly [Dim, Dim] => {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [columns, rows] : [rows, columns];
};

/**
 * a × b over the last two axes: `[…, m, k] × […, k, n] → […, m, n]`; the leading axes broadcast
 * (INetworkDefinition::addMatrixMultiply).
 * @param options `transposeA`: a is `[…, k, m]`; `transposeB`: b is `[…, n, k]`
 */
export function addMatMul<D extends FloatType, R extends number>(
  this: Network,
  a: Tensor<D, R>,
  b: Operand<NoInfer<D>, UpTo<NoInfer<R>>>,
  options: LayerOptions & Partial<MatMulAttributes> = {},
): Tensor<D, R> {
  const { transposeA = false, transposeB = false } = options;
  return this.add(matmul, [a, this.operand(b, a)], { transposeA, transposeB }, options)[0] as Tensor<D, R>;
}
