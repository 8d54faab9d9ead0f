import { type FloatType, floatTypes } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { requireBoolean, requireOneOf, requireRank, requireType, wrongArgument } from './checks.ts';
import { requirePair, slide } from './convolution.ts';

type Pair = readonly [number, number];

export interface PoolingAttributes {
  readonly operation: 'max' | 'average';
  readonly window: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  /** whether an average counts the zeros of the padding (PyTorch's default; not TensorRT's) */
  readonly includePadding: boolean;
}

export const pooling = defineOp('pooling', 1, ([x], attributes: PoolingAttributes) => {
  const { operation, window, stride, padding, includePadding } = attributes;
  requireBoolean('includePadding', includePadding);
  requireOneOf('operation', operation, ['max', 'average']);
  requireType('the input', x!, floatTypes);
  requireRank('the input', x!, 4);
  requirePair('window', window, 1);
  requirePair('stride', stride, 1);
  requirePair('padding', padding, 0);
  if (padding.some((size, i) => 2 * size > window[i]!))
    wrongArgument(`padding ${padding} exceeds half the window ${window}`);
  const [batch, channels, ...space] = x!.shape;
  return [{ dataType: x!.dataType, shape: [batch!, channels!, ...slide(space, window, stride, padding)] }];
});

/**
 * Maximum or average over a window sliding along height and width of `[batch, channels, height, width]`
 * (INetworkDefinition::addPoolingNd). Height and width may have names where the stride is 1.
 * @param options stride: the window by default; includePadding: whether an average counts padded zeros, false by default
 */
export function addPooling<D extends FloatType>(
  this: Network,
  x: Tensor<D, 4>,
  options: LayerOptions & Pick<PoolingAttributes, 'operation' | 'window'> & Partial<PoolingAttributes>,
): Tensor<D, 4> {
  const { operation, window, stride = window, padding = [0, 0], includePadding = false } = options;
  const attributes = { operation, window, stride, padding, includePadding };
  return this.add(pooling, [x], attributes, options, `${operation}_pooling`)[0] as Tensor<D, 4>;
}
