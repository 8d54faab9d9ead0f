import type { Feed, Feeds, HostTensor, Profile } from './backend.ts';
import { type DataType, dataTypes, type HostArray } from './data-type.ts';
import { bareName, type Dim, dimNames, evaluateDim, formatShape, quotient } from './dim.ts';
import { TrtDslError } from './errors.ts';
import type { Graph } from './graph.ts';
import { checkSliceBounds } from './layers/slice.ts';
import { formatType, type TensorType } from './tensor.ts';

/** The sizes of named dims in one run. */
export type Sizes = Readonly<Record<string, number>>;

/** Feeds checked against the inputs, with the named sizes that follow from them. */
export interface BoundFeeds {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly sizes: Sizes;
}

/**
 * Checks feeds against an engine's inputs and finds the size of every named dim.
 * @throws TrtDslError 'argument' for a missing or unknown feed, 'data-type' for another TypedArray than the type's,
 * 'shape' for a shape or number of elements that does not fit, or two inputs that disagree about a size
 */
export function bindFeeds(inputs: ReadonlyMap<string, TensorType>, feeds: Feeds): BoundFeeds {
  if (typeof feeds !== 'object' || feeds === null)
    throw new TrtDslError('argument', 'feeds are no object of name and data');
  for (const name of Object.keys(feeds))
    if (!inputs.has(name))
      throw new TrtDslError('argument', `there is no input "${name}"; there are ${[...inputs.keys()].join(', ')}`);
  const sizes: Record<string, number> = {};
  const parts = [...inputs].map(([name, type]) => ({ name, type, ...checkedFeed(name, type, feeds[name]) }));
  for (const { name, type, shape } of parts) if (shape) bindShape(name, type, shape, sizes);
  // Shapes that are not given follow from the number of elements, as soon as one name is left open.
  let open = parts.filter(({ shape }) => !shape);
  while (open.length > 0) {
    const solved = open.filter(({ name, type, data }) => solve(name, type, data.length, sizes));
    if (solved.length === 0) {
      const [{ name, type }] = open as [(typeof open)[number]];
      throw new TrtDslError(
        'shape',
        `input "${name}" (${formatType(type)}): the sizes are ambiguous; feed { data, shape }`,
      );
    }
    open = open.filter((part) => !solved.includes(part));
  }
  const tensors = new Map<string, HostTensor>();
  for (const { name, type, data } of parts) {
    const shape = type.shape.map((size) => evaluateDim(size, sizes));
    const count = shape.reduce((a, b) => a * b, 1);
    if (count !== data.length)
      throw new TrtDslError(
        'shape',
        `input "${name}": ${data.length} elements are not ${formatShape(shape)} (${formatType(type)})`,
      );
    tensors.set(name, { dataType: type.dataType, shape, data });
  }
  return { tensors, sizes };
}

function checkedFeed(
  name: string,
  type: TensorType,
  feed: Feed | undefined,
): { data: HostArray; shape?: readonly number[] } {
  if (feed === undefined || feed === null)
    throw new TrtDslError('argument', `input "${name}" (${formatType(type)}) is not fed`);
  const given = ArrayBuffer.isView(feed) ? { data: feed } : feed;
  const { array } = dataTypes[type.dataType];
  if (!(given.data instanceof array))
    throw new TrtDslError(
      'data-type',
      `input "${name}" (${formatType(type)}) takes a ${array.name}, not ${describe(given.data)}`,
    );
  const { shape } = given as { shape?: readonly number[] };
  if (shape === undefined) return { data: given.data };
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new TrtDslError('shape', `input "${name}": [${String(shape)}] is no shape`);
  return { data: given.data, shape };
}

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null ? `a ${value.constructor?.name ?? 'plain object'}` : String(value);

function bindShape(name: string, type: TensorType, shape: readonly number[], sizes: Record<string, number>): void {
  if (shape.length !== type.shape.length)
    throw new TrtDslError(
      'shape',
      `input "${name}" (${formatType(type)}) is fed ${formatShape(shape)}, of another rank`,
    );
  type.shape.forEach((wanted, axis) => {
    const bare = bareName(wanted);
    if (bare === undefined) return;
    const size = shape[axis]!;
    if (Object.hasOwn(sizes, bare) && sizes[bare] !== size)
      throw new TrtDslError(
        'shape',
        `input "${name}": axis ${axis} has size ${size}, but "${bare}" is ${sizes[bare]} elsewhere`,
      );
    sizes[bare] = size;
  });
  type.shape.forEach((wanted, axis) => {
    if (typeof wanted === 'number' && wanted !== shape[axis])
      throw new TrtDslError('shape', `input "${name}" (${formatType(type)}) is fed ${formatShape(shape)}`);
  });
}

