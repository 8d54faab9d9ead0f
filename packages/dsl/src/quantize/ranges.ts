import { TrtDslError } from '../errors.ts';

/**
 * The largest magnitude that a tensor's quantized values have to reach (amax), by the tensor's name. int8 has the scale
 * amax / 127, float8 E4M3 amax / 448.
 */
export type Ranges = ReadonlyMap<string, number>;

/** The largest value of each quantized type: what amax becomes. */
export const largestQuantized = { int8: 127, float8: 448 } as const;

/**
 * Checks that every tensor has a range.
 * @throws TrtDslError 'argument' that lists those without, and says what the ranges are of instead
 */
export function requireRanges(ranges: Ranges, wanted: Iterable<string>, what: string): void {
  const missing = [...wanted].filter((name) => !ranges.has(name));
  if (missing.length === 0) return;
  const few = missing.slice(0, 8).map((name) => `"${name}"`);
  const more = missing.length > few.length ? ` and ${missing.length - few.length} more` : '';
  const known = [...ranges.keys()].slice(0, 3).map((name) => `"${name}"`);
  throw new TrtDslError(
    'argument',
    `${what}: no range for ${few.join(', ')}${more}; the ${ranges.size} ranges given are of ${
      known.length > 0 ? `${known.join(', ')}${ranges.size > 3 ? ', …' : ''}` : 'nothing'
    }: calibrate this graph, or exclude the layers that take these tensors`,
  );
}
