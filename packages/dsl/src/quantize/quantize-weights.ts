import { float8Bits, fromNumbers, roundEven, toFloat32, toNumbers } from '../convert.ts';
import type { FloatType, QuantizedType } from '../data-type.ts';
import { bytesOf } from '../data-type.ts';
import { TrtDslError } from '../errors.ts';
import { Weights } from '../weights.ts';
import { largestQuantized } from './ranges.ts';

/**
 * amax / largest value of the quantized type, rounded to the type that scales have; never 0: a tensor of zeros gets 1,
 * and what is too small for the type the smallest number above 0.
 */
export function roundedScale(amax: number, quantized: QuantizedType, scaleType: FloatType): number {
  if (amax === 0) return 1;
  const [scale] = toNumbers(scaleType, fromNumbers(scaleType, [amax / largestQuantized[quantized]]));
  return scale! > 0 ? scale! : smallest[scaleType];
}

/** The smallest number above 0, subnormal. */
const smallest: { readonly [D in FloatType]: number } = { float32: 2 ** -149, float16: 2 ** -24, bfloat16: 2 ** -133 };

/** x / scale as the quantized type stores it. */
export const quantizers: { readonly [Q in QuantizedType]: (x: number, scale: number) => number } = {
  int8: (x, scale) => roundEven(Math.max(-128, Math.min(127, x / scale))),
  float8: (x, scale) => float8Bits(x / scale),
};

/** Weights in a quantized type, and the scales that give the floats back. */
export interface QuantizedWeights {
  readonly values: Weights;
  /** `[channels]`, or a scalar */
  readonly scales: Weights;
  /** the scales as largestScale · shares: a scalar, and for each scale a number in (0, 1] */
  readonly largestScale: Weights;
  readonly shares: Weights;
}

/**
 * Quantizes weights symmetrically when they are read: scale = max |w| / 127 (int8) or / 448 (float8), one for each element of
 * `axis`, or one for all without it, rounded to `scaleType` before the weights are divided by it.
 * @throws TrtDslError 'weights' when read, if a weight is no finite number
 */
export function quantizeWeights(
  weights: Weights,
  dataType: QuantizedType,
  scaleType: FloatType,
  axis?: number,
): QuantizedWeights {
  const shape = weights.shape as readonly number[];
  const floats = (): Float32Array => toFloat32('float32', weights.as('float32').array());
  let known: Scaling | undefined;
  const scaling = (values = known ? undefined : floats()): Scaling => {
    known ??= scalingOf(channelMaxima(weights, values!, axis), dataType, scaleType);
    return known;
  };
  const quantized = (): Uint8Array => {
    const values = floats();
    const { scales } = scaling(values);
    const quantize = quantizers[dataType];
    const out = dataType === 'int8' ? new Int8Array(values.length) : new Uint8Array(values.length);
    const { inner, count } = channels(shape, axis);
    for (let i = 0; i < out.length; )
      for (let channel = 0; channel < count; channel++)
        for (const end = i + inner; i < end; i++) out[i] = quantize(values[i]!, scales[channel]!);
    return bytesOf(out);
  };
  const perChannel = axis === undefined ? [] : [shape[axis]!];
  const numbers = (suffix: string, of: readonly number[], from: (scaling: Scaling) => ArrayLike<number>): Weights => {
    const read = (): Uint8Array => bytesOf(fromNumbers(scaleType, from(scaling())));
    return Weights.from({ name: `${weights.name}_${suffix}`, dataType: scaleType, shape: of, read });
  };
  return {
    values: Weights.from({ name: `${weights.name}:0`, dataType, shape, read: quantized }),
    scales: numbers('scale', perChannel, ({ scales }) => scales),
    largestScale: numbers('largest_scale', [], ({ largest }) => [largest]),
    shares: numbers('scale_shares', perChannel, ({ scales, largest }) => scales.map((s) => Math.min(s / largest, 1))),
  };
}

interface Scaling {
  readonly scales: Float64Array;
  readonly largest: number;
}

/** A channel of zeros has scale 1, which is no measure of the others. */
function scalingOf(maxima: Float64Array, dataType: QuantizedType, scaleType: FloatType): Scaling {
  const scales = maxima.map((amax) => roundedScale(amax, dataType, scaleType));
  // Not Math.max(...): a vocabulary may have more channels than a call takes arguments.
  const amax = maxima.reduce((a, b) => Math.max(a, b), 0);
  return { scales, largest: roundedScale(amax, dataType, scaleType) };
}

/** How the elements of a row-major tensor belong to the elements of an axis: runs of `inner` to each of `count`, over and over. */
const channels = (shape: readonly number[], axis: number | undefined): { inner: number; count: number } =>
  axis === undefined
    ? { inner: shape.reduce((a, b) => a * b, 1), count: 1 }
    : { inner: shape.slice(axis + 1).reduce((a, b) => a * b, 1), count: shape[axis]! };

/** max |w| for each element of `axis`, or of all. */
export function channelMaxima(weights: Weights, values: Float32Array, axis: number | undefined): Float64Array {
  const { inner, count } = channels(weights.shape as readonly number[], axis);
  const maxima = new Float64Array(count);
  for (let i = 0; i < values.length; )
    for (let channel = 0; channel < count; channel++)
      for (const end = i + inner; i < end; i++) {
        const magnitude = Math.abs(values[i]!);
        if (!(magnitude < Number.POSITIVE_INFINITY))
          throw new TrtDslError(
            'weights',
            `weights "${weights.name}": element ${i} is ${values[i]}, which has no scale`,
          );
        if (magnitude > maxima[channel]!) maxima[channel] = magnitude;
      }
  return maxima;
}
