import { TrtDslError } from './errors.ts';

/** One summand of a symbolic dim: coefficient × the named sizes, names sorted. */
interface Term {
  readonly coefficient: number;
  readonly names: readonly string[];
}

/**
 * A size known only at run time: an integer polynomial in named sizes, in normal form (like terms merged, terms
 * ordered), so that two dims are equal at all sizes exactly if they print the same.
 */
export class SymbolicDim {
  readonly terms: readonly Term[];
  /** the name, if the dim is nothing else */
  readonly bare: string | undefined;
  readonly #text: string;

  /** @internal Use `dim`, `product` and `sum`. */
  constructor(terms: readonly Term[]) {
    this.terms = Object.freeze(terms.map((term) => Object.freeze({ ...term, names: Object.freeze([...term.names]) })));
    const [first, ...others] = this.terms;
    const bare = first && others.length === 0 && first.coefficient === 1 && first.names.length === 1;
    this.bare = bare ? first.names[0] : undefined;
    this.#text = this.terms.map(termText).join(' + ').replaceAll('+ -', '- ');
    Object.freeze(this);
  }

  /** `2*batch*seq + 1` */
  toString(): string {
    return this.#text;
  }
}

/** A size: a number, or one that has a name until run time. Equal names are equal sizes everywhere in a network. */
export type Dim = number | SymbolicDim;

const termText = ({ coefficient, names }: Term): string =>
  coefficient === 1 && names.length > 0 ? names.join('*') : [coefficient, ...names].join('*');

const termsOf = (d: Dim): readonly Term[] =>
  typeof d === 'number' ? (d === 0 ? [] : [{ coefficient: d, names: [] }]) : d.terms;

/** Higher degrees first, then by name: the order in which a person would write it. */
const byDegreeThenName = (a: Term, b: Term): number =>
  b.names.length - a.names.length || (a.names.join('*') < b.names.join('*') ? -1 : 1);

/** @throws TrtDslError 'shape' for a number that has lost digits, with which nothing could be proved */
function safe(size: number): number {
  if (Number.isSafeInteger(size)) return size + 0; // 0, never −0
  throw new TrtDslError('shape', `the size ${size} is no integer below 2^53`);
}

function normal(terms: readonly Term[]): Dim {
  const merged = new Map<string, Term>();
  for (const { coefficient, names } of terms) {
    const sorted = [...names].sort();
    const key = sorted.join('*');
    merged.set(key, { coefficient: (merged.get(key)?.coefficient ?? 0) + coefficient, names: sorted });
  }
  const kept = [...merged.values()].filter((term) => term.coefficient !== 0).sort(byDegreeThenName);
  if (kept.length === 0) return 0;
  for (const { coefficient } of kept) safe(coefficient);
  const [first] = kept;
  return kept.length === 1 && first!.names.length === 0 ? first!.coefficient : new SymbolicDim(kept);
}

const nameable = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/;

/** A size with a name, given at run time; its range comes from the optimization profile. */
export function dim(name: string): SymbolicDim {
  if (typeof name !== 'string' || !nameable.test(name))
    throw new TrtDslError(
      'name',
      `"${String(name)}" cannot name a dimension: letters, digits and _ only, not a digit first`,
    );
  return new SymbolicDim([{ coefficient: 1, names: [name] }]);
}

/**
 * A dim for each text, as files from elsewhere name sizes: equal texts are one dim, others never. A text that `dim` takes
 * is its name; in another, what cannot stand in a name is `_`, with a number behind where that name is taken.
 */
export function dimsNamed(texts: Iterable<string>): ReadonlyMap<string, SymbolicDim> {
  const all = [...new Set(texts)];
  const named = all.filter((text) => nameable.test(text));
  const taken = new Set(named);
  const dims = new Map(named.map((text) => [text, dim(text)] as const));
  for (const text of all) {
    if (dims.has(text)) continue;
    const letters = text.replace(/[^A-Za-z0-9_]/g, '_');
    const base = nameable.test(letters) ? letters : `_${letters}`;
    let name = base;
    for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
    taken.add(name);
    dims.set(text, dim(name));
  }
  return dims;
}

