import { type DataType, dataTypes, fromNumbers, type HostArray } from '@trt-dsl/dsl';
import type { Random } from './random.ts';

/**
 * What values a tensor can have: between `low` and `high`, inclusive. Generated graphs track it, so that logarithms get
 * positive numbers, indices stay in range and nothing overflows. `special`: NaN, infinities, −0 and denormals occur too.
 */
export interface Domain {
  readonly low: number;
  readonly high: number;
  readonly special?: boolean;
}

export const domain = (low: number, high: number): Domain => ({ low, high });

/** The largest magnitude. */
export const magnitude = ({ low, high }: Domain): number => Math.max(Math.abs(low), Math.abs(high));

/** The smallest domain with both. */
export const union = (a: Domain, b: Domain): Domain => ({
  low: Math.min(a.low, b.low),
  high: Math.max(a.high, b.high),
  ...((a.special || b.special) && { special: true }),
});

/** The domain of f(a, b) for an f that has its extremes at the ends. */
export function ends(a: Domain, b: Domain, f: (x: number, y: number) => number): Domain {
  const values = [f(a.low, b.low), f(a.low, b.high), f(a.high, b.low), f(a.high, b.high)];
  const special = a.special || b.special;
  return { low: Math.min(...values), high: Math.max(...values), ...(special && { special }) };
}

/** The domain of f(a) for an f that rises or falls throughout. */
export const mapped = (a: Domain, f: (x: number) => number): Domain => ends(a, a, f);

const specials = (dataType: DataType): readonly number[] => {
  const denormal = dataType === 'float16' ? 2 ** -20 : 2 ** -130;
  return [0, -0, denormal, -denormal, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1, -1];
};

/** `count` values of a domain, as a tensor of the type holds them. */
export function draw(random: Random, dataType: DataType, count: number, { low, high, special }: Domain): HostArray {
  const whole = dataTypes[dataType].kind !== 'float';
  return fromNumbers(
    dataType,
    Array.from({ length: count }, () => {
      if (special && random.chance(0.4)) return random.pick(specials(dataType));
      if (special) return random.real(-4, 4);
      return whole ? random.int(Math.ceil(low), Math.floor(high)) : random.real(low, high);
    }),
  );
}
