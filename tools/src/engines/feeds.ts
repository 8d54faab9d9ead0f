import { existsSync, readFileSync } from 'node:fs';
import {
  bareName,
  type DataType,
  dataTypes,
  dimNames,
  evaluateDim,
  fromNumbers,
  type HostTensor,
  messageOf,
  type TensorType,
  TrtDslError,
  Weights,
} from '@trt-dsl/dsl';
import { openWeights } from '@trt-dsl/weights';
import { parseSizes } from './profiles.ts';
import { Random } from './random.ts';

/** How a command line says what is fed. */
export interface FeedOptions {
  /** `name=file.npy`, `name=[[1, 2]]`, or a file that has several: JSON, .npz, .safetensors, a folder of .npy */
  readonly input: readonly string[];
  /** make up the inputs that are not given; so too if none is given */
  readonly random: boolean;
  /** sizes of named dims for made-up inputs, `batch=2,seq=16`; 1 where not said */
  readonly size?: string | undefined;
  /** `name=low:high`, whole numbers from low up to but not including high; 0:2 where not said */
  readonly range: readonly string[];
  readonly seed: number;
}

/**
 * A tensor for each input: read, converted to the input's type, or made up from the seed.
 * @throws TrtDslError 'argument' for an input that there is not, or that is missing; 'file' for what cannot be read
 */
export function feedsFor(
  inputs: ReadonlyMap<string, TensorType>,
  options: FeedOptions,
): ReadonlyMap<string, HostTensor> {
  const given = new Map(options.input.flatMap((text) => readInput(text, inputs)));
  for (const name of given.keys()) if (!inputs.has(name)) throw noInput(name, inputs);
  const missing = [...inputs.keys()].filter((name) => !given.has(name));
  if (given.size > 0 && missing.length > 0 && !options.random)
    throw new TrtDslError('argument', `no --input for ${missing.join(', ')}; --random makes them up`);
  const sizes = new Map(options.size === undefined ? [] : parseSizes(options.size, '--size'));
  const ranges = new Map(options.range.map(parseRange));
  requireKnown('--size', sizes.keys(), new Set([...inputs.values()].flatMap(({ shape }) => shape.flatMap(dimNames))));
  requireKnown('--range', ranges.keys(), new Set(inputs.keys()));
  for (const [name, { shape }] of given)
    inputs.get(name)!.shape.forEach((wanted, axis) => {
      const bare = bareName(wanted);
      if (bare !== undefined && !sizes.has(bare) && shape[axis] !== undefined) sizes.set(bare, shape[axis] as number);
    });
  const random = new Random(options.seed);
  return new Map(
    [...inputs].map(([name, type]) => {
      const weights = given.get(name);
      return [
        name,
        weights ? converted(weights, type.dataType) : madeUp(type, sizes, ranges.get(name), random),
      ] as const;
    }),
  );
}

const noInput = (name: string, inputs: ReadonlyMap<string, TensorType>): TrtDslError =>
  new TrtDslError('argument', `there is no input "${name}"; there are ${[...inputs.keys()].join(', ')}`);

function requireKnown(option: string, given: Iterable<string>, known: ReadonlySet<string>): void {
  for (const name of given)
    if (!known.has(name))
      throw new TrtDslError(
        'argument',
        `${option}: there is no "${name}"; there are ${[...known].join(', ') || 'none'}`,
      );
}

function readInput(text: string, inputs: ReadonlyMap<string, TensorType>): readonly (readonly [string, Weights])[] {
  const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && inputs.has(name)) {
    if (/^\s*[[\d-]/.test(value) && !value.endsWith('.npy'))
      return [[name, ofJson(name, parseJson(value, `--input ${text}`))]];
    const file = openWeights(value);
    const keys = file.keys();
    const key = keys.length === 1 ? keys[0]! : name;
    return [[name, file.get(key)]];
  }
  if (name !== undefined && !existsSync(text)) throw noInput(name, inputs);
  if (text.endsWith('.json') && existsSync(text))
    return Object.entries(readJson(text)).map(([key, array]) => [key, ofJson(key, array)]);
  const file = openWeights(text);
  return file.keys().map((key) => [key, file.get(key)]);
}

function readJson(path: string): Record<string, unknown> {
  const read = parseJson(readFileSync(path, 'utf8'), path);
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
  throw new TrtDslError('file', `${path}: no object with a nested list of numbers for each input`);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TrtDslError('file', `${where}: ${messageOf(error)}`, { cause: error });
  }
}

/** Nested lists of numbers, or true and false, as int64 where all are whole and below 2^53, and float32 elsewhere. */
function ofJson(name: string, array: unknown): Weights {
  const shape: number[] = [];
  for (let part = array; Array.isArray(part); part = part[0]) shape.push(part.length);
  const values = shape
    .reduce<unknown[]>((flat) => flat.flat(), [array])
    .map((value) => (typeof value === 'boolean' ? Number(value) : value));
  const count = shape.reduce((a, b) => a * b, 1);
  if (values.length !== count || !values.every((value) => typeof value === 'number'))
    throw new TrtDslError(
      'file',
      `input "${name}": no nested lists of numbers, all of one length: [${shape.join(', ')}]`,
    );
  const whole = (values as number[]).every(Number.isSafeInteger);
  return Weights.fromNumbers(whole ? 'int64' : 'float32', shape, values as number[], name) as Weights;
}

/** The tensor in the input's type: within its kind exactly or by rounding; whole numbers become floats and 0, 1 bools. */
function converted(weights: Weights, dataType: DataType): HostTensor {
  const shape = weights.shape as readonly number[];
  const [from, to] = [dataTypes[weights.dataType].kind, dataTypes[dataType].kind];
  if (from === to) return { dataType, shape, data: weights.as(dataType).array() };
  if (from === 'float')
    throw new TrtDslError(
      'data-type',
      `input "${weights.name}": the values given are ${weights}, ${dataType} is wanted`,
    );
  return { dataType, shape, data: fromNumbers(dataType, Float64Array.from(weights.array() as Int32Array, Number)) };
}

function parseRange(text: string): readonly [string, readonly [number, number]] {
  const [, name, low, high] = /^([^=]+)=(-?\d+):(-?\d+)$/.exec(text) ?? [];
  if (name === undefined || Number(low) >= Number(high))
    throw new TrtDslError('argument', `--range ${text}: no range such as input_ids=0:30522`);
  return [name, [Number(low), Number(high)]];
}

function madeUp(
  { dataType, shape }: TensorType,
  sizes: ReadonlyMap<string, number>,
  range: readonly [number, number] | undefined,
  random: Random,
): HostTensor {
  const known = Object.fromEntries(shape.flatMap(dimNames).map((name) => [name, sizes.get(name) ?? 1]));
  const numbers = shape.map((dim) => evaluateDim(dim, known));
  const count = numbers.reduce((a, b) => a * b, 1);
  const [low, high] = range ?? [0, 2];
  const next = dataTypes[dataType].kind === 'float' && !range ? () => random.normal() : () => random.integer(low, high);
  return { dataType, shape: numbers, data: fromNumbers(dataType, Float64Array.from({ length: count }, next)) };
}
