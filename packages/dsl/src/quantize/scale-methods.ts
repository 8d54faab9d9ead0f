import { toNumbers } from '../convert.ts';
import type { QuantizedType } from '../data-type.ts';
import { TrtDslError } from '../errors.ts';
import { binWidth, type Histogram, histogramBins } from './histogram.ts';
import { quantizers } from './quantize-weights.ts';
import { largestQuantized } from './ranges.ts';

/** What the methods can be told. */
export interface ScaleOptions {
  /** the type that `mse` rounds to; int8 by default */
  readonly dataType?: QuantizedType;
  /** `percentile`: the share of the values that are not clipped (IInt8LegacyCalibrator::getQuantile); 0.9999 by default */
  readonly quantile?: number;
  /**
   * `percentile`: values above this fraction of the largest do not count at all (our reading of
   * IInt8LegacyCalibrator::getRegressionCutoff, which TensorRT does not define further); 1 by default
   */
  readonly cutoff?: number;
}

/** How the range of a tensor is chosen from its histogram: each gives amax. */
export const scaleMethods = {
  /**
   * Least Kullback-Leibler divergence, over thresholds of 128 to 2048 bins, between the values clipped at the threshold
   * and what 128 levels leave of them: IInt8EntropyCalibrator2 as NVIDIA described it (Migacz, GTC 2017).
   */
  entropy: (histogram) => entropyRange(histogram),
  /** the largest magnitude (IInt8MinMaxCalibrator) */
  'min-max': ({ amax }) => amax,
  /** the upper edge of the bin in which the quantile lies (IInt8LegacyCalibrator) */
  percentile: (histogram, options) => percentileRange(histogram, options),
  /** the upper edge, of bin 128 to 2048, that leaves the least mean square error, each bin's values being at its centre */
  mse: (histogram, options) => mseRange(histogram, options),
} as const satisfies { readonly [name: string]: (histogram: Histogram, options: ScaleOptions) => number };

export type ScaleMethod = keyof typeof scaleMethods;

/**
 * The method for a type where none is named: float8 has room for outliers, which int8 does better to clip a little. In int8
 * `mse` costs MiniLM least by recipe accurate, `percentile` by gemm and full (README.md).
 */
export const usualMethods: Readonly<Record<QuantizedType, ScaleMethod>> = { int8: 'mse', float8: 'min-max' };

/**
 * The range of a tensor by a method.
 * @throws TrtDslError 'argument' for an unknown method, a quantile or cutoff outside (0, 1], or a histogram of nothing
 */
export function rangeOf(histogram: Histogram, method: ScaleMethod, options: ScaleOptions = {}): number {
  if (!Object.hasOwn(scaleMethods, method))
    throw new TrtDslError('argument', `no method is called "${method}": ${Object.keys(scaleMethods).join(', ')}`);
  const choose: (histogram: Histogram, options: ScaleOptions) => number = scaleMethods[method];
  return histogram.amax === 0 ? 0 : choose(histogram, options);
}

/** The levels of a positive magnitude in int8, as the published algorithm counts them. */
const levels = 128;

function entropyRange(histogram: Histogram): number {
  const { counts } = histogram;
  const total = sumOf(counts, 0, histogramBins);
  let best = { divergence: Number.POSITIVE_INFINITY, bins: histogramBins };
  let inside = sumOf(counts, 0, levels - 1);
  for (let bins = levels; bins <= histogramBins; bins++) {
    inside += counts[bins - 1]!;
    const divergence = klDivergence(counts, bins, total - inside, total);
    if (divergence < best.divergence) best = { divergence, bins };
  }
  return (best.bins + 0.5) * binWidth(histogram);
}

/**
 * Σ p ln(p / q): p the first `bins` bins with what is beyond them in the last, q the same bins (without what is beyond)
 * averaged over each of 128 groups where they are not empty, both normalised. Infinite where p is not 0 and q is.
 */
function klDivergence(counts: Float64Array, bins: number, outside: number, total: number): number {
  const inside = total - outside;
  let divergence = 0;
  for (let level = 0; level < levels; level++) {
    const from = Math.ceil((level * bins) / levels);
    const to = Math.ceil(((level + 1) * bins) / levels);
    let mass = 0;
    let filled = 0;
    for (let i = from; i < to; i++)
      if (counts[i]! > 0) {
        mass += counts[i]!;
        filled++;
      }
    const q = mass / filled / inside;
    for (let i = from; i < to; i++) {
      const p = (i === bins - 1 ? counts[i]! + outside : counts[i]!) / total;
      if (p === 0) continue;
      if (counts[i] === 0) return Number.POSITIVE_INFINITY;
      divergence += p * Math.log(p / q);
    }
  }
  return divergence;
}

function percentileRange(histogram: Histogram, { quantile = 0.9999, cutoff = 1 }: ScaleOptions): number {
  for (const [name, value] of Object.entries({ quantile, cutoff }))
    if (!(value > 0 && value <= 1)) throw new TrtDslError('argument', `${name} ${value} is not in (0, 1]`);
  const { counts } = histogram;
  const counted = Math.max(1, Math.ceil(cutoff * histogramBins));
  const wanted = quantile * sumOf(counts, 0, counted);
  let below = 0;
  let bins = 0;
  while (bins < counted && (bins === 0 || below < wanted)) below += counts[bins++]!;
  return bins * binWidth(histogram);
}

function mseRange(histogram: Histogram, { dataType = 'int8' }: ScaleOptions): number {
  const { counts } = histogram;
  const width = binWidth(histogram);
  const [store, largest] = [quantizers[dataType], largestQuantized[dataType]];
  const value = dataType === 'int8' ? (stored: number) => stored : (stored: number) => float8Table()[stored]!;
  let best = { error: Number.POSITIVE_INFINITY, bins: histogramBins };
  for (let bins = levels; bins <= histogramBins; bins++) {
    const scale = (bins * width) / largest;
    let error = 0;
    for (let i = 0; i < histogramBins && error < best.error; i++) {
      if (counts[i] === 0) continue;
      const centre = (i + 0.5) * width;
      error += counts[i]! * (centre - value(store(centre, scale)) * scale) ** 2;
    }
    if (error < best.error) best = { error, bins };
  }
  return best.bins * width;
}

let table: Float64Array | undefined;
function float8Table(): Float64Array {
  table ??= toNumbers(
    'float8',
    Uint8Array.from({ length: 256 }, (_, i) => i),
  );
  return table;
}

const sumOf = (counts: Float64Array, from: number, to: number): number => {
  let total = 0;
  for (let i = from; i < to; i++) total += counts[i]!;
  return total;
};
