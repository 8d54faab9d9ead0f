import { TrtDslError, Weights } from '@trt-dsl/dsl';
import { fileError } from './file-bytes.ts';
import { nearest } from './nearest.ts';
import { elementCount, type StoredType, storedInfo, storedTypeOf, ValueError } from './stored-types.ts';

/** What a file says about one tensor before its bytes are read. */
export interface TensorInfo {
  /** the element type as stored; `get` gives it as the DSL's type that holds every value */
  readonly type: StoredType;
  readonly shape: readonly number[];
  /** bytes as stored, after decompression; undefined for types without a fixed size */
  readonly byteLength: number | undefined;
}

/** A tensor in a file, as a reader hands it over. */
export interface TensorEntry extends TensorInfo {
  /** file and offset of its bytes, for messages */
  readonly path: string;
  readonly offset: number | undefined;
  /** @returns the stored bytes, row-major, little-endian, checksums verified */
  readonly read: () => Uint8Array;
}

export type WeightsFormat = 'safetensors' | 'npy' | 'npz' | 'tensorflow' | 'memory';

/** Named tensors of one file (or folder), read on demand. */
export interface WeightsFile extends Disposable {
  readonly format: WeightsFormat;
  readonly path: string;
  /** what the format keeps beside tensors: safetensors' `__metadata__`; empty for others */
  readonly metadata: Readonly<Record<string, string>>;
  /** every key, as the file spells it, sorted */
  keys(): readonly string[];
  has(key: string): boolean;
  /**
   * What is known without reading the tensor.
   * @throws TrtDslError 'name' for a key that is not there, with the nearest ones
   */
  info(key: string): TensorInfo;
  /**
   * The tensor by reference; its bytes are read, and checksums verified, when they are asked for. int16 and uint16 come
   * as int32, uint32 and uint64 as int64, float64 rounded to float32.
   * @throws TrtDslError 'name' for a key that is not there, 'unsupported' for strings and other types without a place in TensorRT
   */
  get(key: string): Weights;
  /** Idempotent. Weights that were not read before can no longer be. */
  close(): void;
}

export interface TensorFileParts {
  readonly format: WeightsFormat;
  readonly path: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** by key; a function where finding out costs a read */
  readonly entries: ReadonlyMap<string, TensorEntry | (() => TensorEntry)>;
  readonly close?: () => void;
}

/** A WeightsFile over what a reader found. */
export class TensorFile implements WeightsFile {
  readonly format: WeightsFormat;
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #entries: Map<string, TensorEntry | (() => TensorEntry)>;
  readonly #keys: readonly string[];
  readonly #weights = new Map<string, Weights>();
  readonly #close: () => void;

  constructor({ format, path, metadata = {}, entries, close = () => {} }: TensorFileParts) {
    this.format = format;
    this.path = path;
    this.metadata = Object.freeze({ ...metadata });
    this.#entries = new Map(entries);
    this.#keys = Object.freeze([...entries.keys()].sort());
    this.#close = close;
  }

  keys(): readonly string[] {
    return this.#keys;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  info(key: string): TensorInfo {
    const { type, shape, byteLength } = this.#entry(key);
    return { type, shape, byteLength };
  }

  get(key: string): Weights {
    const known = this.#weights.get(key);
    if (known) return known;
    const entry = this.#entry(key);
    const { dataType, decode } = storedInfo(entry.type);
    if (dataType === undefined)
      throw new TrtDslError(
        'unsupported',
        `${this.path}: "${key}" is of type ${entry.type}, which TensorRT does not have; it can be listed, not read`,
      );
    const read = (): Uint8Array => {
      const bytes = entry.read();
      try {
        return decode ? decode(bytes) : bytes;
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
        throw fileError(entry.path, entry.offset, `"${key}": ${error.message}`, error);
      }
    };
    const weights = Weights.from({ name: key, dataType, shape: entry.shape, read });
    this.#weights.set(key, weights);
    return weights;
  }

  close(): void {
    this.#close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #entry(key: string): TensorEntry {
    const found = this.#entries.get(key);
    if (found === undefined)
      throw new TrtDslError('name', `${this.path}: no weight "${key}"; ${nearest(key, this.#keys)}`);
    if (typeof found !== 'function') return found;
    const entry = found();
    this.#entries.set(key, entry);
    return entry;
  }
}

/**
 * Any named Weights as a WeightsFile: an ONNX model's initializers, tensors made by a program.
 * @param path where they come from, for messages
 */
export function weightsOf(weights: Iterable<readonly [string, Weights]>, path = 'memory'): WeightsFile {
  const known = new Map(weights);
  const entries = new Map(
    [...known].map(([key, w]): [string, TensorEntry] => [
      key,
      {
        type: storedTypeOf(w.dataType),
        shape: w.shape as readonly number[],
        byteLength: w.byteLength,
        path,
        offset: undefined,
        read: () => w.bytes(),
      },
    ]),
  );
  return new TensorFile({ format: 'memory', path, entries });
}

/**
 * The byte length of `shape` in `type`, checked; undefined for types without a fixed size.
 * @throws TrtDslError 'file' for a shape that no file can hold
 */
export function storedLength(
  type: StoredType,
  shape: readonly number[],
  where: { readonly path: string; readonly offset: number | undefined; readonly key: string },
): number | undefined {
  const { bytes } = storedInfo(type);
  const count = elementCount(shape);
  if (shape.length > 64 || shape.some((size) => !Number.isSafeInteger(size) || size < 0) || count === undefined)
    throw fileError(
      where.path,
      where.offset,
      `"${where.key}": [${shape.slice(0, 9).join(', ')}${shape.length > 9 ? ', …' : ''}] is no shape`,
    );
  if (bytes === undefined) return undefined;
  if (!Number.isSafeInteger(count * bytes))
    throw fileError(where.path, where.offset, `"${where.key}": [${shape.join(', ')}] is too large`);
  return count * bytes;
}