/** Finds the one open name of a shape from the number of elements; false if more than one is open. */
function solve(name: string, type: TensorType, count: number, sizes: Record<string, number>): boolean {
  const open = [...new Set(type.shape.flatMap(dimNames))].filter((dim) => !Object.hasOwn(sizes, dim));
  if (open.length === 0) return true;
  const unknown = type.shape.filter((size) => dimNames(size).some((dim) => open.includes(dim)));
  const bare = unknown.length === 1 ? bareName(unknown[0]!) : undefined;
  if (bare === undefined) return false;
  const known = type.shape.filter((size) => size !== unknown[0]).reduce<number>((a, b) => a * evaluateDim(b, sizes), 1);
  const size = quotient(count, known);
  if (typeof size !== 'number')
    throw new TrtDslError(
      'shape',
      `input "${name}": ${count} elements do not fill ${formatType(type)}, ${known} at a time`,
    );
  sizes[bare] = size;
  return true;
}

/** A profile with a range for every name of a graph, checked. */
export interface ProfileRange {
  readonly min: Sizes;
  readonly opt: Sizes;
  readonly max: Sizes;
}

/**
 * Checks optimization profiles against a graph, at each of their ends: every name has 1 ≤ min ≤ opt ≤ max (0 is allowed
 * for min), and no slice reaches beyond its tensor at the largest sizes.
 * @throws TrtDslError 'argument', 'name' or 'shape'
 */
export function checkProfiles(graph: Graph, profiles: readonly Profile[] | undefined): readonly ProfileRange[] {
  const names = graph.dimNames;
  if (names.length > 0 && (profiles === undefined || profiles.length === 0))
    throw new TrtDslError(
      'argument',
      `graph "${graph.name}" has sizes known at run time only: give profiles for ${names.join(', ')}`,
    );
  return (profiles ?? []).map((profile, at) => {
    for (const name of Object.keys(profile))
      if (!names.includes(name))
        throw new TrtDslError(
          'name',
          `profile ${at}: the graph has no dimension "${name}"; it has ${names.join(', ') || 'none'}`,
        );
    const ranges = names.map((name) => [name, range(at, name, profile[name])] as const);
    const [min, opt, max] = [0, 1, 2].map((i) =>
      Object.fromEntries(ranges.map(([name, r]) => [name, r[i as 0 | 1 | 2]])),
    );
    checkSizes(graph, max!);
    checkSizes(graph, min!);
    return { min: min!, opt: opt!, max: max! };
  });
}

function range(at: number, name: string, given: Profile[string] | undefined): readonly [number, number, number] {
  const [min, opt, max, ...more] = (Array.isArray(given) ? given : [given, given, given]) as readonly unknown[];
  const good = [min, opt, max].every((n) => Number.isSafeInteger(n) && (n as number) >= 0) && more.length === 0;
  const all = [min, opt, max] as [number, number, number];
  if (!good || all[0] > all[1] || all[1] > all[2] || all[1] < 1)
    throw new TrtDslError(
      'argument',
      `profile ${at}: "${name}" needs a number or [min, opt, max] in this order, not ${JSON.stringify(given)}`,
    );
  return all;
}

/**
 * Checks what shape inference cannot know: that no slice reaches beyond its tensor at these sizes.
 * @throws TrtDslError 'shape' that names the layer
 */
export function checkSizes(graph: Graph, sizes: Sizes): void {
  const at = (shape: readonly Dim[]): readonly number[] => shape.map((size) => evaluateDim(size, sizes));
  for (const node of graph.nodes) {
    if (node.op !== 'slice') continue;
    const { start, size, stride } = node.attributes;
    const x = node.inputs[0]!;
    try {
      checkSliceBounds(
        { dataType: x.dataType as DataType, shape: at(x.shape) },
        { start: at(start), size: at(size), stride },
      );
    } catch (error) {
      if (!(error instanceof TrtDslError)) throw error;
      const where = Object.entries(sizes).map(([name, value]) => `${name} = ${value}`);
      throw new TrtDslError('shape', `${node.name}: slice(${x}) with ${where.join(', ')}: ${error.message}`, {
        cause: error,
      });
    }
  }
}
