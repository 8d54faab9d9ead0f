import { type Dim, equalDims } from '@trt-dsl/dsl';
import type { Context } from './context.ts';

/**
 * A list of sizes as an int64 tensor: a constant where all are numbers, else computed from the inputs' shapes. Each
 * distinct size is computed once in a model.
 */
export function sizesTensor(context: Context, sizes: readonly Dim[]): string {
  if (sizes.every((size) => typeof size === 'number')) return context.integers(sizes);
  if (sizes.length === 1) return sizeTensor(context, sizes[0]!);
  return context.shared(`sizes ${sizes}`, () =>
    context.step(
      'sizes',
      'Concat',
      sizes.map((size) => sizeTensor(context, size)),
      { axis: 0 },
      'int64',
    ),
  );
}

/** One size as an int64 tensor of one element: Σ coefficient · Π named sizes. */
function sizeTensor(context: Context, size: Dim): string {
  if (typeof size === 'number') return context.integers([size]);
  return context.shared(`size ${size}`, () => {
    const terms = size.terms.map(({ coefficient, names }) => {
      const factors = names.map((name) => namedSize(context, name));
      if (coefficient !== 1 || factors.length === 0) factors.push(context.integers([coefficient]));
      return factors.reduce((a, b) => combine(context, 'Mul', a, b));
    });
    return terms.reduce((a, b) => combine(context, 'Add', a, b));
  });
}

const combine = (context: Context, opType: string, a: string, b: string): string =>
  context.shared(`${opType} ${a} ${b}`, () => context.step('size', opType, [a, b], {}, 'int64'));

function namedSize(context: Context, name: string): string {
  const { input, axis } = context.sizeSource(name);
  return context.shared(`named ${name}`, () =>
    context.step(`size_${name}`, 'Shape', [input], { start: axis, end: axis + 1 }, 'int64'),
  );
}

/** What Reshape takes besides the tensor. */
export interface ReshapeTarget {
  readonly shape: string;
  readonly allowzero?: 1;
}

/**
 * The shape input of a Reshape: 0 copies a size, one −1 takes what remains where that is never ambiguous, and only what
 * neither can say is computed.
 */
export function reshapeTarget(context: Context, from: readonly Dim[], to: readonly Dim[]): ReshapeTarget {
  if (to.every((size) => typeof size === 'number'))
    return { shape: context.integers(to), ...(to.includes(0) && { allowzero: 1 as const }) };
  const copied = to.map((size, i) => typeof size !== 'number' && from[i] !== undefined && equalDims(size, from[i]));
  const open = to.flatMap((size, i) => (typeof size !== 'number' && !copied[i] ? [i] : []));
  // With −1, no other size may be 0; and beside a copied size, a literal 0 would copy too.
  const positive = to.every((size, i) => open.includes(i) || (typeof size === 'number' && size > 0));
  const literal = to.every((size) => size !== 0);
  if (literal && (open.length === 0 || (open.length === 1 && positive)))
    return {
      shape: context.integers(to.map((size, i) => (open.includes(i) ? -1 : copied[i] ? 0 : (size as number)))),
    };
  return { shape: sizesTensor(context, to), allowzero: 1 };
}
