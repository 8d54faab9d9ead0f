import type { DataType } from '../data-type.ts';
import { type Dim, difference, equalDims, formatShape, product, sum } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Axis, Tuples } from '../ranks.ts';
import type { Tensor, TensorType } from '../tensor.ts';
import { frontAxis, requireDims, requireInteger, wrongArgument, wrongShape } from './checks.ts';

export interface SliceAttributes {
  /** first element along each axis */
  readonly start: readonly Dim[];
  /** number of elements along each axis */
  readonly size: readonly Dim[];
  /** step along each axis, ≥ 1 */
  readonly stride: readonly number[];
}

export const slice = defineOp('slice', 1, ([x], { start, size, stride }: SliceAttributes) => {
  requireDims('start', start);
  requireDims('size', size);
  if (!Array.isArray(stride)) wrongArgument('stride is no list');
  for (const step of stride) requireInteger('stride', step, 1);
  for (const list of [start, size, stride])
    if (list.length !== x!.shape.length) wrongShape(`start, size and stride need ${x!.shape.length} elements each`);
  requireWithin(x!, { start, size, stride });
  return [{ dataType: x!.dataType, shape: size }];
});

/** Throws where the last element lies outside, as far as that can be said without knowing the sizes' names. */
function requireWithin({ shape }: TensorType, { start, size, stride }: SliceAttributes): void {
  shape.forEach((length, axis) => {
    const last = sum(start[axis]!, product(stride[axis]!, difference(size[axis]!, 1)));
    const beyond = difference(last, length);
    if (size[axis] !== 0 && typeof beyond === 'number' && beyond >= 0)
      wrongShape(`element ${last} along axis ${axis} lies outside ${formatShape(shape)}`);
  });
}

/**
 * A part of x: along each axis `size` elements from `start`, every `stride`-th (INetworkDefinition::addSlice).
 * @param options start and size: sizes or names; stride: 1 along every axis by default
 */
export function addSlice<D extends DataType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & {
    readonly start: Tuples<Dim>[NoInfer<R>];
    readonly size: Tuples<Dim>[NoInfer<R>];
    readonly stride?: Tuples<number>[NoInfer<R>];
  },
): Tensor<D, R> {
  const stride = options.stride ?? (x.shape as readonly Dim[]).map(() => 1);
  return this.add(slice, [x], { start: options.start, size: options.size, stride }, options)[0] as Tensor<D, R>;
}

/**
 * Cuts x along `axis` into parts of the given sizes, which add up to the axis: one slice each (addSlice).
 * @returns as many tensors as sizes
 */
export function addSplit<D extends DataType, R extends number, const S extends readonly Dim[]>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & { readonly axis: Axis<NoInfer<R>>; readonly sizes: S },
): { readonly [K in keyof S]: Tensor<D, R> } {
  const shape = x.shape as readonly Dim[];
  requireDims('sizes', options.sizes);
  const axis = frontAxis(options.axis, shape.length);
  if (!equalDims(sum(...options.sizes), shape[axis]!))
    wrongShape(`sizes ${formatShape(options.sizes)} do not add up to ${shape[axis]} along axis ${axis}`);
  let at: Dim = 0;
  const parts = options.sizes.map((length, i) => {
    const start = shape.map((_, k) => (k === axis ? at : 0));
    const size = shape.map((whole, k) => (k === axis ? length : whole));
    at = sum(at, length);
    const name = options.name === undefined ? {} : { name: `${options.name}_${i}` };
    return this.add(slice, [x], { start, size, stride: shape.map(() => 1) }, name, 'split')[0];
  });
  return parts as unknown as { readonly [K in keyof S]: Tensor<D, R> };
}
