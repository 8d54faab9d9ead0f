import { type DataType, type Dim, type Tensor, toNumbers, type Weights } from '@trt-dsl/dsl';

/** Types of values computed while importing; float64 occurs between casts only. */
export type FoldType = DataType | 'float64';

/** A small tensor whose elements are known: numbers, or sizes that have names (the arithmetic around Shape). */
export interface Known {
  readonly kind: 'known';
  readonly type: FoldType;
  readonly shape: readonly number[];
  readonly values: readonly Dim[];
}

/** One number everywhere. */
export interface Full {
  readonly kind: 'full';
  readonly type: DataType;
  readonly shape: readonly Dim[];
  readonly value: number;
}

/** int64, each element its own index along one axis: what Range, Unsqueeze and Expand make for masks. */
export interface Grid {
  readonly kind: 'grid';
  readonly shape: readonly Dim[];
  readonly axis: number;
}

/** Several grids side by side along a last axis: GatherND's indices. */
export interface Grids {
  readonly kind: 'grids';
  /** without the last axis */
  readonly shape: readonly Dim[];
  readonly axes: readonly number[];
}

/** Weights that no layer uses yet; `transposed` ones (of two axes) become a layer's `transposeB` where there is one. */
export interface Stored {
  readonly kind: 'weights';
  readonly weights: Weights;
  readonly transposed: boolean;
}

/** What an ONNX tensor is while its graph is read. It becomes a layer only when a layer needs it. */
export type Value = { readonly kind: 'tensor'; readonly tensor: Tensor } | Stored | Known | Full | Grid | Grids;

export const ofTensor = (tensor: Tensor): Value => ({ kind: 'tensor', tensor });
export const stored = (weights: Weights, transposed = false): Stored => ({ kind: 'weights', weights, transposed });
export const known = (type: FoldType, shape: readonly number[], values: readonly Dim[]): Known => ({
  kind: 'known',
  type,
  shape,
  values,
});

export function shapeOf(value: Value): readonly Dim[] {
  if (value.kind === 'tensor') return value.tensor.shape;
  if (value.kind === 'weights') {
    const shape = value.weights.shape as readonly number[];
    return value.transposed ? [...shape].reverse() : shape;
  }
  if (value.kind === 'grids') return [...value.shape, value.axes.length];
  return value.shape;
}

export function typeOf(value: Value): FoldType {
  if (value.kind === 'tensor') return value.tensor.dataType;
  if (value.kind === 'weights') return value.weights.dataType;
  return value.kind === 'known' || value.kind === 'full' ? value.type : 'int64';
}

/** Integers up to this many are read to compute with: sizes, axes, masks. */
const mostIntegers = 4096;
/** Floats up to this many: scales and epsilons, but not biases. */
const mostFloats = 16;

/** The value's elements, if they are known or small enough to be read. */
export function knownOf(value: Value): Known | undefined {
  if (value.kind === 'known') return value;
  if (value.kind === 'full') {
    const sizes = value.shape.filter((size) => typeof size === 'number');
    const count = sizes.reduce((a, b) => a * b, 1);
    if (sizes.length < value.shape.length || count > mostIntegers) return undefined;
    return known(value.type, sizes, Array(count).fill(value.value));
  }
  if (value.kind !== 'weights' || value.transposed) return undefined;
  const { dataType, size, shape } = value.weights;
  if (size > (dataType.includes('float') ? mostFloats : mostIntegers)) return undefined;
  const array = value.weights.array();
  const values = array instanceof BigInt64Array ? Array.from(array, exactly) : toNumbers(dataType, array);
  return known(dataType, shape as readonly number[], [...values]);
}

/** An int64 as a number; infinite where it would lose digits, as "to the end" of a slice, the largest int64, does. */
function exactly(value: bigint): number {
  const number = Number(value);
  return BigInt(number) === value ? number : number > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}
