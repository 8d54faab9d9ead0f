import { type Dim, difference, equalDims, fromNumbers, product, quotient, sum, toNumbers } from '@trt-dsl/dsl';
import { type FoldType, type Known, known } from './values.ts';

/** Rounds a number as its type stores it; integers of at most 32 bits wrap around. */
export function round(type: FoldType, value: Dim): Dim {
  if (typeof value !== 'number' || type === 'float64') return value;
  if (type === 'int64') return Math.trunc(value);
  return toNumbers(type, fromNumbers(type, [value]))[0]!;
}

const both = (a: Dim, b: Dim): a is number => typeof a === 'number' && typeof b === 'number';
const numeric =
  (f: (a: number, b: number) => number | boolean) =>
  (a: Dim, b: Dim): Dim | undefined =>
    both(a, b) ? Number(f(a, b as number)) : undefined;

/** Named sizes are never negative, and equal where they print the same; more cannot be known. */
function equal(a: Dim, b: Dim): Dim | undefined {
  if (both(a, b)) return Number(a === b);
  if (equalDims(a, b)) return 1;
  return [a, b].some((d) => typeof d === 'number' && d < 0) ? 0 : undefined;
}

type Binary = (a: Dim, b: Dim, type: FoldType) => Dim | undefined;

/** Elementwise ops on known elements; undefined where the result cannot be known. */
export const binaryFolds: { readonly [opType: string]: Binary } = {
  Add: (a, b) => (both(a, b) ? a + (b as number) : sum(a, b)),
  Sub: (a, b) => (both(a, b) ? a - (b as number) : difference(a, b)),
  Mul: (a, b) => (both(a, b) ? a * (b as number) : product(a, b)),
  Div: (a, b, type) => {
    if (!both(a, b)) return quotient(a, b);
    return type.includes('float') ? a / (b as number) : b === 0 ? undefined : Math.trunc(a / (b as number));
  },
  Pow: numeric((a, b) => a ** b),
  /** the divisor's sign */
  Mod: numeric((a, b) => ((a % b) + b) % b),
  /** Mod with `fmod`: the dividend's sign, as in C */
  Fmod: numeric((a, b) => a % b),
  Min: (a, b) => (equalDims(a, b) ? a : numeric(Math.min)(a, b)),
  Max: (a, b) => (equalDims(a, b) ? a : numeric(Math.max)(a, b)),
  Equal: equal,
  Less: numeric((a, b) => a < b),
  LessOrEqual: numeric((a, b) => a <= b),
  Greater: numeric((a, b) => a > b),
  GreaterOrEqual: numeric((a, b) => a >= b),
  And: numeric((a, b) => a !== 0 && b !== 0),
  Or: numeric((a, b) => a !== 0 || b !== 0),
};

/** Ops whose result is bool. */
const predicates = ['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'And', 'Or'];

const unaryFolds: { readonly [opType: string]: (x: number) => number } = {
  Sqrt: Math.sqrt,
  Neg: (x) => -x,
  Abs: Math.abs,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Exp: Math.exp,
  Log: Math.log,
  Reciprocal: (x) => 1 / x,
  Not: (x) => Number(x === 0),
};

const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Larger results are left to a layer. */
const mostElements = 65536;

/** The numeric shape two shapes broadcast to, if it is a small one. */
function commonShape(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    shape.push(x === 1 ? y : x);
  }
  return countOf(shape) <= mostElements ? shape : undefined;
}

/** Elements repeated to a larger shape. */
function broadcastTo({ type, shape, values }: Known, to: readonly number[]): Known {
  const count = countOf(to);
  const out = Array.from({ length: count }, (_, flat): Dim => {
    let rest = flat;
    let at = 0;
    let step = 1;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const index = rest % to[axis]!;
      rest = Math.floor(rest / to[axis]!);
      const size = shape[axis - to.length + shape.length];
      if (size === undefined) continue;
      if (size !== 1) at += index * step;
      step *= size;
    }
    return values[at]!;
  });
  return known(type, to, out);
}

