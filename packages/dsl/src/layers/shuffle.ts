import type { DataType } from '../data-type.ts';
import { type Dim, equalDims, formatShape, product, quotient, SymbolicDim } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Axis, Minus, Permutation, Plus, Tuples } from '../ranks.ts';
import type { Tensor } from '../tensor.ts';
import { frontAxes, requireDims, wrongArgument, wrongShape } from './checks.ts';

export interface ShuffleAttributes {
  readonly firstTranspose?: readonly number[];
  /** resolved: sizes and names only, no 0 or −1 placeholders */
  readonly reshape?: readonly Dim[];
  readonly secondTranspose?: readonly number[];
}

export const shuffle = defineOp('shuffle', 1, ([x], attributes: ShuffleAttributes) => {
  const { firstTranspose, reshape, secondTranspose } = attributes;
  const first = transposed(x!.shape, firstTranspose);
  if (reshape) requireDims('reshape', reshape);
  if (reshape && !equalDims(product(...first), product(...reshape))) cannotReshape(first, reshape, reshape);
  return [{ dataType: x!.dataType, shape: transposed(reshape ?? first, secondTranspose) }];
});

function transposed(shape: readonly Dim[], permutation: readonly number[] | undefined): readonly Dim[] {
  if (permutation === undefined) return shape;
  const complete = Array.isArray(permutation) && permutation.length === shape.length;
  if (!complete || permutation.some((_, axis) => !permutation.includes(axis)))
    wrongArgument(`[${String(permutation)}] is no permutation of the axes of ${formatShape(shape)}`);
  return permutation.map((axis) => shape[axis]!);
}

function cannotReshape(from: readonly Dim[], asked: readonly Dim[], to: readonly Dim[]): never {
  const counts = `${product(...from)} elements are not ${product(...to)}`;
  wrongShape(`cannot reshape ${formatShape(from)} to ${formatShape(asked)}: ${counts}`);
}

/** Replaces TensorRT's placeholders: 0 copies the size at the same place, one −1 is whatever remains. */
function resolve(from: readonly Dim[], asked: readonly Dim[]): readonly Dim[] {
  const good = (d: unknown): boolean => d instanceof SymbolicDim || (Number.isSafeInteger(d) && (d as number) >= -1);
  if (!Array.isArray(asked) || !asked.every(good) || asked.filter((size) => size === -1).length > 1)
    wrongArgument(`reshape [${String(asked)}] is no list of sizes with at most one −1`);
  const sizes = asked.map((size, i) => {
    if (size !== 0) return size;
    return (
      from[i] ?? wrongShape(`reshape ${formatShape(asked)}: the 0 at place ${i} copies no size of ${formatShape(from)}`)
    );
  });
  const known = sizes.filter((size) => size !== -1);
  if (known.length === sizes.length) return sizes;
  const rest = quotient(product(...from), product(...known)) ?? cannotReshape(from, asked, known);
  return sizes.map((size) => (size === -1 ? rest : size));
}

/**
 * Transpose, reshape, transpose, each if given, in this order (INetworkDefinition::addShuffle).
 * @param options `firstTranspose`, `secondTranspose`: axis i of the result is axis `permutation[i]` of what went in;
 * `reshape`: sizes or names, 0 copies the size at the same place, one −1 takes what remains. On dynamic sizes it holds
 * whenever the number of elements is the same at all sizes: `[batch, seq, 768]` reshapes to `[0, 0, 12, -1]`.
 */
export function addShuffle<D extends DataType, R extends number, const S extends readonly Dim[] = Tuples<Dim>[R]>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & {
    readonly firstTranspose?: Permutation<NoInfer<R>>;
    readonly reshape?: S;
    readonly secondTranspose?: Permutation<S['length']>;
  },
): Tensor<D, S['length']> {
  const { firstTranspose, reshape, secondTranspose } = options;
  const resolved = reshape && resolve(transposed(x.shape as readonly Dim[], firstTranspose), reshape);
  const attributes: ShuffleAttributes = {
    ...(firstTranspose && { firstTranspose }),
    ...(resolved && { reshape: resolved }),
    ...(secondTranspose && { secondTranspose }),
  };
  return this.add(shuffle, [x], attributes, options)[0] as Tensor<D, S['length']>;
}

/** Axes in another order: axis i of the result is axis `permutation[i]` of x (addShuffle's first transpose). */
export function addTranspose<D extends DataType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & { readonly permutation: Permutation<NoInfer<R>> },
): Tensor<D, R> {
  if (options.permutation === undefined) wrongArgument('a transpose needs a permutation');
  const attributes = { firstTranspose: options.permutation as readonly number[] };
  return this.add(shuffle, [x], attributes, options, 'transpose')[0] as Tensor<D, R>;
}

/** Removes axes of size 1: `[batch, 1, hidden]` without axis 1 is `[batch, hidden]` (a reshape by addShuffle). */
export function addSqueeze<D extends DataType, R extends number, const A extends readonly number[]>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & { readonly axes: A & readonly Axis<NoInfer<R>>[] },
): Tensor<D, Minus<R, A['length']>> {
  const shape = x.shape as readonly Dim[];
  const axes = frontAxes(options.axes, shape.length);
  const thick = axes.find((axis) => shape[axis] !== 1);
  if (thick !== undefined) wrongShape(`axis ${thick} has size ${shape[thick]}, not 1`);
  const reshape = shape.filter((_, axis) => !axes.includes(axis));
  return this.add(shuffle, [x], { reshape }, options, 'squeeze')[0] as Tensor<D, Minus<R, A['length']>>;
}

/**
 * Adds axes of size 1, `axes` counted in the result: `[batch, seq]` with axes [1, 2] is `[batch, 1, 1, seq]`
 * (a reshape by addShuffle).
 */
export function addUnsqueeze<D extends DataType, R extends number, const A extends readonly number[]>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & { readonly axes: A },
): Tensor<D, Plus<R, A['length']>> {
  const sizes = [...(x.shape as readonly Dim[])];
  for (const axis of frontAxes(options.axes, sizes.length + options.axes.length)) sizes.splice(axis, 0, 1);
  return this.add(shuffle, [x], { reshape: sizes }, options, 'unsqueeze')[0] as Tensor<D, Plus<R, A['length']>>;
}
