import { type DataType, TrtDslError, type Weights } from '@trt-dsl/dsl';
import { type StoredType, storedTypeOf } from './stored-types.ts';
import type { WeightsFile } from './weights-file.ts';

/** What writers take: tensors by their keys. Each is read when its turn comes and not kept. */
export type NamedWeights = Iterable<readonly [key: string, weights: Weights]>;

export interface WriteOptions {
  /** told before each tensor is written */
  readonly onTensor?: (progress: WriteProgress) => void;
}

export interface WriteProgress {
  readonly key: string;
  /** from 0 */
  readonly index: number;
  readonly count: number;
  readonly bytes: number;
}

/** All tensors of a file, in the order of its keys. */
export function* tensorsOf(file: WeightsFile): Generator<readonly [string, Weights]> {
  for (const key of file.keys()) yield [key, file.get(key)];
}

/** The tensors once, each key once, in the order given. */
export function listed(tensors: NamedWeights, path: string): (readonly [string, Weights])[] {
  const list = [...tensors];
  const seen = new Set<string>();
  for (const [key] of list) {
    if (seen.has(key)) throw new TrtDslError('name', `${path}: "${key}" would be written twice`);
    seen.add(key);
  }
  return list;
}

/** Tells of each tensor and hands it on. */
export function* withProgress<T extends readonly [string, Weights, ...unknown[]]>(
  list: readonly T[],
  { onTensor }: WriteOptions,
): Generator<T> {
  for (const [index, item] of list.entries()) {
    onTensor?.({ key: item[0], index, count: list.length, bytes: item[1].byteLength });
    yield item;
  }
}

/**
 * A format's own spelling of each of the DSL's types, from the table by which it is read.
 * @param table from spelling to stored type
 */
export function spelling(table: Readonly<Record<string, StoredType>>, format: string) {
  const byType = new Map(Object.entries(table).map(([spelt, type]) => [type, spelt]));
  return (dataType: DataType, key: string): string => {
    const spelt = byType.get(storedTypeOf(dataType));
    if (spelt === undefined)
      throw new TrtDslError(
        'unsupported',
        `"${key}" is ${dataType}, which ${format} cannot hold; write it as float32: weights.as('float32')`,
      );
    return spelt;
  };
}