export function foldBinary(opType: string, a: Known, b: Known): Known | undefined {
  const fold = binaryFolds[opType];
  const shape = fold && commonShape(a.shape, b.shape);
  if (!fold || !shape) return undefined;
  const [left, right] = [broadcastTo(a, shape).values, broadcastTo(b, shape).values];
  const values: Dim[] = [];
  for (const [i, x] of left.entries()) {
    const value = fold(x, right[i]!, a.type);
    if (value === undefined) return undefined;
    values.push(predicates.includes(opType) ? value : round(a.type, value));
  }
  return known(predicates.includes(opType) ? 'bool' : a.type, shape, values);
}

export function foldUnary(opType: string, x: Known): Known | undefined {
  const fold = unaryFolds[opType];
  if (!fold || !x.values.every((value) => typeof value === 'number')) return undefined;
  return known(
    x.type,
    x.shape,
    (x.values as readonly number[]).map((value) => round(x.type, fold(value))),
  );
}

export function foldWhere(condition: Known, a: Known, b: Known): Known | undefined {
  const values = commonShape(a.shape, b.shape);
  const shape = values && commonShape(condition.shape, values);
  if (!shape || !condition.values.every((value) => typeof value === 'number')) return undefined;
  const [c, x, y] = [condition, a, b].map((part) => broadcastTo(part, shape).values) as [
    readonly Dim[],
    readonly Dim[],
    readonly Dim[],
  ];
  return known(
    a.type,
    shape,
    c.map((value, i) => (value !== 0 ? x[i]! : y[i]!)),
  );
}

/** Σ, Π, largest or smallest of all elements of a list. */
export function foldReduce(opType: string, { type, values, shape }: Known, keep: boolean): Known | undefined {
  const combine = {
    ReduceSum: binaryFolds['Add'],
    ReduceProd: binaryFolds['Mul'],
    ReduceMax: binaryFolds['Max'],
    ReduceMin: binaryFolds['Min'],
  }[opType];
  if (!combine || values.length === 0) return undefined;
  const result = values.reduce<Dim | undefined>(
    (a, b) => (a === undefined ? a : combine(a, b, type)),
    opType === 'ReduceSum' ? 0 : opType === 'ReduceProd' ? 1 : values[0],
  );
  return result === undefined ? undefined : known(type, keep ? shape.map(() => 1) : [], [result]);
}

/** Not push(...): a call takes no more than some 100,000 arguments. */
function append(out: Dim[], values: readonly Dim[], from: number, count: number): void {
  for (let i = from; i < from + count; i++) out.push(values[i]!);
}

/** Part of a tensor: elements chosen along one axis. */
export function pick({ type, shape, values }: Known, axis: number, indices: readonly number[]): Known {
  const inner = countOf(shape.slice(axis + 1));
  const size = shape[axis]!;
  const outer = countOf(shape.slice(0, axis));
  const out: Dim[] = [];
  for (let o = 0; o < outer; o++) for (const index of indices) append(out, values, (o * size + index) * inner, inner);
  return known(type, [...shape.slice(0, axis), indices.length, ...shape.slice(axis + 1)], out);
}

/** Tensors one behind the other along an axis. */
export function foldConcat(parts: readonly Known[], axis: number): Known {
  const [first] = parts as [Known];
  const outer = countOf(first.shape.slice(0, axis));
  const out: Dim[] = [];
  for (let o = 0; o < outer; o++)
    for (const { shape, values } of parts) {
      const chunk = countOf(shape.slice(axis));
      append(out, values, o * chunk, chunk);
    }
  const size = parts.reduce((total, { shape }) => total + shape[axis]!, 0);
  return known(
    first.type,
    first.shape.map((length, i) => (i === axis ? size : length)),
    out,
  );
}
