import { fileError } from '../file-bytes.ts';
import { elementCount } from '../stored-types.ts';
import type { BundleSlice } from './messages.ts';

/** A box within a tensor. */
export interface Box {
  readonly start: readonly number[];
  readonly size: readonly number[];
}

/** The box that a slice of a tensor of `shape` covers; undefined if it lies outside. */
export function boxOf({ extent }: BundleSlice, shape: readonly number[]): Box | undefined {
  if (extent.length !== shape.length) return undefined;
  const start = extent.map((e) => (e.length === undefined ? 0 : (e.start ?? 0)));
  const size = extent.map((e, i) => e.length ?? shape[i]!);
  const inside = shape.every((whole, i) => start[i]! >= 0 && size[i]! >= 0 && start[i]! + size[i]! <= whole);
  return inside ? { start, size } : undefined;
}

const overlap = (a: Box, b: Box): boolean =>
  a.start.every((start, i) => start < b.start[i]! + b.size[i]! && b.start[i]! < start + a.size[i]!);

/**
 * Whether the boxes fill the tensor exactly once.
 * @throws TrtDslError 'file' naming what is missing or there twice
 */
export function checkCover(boxes: readonly Box[], shape: readonly number[], path: string, key: string): void {
  const covered = boxes.reduce((sum, { size }) => sum + elementCount(size)!, 0);
  const all = elementCount(shape)!;
  const twice = boxes.some((a, i) =>
    boxes.some((b, j) => j > i && elementCount(a.size) && elementCount(b.size) && overlap(a, b)),
  );
  if (covered !== all || twice)
    throw fileError(
      path,
      undefined,
      `"${key}": its ${boxes.length} slices ${twice ? 'overlap' : `hold ${covered} elements`}, but [${shape.join(', ')}] has ${all}`,
    );
}

/** Copies a box's row-major elements to their place in a tensor of `shape`. */
export function placeBox(
  from: Uint8Array,
  { start, size }: Box,
  to: Uint8Array,
  shape: readonly number[],
  elementBytes: number,
): void {
  // axes that the box covers wholly, from the last one on, make one run with the axis before them
  let axis = shape.length - 1;
  let run = elementBytes;
  while (axis > 0 && size[axis] === shape[axis]) run *= shape[axis--]!;
  if (axis < 0) {
    to.set(from);
    return;
  }
  const stride = run;
  run *= size[axis]!;
  const copy = (level: number, target: number, source: number, step: number): number => {
    if (level === axis) {
      to.set(from.subarray(source, source + run), target * step + start[axis]! * stride);
      return source + run;
    }
    let at = source;
    for (let i = 0; i < size[level]!; i++)
      at = copy(level + 1, (target + start[level]! + i) * shape[level + 1]!, at, step);
    return at;
  };
  if (run > 0) copy(0, 0, 0, stride);
}
