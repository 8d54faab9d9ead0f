import { messageOf } from '@trt-dsl/dsl';
import { maskedCrc32c } from '../crc32c.ts';
import { FileBytes, fileError } from '../file-bytes.ts';
import { type StoredType, storedInfo } from '../stored-types.ts';
import { storedLength, type TensorEntry, TensorFile, type WeightsFile } from '../weights-file.ts';
import { type BundleEntry, entryMessage, headerMessage, tensorflowTypes } from './messages.ts';
import { sliceKey } from './slice-key.ts';
import { type Box, boxOf, checkCover, placeBox } from './slices.ts';
import { readTable } from './table.ts';

/** `model.ckpt-3.data-00000-of-00002` */
export const shardPath = (prefix: string, shard: number, shards: number): string =>
  `${prefix}.data-${String(shard).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}`;

/** Fewer than anyone has and few enough to look for. */
const mostShards = 10_000;

class Bundle {
  readonly #index: FileBytes;
  readonly #prefix: string;
  readonly #table: ReadonlyMap<string, Uint8Array>;
  readonly #shards: number;
  readonly #data = new Map<number, FileBytes>();

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.#index = new FileBytes(`${prefix}.index`);
    try {
      this.#table = readTable(this.#index);
      this.#shards = this.#header();
    } finally {
      this.#index.close();
    }
  }

  get #path(): string {
    return this.#index.path;
  }

  #header(): number {
    const bytes = this.#table.get('');
    if (bytes === undefined)
      throw fileError(this.#path, undefined, 'has no bundle header, so it is no TensorFlow V2 checkpoint');
    const { numShards, endianness, version } = this.#decode('the bundle header', () => headerMessage.decode(bytes));
    if (endianness !== 0)
      throw fileError(this.#path, undefined, 'the checkpoint is big-endian; save it again on a little-endian machine');
    if ((version?.minConsumer ?? 0) > 1)
      throw fileError(this.#path, undefined, `the bundle needs a reader of version ${version?.minConsumer}, this is 1`);
    if (numShards < 1 || numShards > mostShards)
      throw fileError(this.#path, undefined, `the header says that there are ${numShards} data files`);
    return numShards;
  }

  #decode<T>(what: string, decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      throw fileError(this.#path, undefined, `${what} is no such message: ${messageOf(error)}`, error);
    }
  }

  /** Every tensor by its name; slices of partitioned variables are not listed for themselves. */
  entries(): Map<string, TensorEntry> {
    const found = new Map<string, TensorEntry>();
    for (const [raw, bytes] of this.#table) {
      if (raw === '' || raw.startsWith('\0')) continue;
      const key = Buffer.from(raw, 'latin1').toString('utf8');
      found.set(key, this.#tensor(raw, key, this.#message(key, bytes)));
    }
    return found;
  }

  #message(key: string, bytes: Uint8Array): BundleEntry {
    return this.#decode(`the entry of "${key}"`, () => entryMessage.decode(bytes));
  }

  #tensor(raw: string, key: string, entry: BundleEntry): TensorEntry {
    const type = tensorflowTypes[entry.dtype] ?? 'other';
    const shape = (entry.shape?.dim ?? []).map((dim) => dim.size ?? 0);
    const byteLength = storedLength(type, shape, { path: this.#path, offset: undefined, key });
    if (entry.slices.length > 0 && byteLength !== undefined)
      return this.#partitioned(raw, key, entry, type, shape, byteLength);
    const offset = entry.offset;
    const shard = this.#shard(entry, key);
    if (byteLength !== undefined && entry.size !== byteLength)
      throw fileError(
        this.#path,
        undefined,
        `"${key}": ${type}[${shape.join(', ')}] needs ${byteLength} bytes, its entry says ${entry.size}`,
      );
    return { type, shape, byteLength, path: shard.path, offset, read: () => readVerified(shard, entry, key) };
  }

  #shard({ shardId, offset, size }: BundleEntry, key: string): FileBytes {
    if (!(shardId >= 0 && shardId < this.#shards))
      throw fileError(this.#path, undefined, `"${key}" is in data file ${shardId} of ${this.#shards}`);
    let file = this.#data.get(shardId);
    if (file === undefined) {
      file = new FileBytes(shardPath(this.#prefix, shardId, this.#shards));
      this.#data.set(shardId, file);
    }
    if (!(offset >= 0 && size >= 0 && offset + size <= file.size))
      throw fileError(
        file.path,
        offset,
        `"${key}" has ${size} bytes here, but the file ends at ${file.size}; it is truncated or of another checkpoint`,
      );
    return file;
  }

  #partitioned(
    raw: string,
    key: string,
    entry: BundleEntry,
    type: StoredType,
    shape: readonly number[],
    byteLength: number,
  ): TensorEntry {
    const pieces = entry.slices.map((slice, i): { readonly box: Box; readonly tensor: TensorEntry } => {
      const box = boxOf(slice, shape);
      if (box === undefined)
        throw fileError(this.#path, undefined, `"${key}": slice ${i} lies outside of [${shape.join(', ')}]`);
      const extents = slice.extent.map((e) => [e.start ?? 0, e.length ?? -1] as const);
      const bytes = this.#table.get(sliceKey(raw, extents));
      const name = `${key}, slice [${box.start.map((start, axis) => `${start}:${start + box.size[axis]!}`).join(', ')}]`;
      if (bytes === undefined) throw fileError(this.#path, undefined, `has no entry for "${name}"`);
      const message = this.#message(name, bytes);
      const tensor = message.slices.length === 0 ? this.#tensor('', name, message) : undefined;
      if (tensor?.type !== type || tensor.shape.join() !== box.size.join())
        throw fileError(this.#path, undefined, `"${name}" is not ${type}[${box.size.join(', ')}]`);
      return { box, tensor };
    });
    checkCover(
      pieces.map(({ box }) => box),
      shape,
      this.#path,
      key,
    );
    const elementBytes = storedInfo(type).bytes!;
    const read = (): Uint8Array => {
      const whole = new Uint8Array(byteLength);
      for (const { box, tensor } of pieces) placeBox(tensor.read(), box, whole, shape, elementBytes);
      return whole;
    };
    return { type, shape, byteLength, path: pieces[0]!.tensor.path, offset: pieces[0]!.tensor.offset, read };
  }

  close(): void {
    for (const file of this.#data.values()) file.close();
  }
}

function readVerified(file: FileBytes, { offset, size, crc32c }: BundleEntry, key: string): Uint8Array {
  const bytes = file.read(offset, size, `"${key}"`);
  if (maskedCrc32c(bytes) !== crc32c)
    throw fileError(file.path, offset, `"${key}": the CRC-32C of its ${size} bytes is wrong; the file is damaged`);
  return bytes;
}

/**
 * Opens a TensorFlow V2 checkpoint (a bundle: `prefix.index` and `prefix.data-NNNNN-of-MMMMM`), as tf.train.Saver and
 * tf.train.Checkpoint write it. Partitioned variables come whole, put together from their slices; an object-based
 * checkpoint has keys such as `model/kernel/.ATTRIBUTES/VARIABLE_VALUE`.
 * @param prefix the path without `.index`
 * @throws TrtDslError 'file' where a checksum is wrong, or a file is truncated or missing
 */
export function readTensorflowBundle(prefix: string): WeightsFile {
  const bundle = new Bundle(prefix);
  try {
    return new TensorFile({
      format: 'tensorflow',
      path: prefix,
      entries: bundle.entries(),
      close: () => bundle.close(),
    });
  } catch (error) {
    bundle.close();
    throw error;
  }
}
