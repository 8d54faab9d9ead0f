import type { Unit } from './units.ts';

/** What a unit costs. */
export interface Ranked {
  readonly unit: Unit;
  /** the error with this unit's precision lowered, and no other's */
  readonly error: number;
  /** its share of the work of all units */
  readonly share: number;
}

/** What was found. */
export interface Bisection {
  /** costliest first */
  readonly ranking: readonly Ranked[];
  /** the error with every unit lowered */
  readonly errorOfAll: number;
  /** patterns to exclude, and the error that is left */
  readonly exclude: readonly string[];
  readonly error: number;
  /** share of the work that stays in high precision */
  readonly share: number;
  /** whether the tolerance was met */
  readonly met: boolean;
  /** how often the model was run over the data */
  readonly measurements: number;
}

/** Measures the error of the model with only these units lowered; infinite if something overflowed. */
export type Measure = (lowered: readonly Unit[]) => Promise<number>;

/**
 * Ranks units by the error that lowering each alone causes, and chooses those to exclude so that the rest, lowered
 * together, stays within the tolerance at the least work: units that cost most error for their work are excluded first,
 * as many as needed (by bisection, errors being taken to grow with what is lowered), and each is then lowered
 * again if the tolerance allows, the one with most work first.
 */
export async function bisect(
  units: readonly Unit[],
  measure: Measure,
  tolerance: number,
  onProgress: (what: 'each layer alone' | 'what to lower again', done: number, of: number) => void = () => {},
): Promise<Bisection> {
  let measurements = 0;
  const errorOf = (lowered: readonly Unit[]): Promise<number> => {
    measurements++;
    return measure(lowered);
  };
  const work = units.reduce((total, unit) => total + unit.work, 0);
  const ranked: Ranked[] = [];
  for (const unit of units) {
    ranked.push({ unit, error: await errorOf([unit]), share: unit.work / work });
    onProgress('each layer alone', ranked.length, units.length);
  }
  const ranking = ranked.toSorted((a, b) => descending(a.error, b.error));
  const errorOfAll = await errorOf(units);

  const order = ranked.toSorted((a, b) => descending(a.error / a.share, b.error / b.share)).map(({ unit }) => unit);
  const without = (excluded: readonly Unit[]): readonly Unit[] => units.filter((unit) => !excluded.includes(unit));
  let [least, most] = [0, order.length];
  while (errorOfAll > tolerance && least < most) {
    const middle = Math.floor((least + most) / 2);
    if ((await errorOf(without(order.slice(0, middle)))) <= tolerance) most = middle;
    else least = middle + 1;
  }
  let excluded = order.slice(0, least);
  const candidates = excluded.length;
  let error = candidates === 0 ? errorOfAll : await errorOf(without(excluded));
  for (const [i, unit] of excluded.toSorted((a, b) => b.work - a.work).entries()) {
    const fewer = excluded.filter((other) => other !== unit);
    const found = fewer.length === 0 ? errorOfAll : await errorOf(without(fewer));
    if (found <= tolerance) [excluded, error] = [fewer, found];
    onProgress('what to lower again', i + 1, candidates);
  }
  return {
    ranking,
    errorOfAll,
    exclude: excluded.map(({ pattern }) => pattern),
    error,
    share: excluded.reduce((total, unit) => total + unit.work, 0) / work,
    met: error <= tolerance,
    measurements,
  };
}

/** Infinite errors are equal, and before all others. */
const descending = (a: number, b: number): number => (a === b ? 0 : b > a ? 1 : -1);
