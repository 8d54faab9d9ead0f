import type { DataType } from '../data-type.ts';
import { type Dim, equalShapes, formatShape, SymbolicDim } from '../dim.ts';
import { TrtDslError } from '../errors.ts';
import type { TensorType } from '../tensor.ts';
import { describe } from '../where.ts';

/** Throws a TrtDslError 'shape'. */
export function wrongShape(message: string): never {
  throw new TrtDslError('shape', message);
}

/** Throws a TrtDslError 'argument'. */
export function wrongArgument(message: string): never {
  throw new TrtDslError('argument', message);
}

/** @throws TrtDslError 'data-type' unless `type` is one of `allowed` */
export function requireType(
  what: string,
  { dataType }: { readonly dataType: DataType },
  allowed: readonly DataType[],
): void {
  if (!allowed.includes(dataType))
    throw new TrtDslError('data-type', `${what} is ${dataType}, not ${allowed.join(' or ')}`);
}

/** @throws TrtDslError 'data-type' unless both have one data type */
export function requireSameType(a: TensorType, b: TensorType): void {
  if (a.dataType !== b.dataType)
    throw new TrtDslError('data-type', `${a.dataType} and ${b.dataType} do not mix: addCast one of them`);
}

/** @throws TrtDslError 'shape' unless the rank lies between `least` and `most` */
export function requireRank(what: string, { shape }: TensorType, least: number, most = least): void {
  if (shape.length < least || shape.length > most)
    wrongShape(
      `${what} has rank ${shape.length}, not ${least === most ? least : most < 8 ? `${least} to ${most}` : `${least} or more`}`,
    );
}

/** @throws TrtDslError 'shape' unless the shapes are equal at all sizes */
export function requireShape(what: string, { shape }: TensorType, expected: readonly Dim[]): void {
  if (!equalShapes(shape, expected)) wrongShape(`${what} is ${formatShape(shape)}, not ${formatShape(expected)}`);
}

/** An axis of a rank-`rank` tensor, counted from the front. */
export function frontAxis(axis: unknown, rank: number): number {
  if (!Number.isInteger(axis) || (axis as number) < -rank || (axis as number) >= rank)
    wrongArgument(`axis ${String(axis)} is none of a tensor of rank ${rank}`);
  return (axis as number) < 0 ? (axis as number) + rank : (axis as number);
}

/** Attributes with their axis, if there is one, counted from the front. */
export function fromFront<A extends { readonly axis?: number }>(attributes: A, [x]: readonly TensorType[]): A {
  return attributes.axis === undefined
    ? attributes
    : { ...attributes, axis: frontAxis(attributes.axis, x!.shape.length) };
}

/** Distinct axes, counted from the front, ascending. */
export function frontAxes(axes: unknown, rank: number): readonly number[] {
  if (!Array.isArray(axes)) wrongArgument(`axes ${String(axes)} is no list`);
  const front = axes.map((axis) => frontAxis(axis, rank)).sort((a, b) => a - b);
  if (new Set(front).size !== front.length) wrongArgument(`axes ${formatShape(axes)} name one axis twice`);
  return front;
}

/** @throws TrtDslError 'argument' unless `value` is an integer ≥ `least` */
export function requireInteger(what: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    wrongArgument(`${what} ${String(value)} is no integer ≥ ${least}`);
}

/** @throws TrtDslError 'argument' unless `value` is a finite number */
export function requireFinite(what: string, value: unknown): void {
  if (!Number.isFinite(value)) wrongArgument(`${what} ${String(value)} is no finite number`);
}

/** @throws TrtDslError 'argument' unless `value` is true or false */
export function requireBoolean(what: string, value: unknown): void {
  if (typeof value !== 'boolean') wrongArgument(`${what} ${String(value)} is neither true nor false`);
}

/** @throws TrtDslError 'argument' unless `value` is one of `names` */
export function requireOneOf(what: string, value: unknown, names: readonly string[]): void {
  if (!names.includes(value as string))
    wrongArgument(`${what} ${JSON.stringify(value)} is none of ${names.join(', ')}`);
}

/** @throws TrtDslError 'argument' unless `value` is a list of sizes: names, or integers ≥ 0 */
export function requireDims(what: string, value: unknown): asserts value is readonly Dim[] {
  const good = (d: unknown): boolean => d instanceof SymbolicDim || (Number.isSafeInteger(d) && (d as number) >= 0);
  if (!Array.isArray(value) || !value.every(good))
    wrongArgument(`${what} ${describe(value)} is no list of sizes: integers ≥ 0, or names such as dim('batch')`);
}
