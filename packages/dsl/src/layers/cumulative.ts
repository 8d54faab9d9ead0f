import { type NumericType, numericTypes } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Axis } from '../ranks.ts';
import type { Tensor } from '../tensor.ts';
import { fromFront, frontAxis, requireBoolean, requireRank, requireType } from './checks.ts';

export interface CumulativeSumAttributes {
  readonly axis: number;
  /** each element's sum is of the others before it only */
  readonly exclusive: boolean;
  /** sums begin at the end of the axis */
  readonly reverse: boolean;
}

export const cumulativeSum = defineOp(
  'cumulativeSum',
  1,
  ([x], { axis, exclusive, reverse }: CumulativeSumAttributes) => {
    requireType('the input', x!, numericTypes);
    requireRank('the input', x!, 1, 8);
    frontAxis(axis, x!.shape.length);
    requireBoolean('exclusive', exclusive);
    requireBoolean('reverse', reverse);
    return [x!];
  },
  fromFront,
);

/**
 * Sums along one axis up to each element, x0, x0 + x1, x0 + x1 + x2, …: of a padding mask the positions of its tokens
 * (INetworkDefinition::addCumulative). Computed in float32 if it is of a half type, and rounded once.
 * @param options exclusive: without the element itself, 0, x0, x0 + x1, …; reverse: from the end on. Both false by default
 */
export function addCumulativeSum<D extends NumericType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & { readonly axis: Axis<NoInfer<R>>; readonly exclusive?: boolean; readonly reverse?: boolean },
): Tensor<D, R> {
  const { axis, exclusive = false, reverse = false } = options;
  return this.add(cumulativeSum, [x], { axis, exclusive, reverse }, options)[0] as Tensor<D, R>;
}
