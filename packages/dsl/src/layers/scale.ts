import { type FloatType, floatTypes } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import type { UpTo } from '../ranks.ts';
import type { Operand, Tensor } from '../tensor.ts';
import { requireType } from './checks.ts';

/**
 * (x · scale + shift) to the power `power`, as nvinfer1::IScaleLayer computes it, each step only if given: elementwise
 * layers, so that scale and shift may be numbers, weights or tensors that broadcast to x.
 */
export function addScale<D extends FloatType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & {
    readonly scale?: Operand<NoInfer<D>, UpTo<NoInfer<R>>>;
    readonly shift?: Operand<NoInfer<D>, UpTo<NoInfer<R>>>;
    readonly power?: Operand<NoInfer<D>, UpTo<NoInfer<R>>>;
  },
): Tensor<D, R> {
  requireType('the input', x, floatTypes);
  const net = options.name === undefined ? this : this.scope(options.name);
  const { scale, shift, power } = options;
  const scaled = scale === undefined ? x : net.addMul(x, scale);
  const shifted = shift === undefined ? scaled : net.addAdd(scaled, shift);
  return power === undefined ? shifted : net.addPow(shifted, power);
}
