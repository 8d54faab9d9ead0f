import { TrtDslError } from '../errors.ts';

/** Bins of a histogram, as in TensorRT's calibrator. */
export const histogramBins = 2048;

/** How often magnitudes occur: bin i counts the values with i ≤ |x| / width < i + 1; the last one holds amax too. */
export interface Histogram {
  /** the largest magnitude */
  readonly amax: number;
  /** `histogramBins` counts */
  readonly counts: Float64Array;
}

/** Width of a bin. */
export const binWidth = ({ amax }: Pick<Histogram, 'amax'>): number => amax / histogramBins;

/** Where values are: positions `[from, to)` of an array that count. */
export type Spans = readonly (readonly [from: number, to: number])[];

/**
 * The largest magnitude of the values, at least `known`.
 * @throws TrtDslError 'argument' for NaN or an infinity
 */
export function largestMagnitude(values: Float32Array, spans: Spans, known: number, name: string): number {
  let largest = known;
  for (const [from, to] of spans)
    for (let i = from; i < to; i++) {
      const magnitude = Math.abs(values[i]!);
      if (!(magnitude < Number.POSITIVE_INFINITY))
        throw new TrtDslError(
          'argument',
          `calibration: element ${i} of tensor "${name}" is ${values[i]}, which no scale can represent; run the graph in float32, and look at its weights and at the data fed`,
        );
      if (magnitude > largest) largest = magnitude;
    }
  return largest;
}

/** Adds values to a histogram; none is above its amax. */
export function count(histogram: Histogram, values: Float32Array, spans: Spans): void {
  const width = binWidth(histogram);
  const { counts } = histogram;
  const last = histogramBins - 1;
  for (const [from, to] of spans)
    for (let i = from; i < to; i++) counts[width > 0 ? Math.min(last, Math.floor(Math.abs(values[i]!) / width)) : 0]!++;
}