/** Σ dims */
export const sum = (...dims: readonly Dim[]): Dim => normal(dims.flatMap(termsOf));

/** Π dims; of nothing, 1 */
export const product = (...dims: readonly Dim[]): Dim =>
  dims.reduce<Dim>((a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return safe(a * b);
    const right = termsOf(b);
    return normal(
      termsOf(a).flatMap((x) =>
        right.map((y) => ({ coefficient: x.coefficient * y.coefficient, names: [...x.names, ...y.names] })),
      ),
    );
  }, 1);

/** a − b */
export const difference = (a: Dim, b: Dim): Dim => sum(a, product(-1, b));

/** Whether a and b are the same size whatever the named sizes are. */
export const equalDims = (a: Dim, b: Dim): boolean => a === b || String(a) === String(b);

/** Whether two shapes are the same at all sizes. */
export const equalShapes = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.length === b.length && a.every((size, i) => equalDims(size, b[i]!));

/** a ÷ b if it divides without rest at all sizes, else undefined. */
export function quotient(a: Dim, b: Dim): Dim | undefined {
  const divisor = termsOf(b)[0];
  if (!divisor) return undefined;
  let rest = a;
  let result: Dim = 0;
  while (rest !== 0) {
    const leading = termsOf(rest)[0]!;
    const factor = divideTerm(leading, divisor);
    if (!factor) return undefined;
    const part = normal([factor]);
    result = sum(result, part);
    rest = difference(rest, product(part, b));
  }
  return result;
}

function divideTerm(a: Term, b: Term): Term | undefined {
  const names = [...a.names];
  for (const name of b.names) {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  const coefficient = a.coefficient / b.coefficient;
  return Number.isInteger(coefficient) ? { coefficient, names } : undefined;
}

/** The names a dim is made of. */
export const dimNames = (d: Dim): readonly string[] => [...new Set(termsOf(d).flatMap((term) => term.names))];

/** The name, if the dim is a bare name. */
export const bareName = (d: Dim): string | undefined => (typeof d === 'number' ? undefined : d.bare);

/**
 * The size of `d` where the named sizes are `sizes`.
 * @throws TrtDslError 'name' for a name that `sizes` lacks
 */
export function evaluateDim(d: Dim, sizes: Readonly<Record<string, number>>): number {
  if (typeof d === 'number') return d;
  const sizeOf = (name: string): number => {
    const size = Object.hasOwn(sizes, name) ? sizes[name] : undefined;
    if (size === undefined) throw new TrtDslError('name', `no size is known for the dimension "${name}"`);
    return size;
  };
  if (d.bare !== undefined) return sizeOf(d.bare);
  return d.terms.reduce(
    (total, { coefficient, names }) => total + names.reduce((value, name) => value * sizeOf(name), coefficient),
    0,
  );
}

/** Reads what `SymbolicDim.toString` or `String(number)` wrote. */
export function parseDim(text: string): Dim {
  const terms = text.replaceAll(' ', '').replaceAll('-', '+-').split('+').filter(Boolean);
  if (terms.length === 0) throw new TrtDslError('argument', `"${text}" is no dimension`);
  return sum(
    ...terms.map((term) =>
      product(
        ...term
          .replace(/^-(?=[A-Za-z_])/, '-1*')
          .split('*')
          .map((factor) => (/^-?\d+$/.test(factor) ? Number(factor) : dim(factor))),
      ),
    ),
  );
}

/** `[batch, seq, 768]` */
export const formatShape = (shape: readonly Dim[]): string => `[${shape.join(', ')}]`;

/**
 * The shape both broadcast to, as NumPy does it: aligned at the last axis, equal sizes or a 1 on either side.
 * @returns undefined if they do not broadcast at all sizes
 */
export function broadcastShapes(a: readonly Dim[], b: readonly Dim[]): readonly Dim[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== 1 && y !== 1 && !equalDims(x, y)) return undefined;
    shape.push(x === 1 ? y : x);
  }
  return shape;
}
