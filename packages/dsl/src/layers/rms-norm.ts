import { type FloatType, floatTypes } from '../data-type.ts';
import type { Dim } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import type { Operand, Tensor } from '../tensor.ts';
import { requireFinite, requireRank, requireShape, requireType, wrongArgument } from './checks.ts';

/**
 * gamma · x / √(mean(x²) + epsilon) over the last axis, in float32 whatever x's type and rounded once: the norm of T5 and Llama
 * (addElementWise, addReduce and addUnary, between casts; Zhang and Sennrich 2019).
 * @param gamma `[hidden]`, float32: weights of another float type are converted
 * @param options epsilon 1e-6 by default, T5's
 */
export function addRMSNorm<D extends FloatType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  gamma: Operand<'float32', 1>,
  options: LayerOptions & { readonly epsilon?: number } = {},
): Tensor<D, R> {
  const { name, epsilon = 1e-6 } = options;
  const scale = this.operand(gamma, { dataType: 'float32' as const });
  requireType('the input', x, floatTypes);
  requireRank('the input', x, 1, 8);
  requireType('gamma', scale, ['float32']);
  requireShape('gamma', scale, [(x.shape as readonly Dim[]).at(-1) as Dim]);
  requireFinite('epsilon', epsilon);
  if (epsilon < 0) wrongArgument(`epsilon ${epsilon} is negative`);
  const net = name === undefined ? this : this.scope(name);
  const wide = net.addCast(x, { dataType: 'float32' }) as Tensor<'float32'>;
  const mean = net.addReduce(net.addMul(wide, wide), { operation: 'mean', axes: [-1], keepDimensions: true });
  const unit = net.addMul(wide, net.addRecip(net.addSqrt(net.addAdd(mean, epsilon))));
  return net.addCast(net.addMul(unit, scale), { dataType: x.dataType }) as unknown as Tensor<D, R>;
}
