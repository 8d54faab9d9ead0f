import { type NumericType, numericTypes } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Axis, Minus } from '../ranks.ts';
import type { Tensor } from '../tensor.ts';
import {
  fromFront,
  frontAxis,
  requireBoolean,
  requireInteger,
  requireRank,
  requireType,
  wrongArgument,
} from './checks.ts';

export interface TopKAttributes {
  readonly k: number;
  readonly axis: number;
  readonly largest: boolean;
}

export const topK = defineOp(
  'topK',
  1,
  ([x], { k, axis, largest }: TopKAttributes) => {
    requireType('the input', x!, numericTypes);
    requireRank('the input', x!, 1, 8);
    requireInteger('k', k, 1);
    requireBoolean('largest', largest);
    const at = frontAxis(axis, x!.shape.length);
    const size = x!.shape[at]!;
    if (typeof size === 'number' && k > size) wrongArgument(`k ${k} exceeds the axis's size ${size}`);
    const shape = x!.shape.map((whole, i) => (i === at ? k : whole));
    return [
      { dataType: x!.dataType, shape },
      { dataType: 'int32', shape },
    ];
  },
  fromFront,
);

/**
 * The k largest (or smallest) elements along an axis, in order, and where they were; of equal ones the first
 * (INetworkDefinition::addTopK). TensorRT takes k ≤ 3840, and rank ≥ 2.
 * @returns values and indices, the axis now of size k
 */
export function addTopK<D extends NumericType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & { readonly k: number; readonly axis: Axis<NoInfer<R>>; readonly largest?: boolean },
): { readonly values: Tensor<D, R>; readonly indices: Tensor<'int32', R> } {
  const { k, axis, largest = true } = options;
  const [values, indices] = this.add(topK, [x], { k, axis, largest }, options);
  return { values: values as Tensor<D, R>, indices: indices as Tensor<'int32', R> };
}

/** Where the largest element along an axis lies, int32, without the axis: topK with k = 1, and a squeeze. */
export function addArgmax<D extends NumericType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & { readonly axis: Axis<NoInfer<R>> },
): Tensor<'int32', Minus<R, 1>> {
  const net = this.scope(options.name ?? 'argmax');
  const { indices } = net.addTopK(x as Tensor<D>, { k: 1, axis: options.axis });
  return net.addSqueeze(indices, { axes: [options.axis] }) as unknown as Tensor<'int32', Minus<R, 1>>;
}
