import { type Profile, TrtDslError } from '@trt-dsl/dsl';

/** `batch=1,seq=128` as sizes by name. */
export function parseSizes(text: string, option: string): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name, value] = /^\s*([A-Za-z_]\w*)\s*[=:]\s*(\d+)\s*$/.exec(part) ?? [];
    if (name === undefined || sizes.has(name))
      throw new TrtDslError('argument', `${option} ${text}: "${part}" is no size such as batch=8, each name once`);
    sizes.set(name, Number(value));
  }
  return sizes;
}

/** What `--min`, `--opt` and `--max` were given: the first of each is for the first profile, and so on. */
export interface RangeOptions {
  readonly min: readonly string[];
  readonly opt: readonly string[];
  readonly max: readonly string[];
}

/**
 * The optimization profiles of a command line. In each profile a name's `opt` is its `max` and its `min` is its `opt`, where
 * not given, so that `--max batch=8` alone means 8 and nothing else.
 * @throws TrtDslError 'argument' for text that is no list of sizes
 */
export function parseProfiles({ min, opt, max }: RangeOptions): readonly Profile[] {
  const count = Math.max(min.length, opt.length, max.length);
  return Array.from({ length: count }, (_, i) => {
    const at = (given: readonly string[], option: string): ReadonlyMap<string, number> =>
      given[i] === undefined ? new Map() : parseSizes(given[i], option);
    const [least, best, most] = [at(min, '--min'), at(opt, '--opt'), at(max, '--max')];
    const names = new Set([...least.keys(), ...best.keys(), ...most.keys()]);
    return Object.fromEntries(
      [...names].map((name) => {
        const middle = best.get(name) ?? most.get(name) ?? least.get(name)!;
        return [name, [least.get(name) ?? middle, middle, most.get(name) ?? middle] as const];
      }),
    );
  });
}
