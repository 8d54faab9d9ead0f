import { type FloatType, floatTypes } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Axis } from '../ranks.ts';
import type { Tensor } from '../tensor.ts';
import { fromFront, frontAxis, requireRank, requireType } from './checks.ts';

export interface SoftmaxAttributes {
  readonly axis: number;
}

export const softmax = defineOp(
  'softmax',
  1,
  ([x], { axis }: SoftmaxAttributes) => {
    requireType('the input', x!, floatTypes);
    requireRank('the input', x!, 1, 8);
    frontAxis(axis, x!.shape.length);
    return [x!];
  },
  fromFront,
);

/**
 * exp(x) / Σ exp(x) along one axis, computed in float32 whatever the type and rounded once
 * (INetworkDefinition::addSoftMax).
 */
export function addSoftmax<D extends FloatType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & { readonly axis: Axis<NoInfer<R>> },
): Tensor<D, R> {
  return this.add(softmax, [x], { axis: options.axis }, options)[0] as Tensor<D, R>;
}
