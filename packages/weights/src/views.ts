import { type DataType, dataTypes, TrtDslError, Weights } from '@trt-dsl/dsl';

/** An element's bytes. */
type Size = 1 | 2 | 4 | 8;
const words = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;
const tile = 32;

/** The elements of `bytes`, without a copy where alignment allows it. */
function elements(bytes: Uint8Array, size: Size): { [i: number]: number | bigint; readonly length: number } {
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes); // a copy, also of a Buffer
  return new words[size](aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / size);
}

/** A row-major `[rows, columns]` matrix of `size`-byte elements as `[columns, rows]`, tile by tile for the cache's sake. */
function transposeMatrix(bytes: Uint8Array, size: Size, rows: number, columns: number): Uint8Array {
  const out = new Uint8Array(bytes.byteLength);
  const from = elements(bytes, size);
  const to = elements(out, size);
  for (let top = 0; top < rows; top += tile)
    for (let left = 0; left < columns; left += tile) {
      const bottom = Math.min(top + tile, rows);
      const right = Math.min(left + tile, columns);
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++) to[column * rows + row] = from[row * columns + column]!;
    }
  return out;
}

/** Column-major elements of `shape` as row-major ones. */
export function fromColumnMajor(bytes: Uint8Array, size: Size, shape: readonly number[]): Uint8Array {
  if (shape.length < 2 || bytes.byteLength === 0) return bytes;
  const [rows, ...others] = shape as readonly [number, ...number[]];
  const columns = others.reduce((a, b) => a * b, 1);
  // the first axis moves to the front of an array whose other axes are column-major still
  const swapped = transposeMatrix(bytes, size, columns, rows);
  if (others.length < 2) return swapped;
  const step = columns * size;
  const out = new Uint8Array(bytes.byteLength);
  for (let row = 0; row < rows; row++)
    out.set(fromColumnMajor(swapped.subarray(row * step, (row + 1) * step), size, others), row * step);
  return out;
}

const viewOf = <D extends DataType>(
  weights: Weights<D>,
  shape: readonly number[],
  read: () => Uint8Array,
): Weights<D> => Weights.from({ name: weights.name, dataType: weights.dataType, shape, read }) as Weights<D>;

/**
 * `[…, a, b]` as `[…, b, a]`, the copy being made when it is read.
 * @throws TrtDslError 'shape' below rank 2
 */
export function transposed<D extends DataType>(weights: Weights<D>): Weights<D> {
  const shape = weights.shape as readonly number[];
  if (shape.length < 2)
    throw new TrtDslError('shape', `weights "${weights.name}": ${weights} has no two axes to transpose`);
  const [rows, columns] = shape.slice(-2) as [number, number];
  const size = dataTypes[weights.dataType].bytes as Size;
  const step = rows * columns * size;
  return viewOf(weights, [...shape.slice(0, -2), columns, rows], () => {
    const bytes = weights.bytes();
    if (bytes.byteLength === step) return transposeMatrix(bytes, size, rows, columns);
    const out = new Uint8Array(bytes.byteLength);
    for (let at = 0; at < bytes.byteLength; at += step)
      out.set(transposeMatrix(bytes.subarray(at, at + step), size, rows, columns), at);
    return out;
  });
}

/** One of `of` equal pieces along `axis`: how a merged QKV kernel holds its query. */
export interface Part {
  readonly axis: number;
  readonly index: number;
  readonly of: number;
}

/**
 * Piece `index` of `of` equal ones along `axis`, cut out when it is read.
 * @throws TrtDslError 'shape' if the axis does not divide so
 */
export function part<D extends DataType>(weights: Weights<D>, { axis, index, of }: Part): Weights<D> {
  const shape = weights.shape as readonly number[];
  const whole = shape[axis];
  if (whole === undefined || whole % of !== 0 || !Number.isInteger(index) || index < 0 || index >= of)
    throw new TrtDslError(
      'shape',
      `weights "${weights.name}": ${weights} has no piece ${index} of ${of} on axis ${axis}`,
    );
  const piece = shape.map((size, i) => (i === axis ? size / of : size));
  const run = piece.slice(axis).reduce((a, b) => a * b, dataTypes[weights.dataType].bytes);
  return viewOf(weights, piece, () => {
    const bytes = weights.bytes();
    if (run * of === bytes.byteLength) return new Uint8Array(bytes.subarray(index * run, (index + 1) * run));
    const out = new Uint8Array(bytes.byteLength / of);
    for (let to = 0, from = index * run; to < out.length; to += run, from += run * of)
      out.set(bytes.subarray(from, from + run), to);
    return out;
  });
}
