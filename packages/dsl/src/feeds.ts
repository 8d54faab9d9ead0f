import type { Feed, Feeds, HostTensor } from './backend.ts';
import { dataTypes, type HostArray } from './data-type.ts';
import { bareName, type Dim, dimNames, evaluateDim, formatShape, quotient } from './dim.ts';
import { TrtDslError } from './errors.ts';
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
 * @throws TrtDslError 'argument' for a missing or unknown feed, or a bool that is neither 0 nor 1; 'data-type' for another
 * TypedArray than the type's, or a tensor of another type; 'shape' for a shape or number of elements that does not fit, or two inputs that disagree about a size
 */
export function bindFeeds(inputs: ReadonlyMap<string, TensorType>, feeds: Feeds): BoundFeeds {
  if (typeof feeds !== 'object' || feeds === null)
    throw new TrtDslError('argument', 'feeds are no object of name and data');
  for (const name of Object.keys(feeds))
    if (!inputs.has(name))
      throw new TrtDslError('argument', `there is no input "${name}"; there are ${[...inputs.keys()].join(', ')}`);
  const sizes: Record<string, number> = {};
  const parts = [...inputs].map(([name, type]) => ({
    name,
    type,
    ...checkedFeed(name, type, Object.hasOwn(feeds, name) ? feeds[name] : undefined),
  }));
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
  for (const { name, type, data, shape: given } of parts) {
    const shape = type.shape.map((size) => evaluateDim(size, sizes));
    const count = shape.reduce((a, b) => a * b, 1);
    if (count !== data.length)
      throw new TrtDslError(
        'shape',
        `input "${name}": ${data.length} elements are not ${formatShape(shape)} (${formatType(type)})`,
      );
    if (given?.some((size, axis) => size !== shape[axis]))
      throw new TrtDslError(
        'shape',
        `input "${name}" (${formatType(type)}) is fed ${formatShape(given)}, not ${formatShape(shape)}`,
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
  const isData = ArrayBuffer.isView(feed) || Array.isArray(feed);
  const given: Partial<HostTensor> = isData ? { data: feed as HostArray } : feed;
  const { array } = dataTypes[type.dataType];
  if (given.dataType !== undefined && given.dataType !== type.dataType)
    throw new TrtDslError('data-type', `input "${name}" (${formatType(type)}) is fed a tensor of ${given.dataType}`);
  if (!(given.data instanceof array))
    throw new TrtDslError(
      'data-type',
      `input "${name}" (${formatType(type)}) takes a ${array.name}, not ${describe(given.data)}`,
    );
  const wrong = type.dataType === 'bool' ? (given.data as Uint8Array).findIndex((byte) => byte > 1) : -1;
  if (wrong >= 0)
    throw new TrtDslError(
      'argument',
      `input "${name}" (${formatType(type)}): element ${wrong} is ${given.data[wrong]}, and a bool 0 or 1`,
    );
  if (isData) return { data: given.data };
  const { shape } = given;
  if (shape === undefined)
    throw new TrtDslError(
      'shape',
      `input "${name}" (${formatType(type)}) is fed an object without a shape: { data, shape }`,
    );
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new TrtDslError('shape', `input "${name}": [${String(shape)}] is no shape`);
  return { data: given.data, shape };
}

const describe = (value: unknown): string =>
  Array.isArray(value)
    ? 'a list'
    : typeof value === 'object' && value !== null
      ? `a ${value.constructor?.name ?? 'plain object'}`
      : String(value);

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

/**
 * Finds the one open name of a shape from the number of elements; false if more than one is open.
 * @throws TrtDslError 'shape' if no size of what is open gives that number
 */
function solve(name: string, type: TensorType, count: number, sizes: Record<string, number>): boolean {
  const isOpen = (size: Dim): boolean => dimNames(size).some((dim) => !Object.hasOwn(sizes, dim));
  const unknown = type.shape.filter(isOpen);
  if (unknown.length === 0) return true;
  const known = type.shape.filter((size) => !isOpen(size)).reduce<number>((a, b) => a * evaluateDim(b, sizes), 1);
  if (count === 0 && known === 0) return false;
  const size = quotient(count, known);
  if (typeof size !== 'number')
    throw new TrtDslError(
      'shape',
      `input "${name}": ${count} elements do not fill ${formatType(type)}, ${known} at a time`,
    );
  const bare = unknown.length === 1 ? bareName(unknown[0]!) : undefined;
  if (bare === undefined) return false;
  sizes[bare] = size;
  return true;
}
