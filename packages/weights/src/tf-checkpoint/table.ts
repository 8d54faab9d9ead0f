import { messageOf } from '@trt-dsl/dsl';
import snappy from 'snappyjs';
import { maskedCrc32c } from '../crc32c.ts';
import { type FileBytes, fileError } from '../file-bytes.ts';
import { ByteCursor } from './varint.ts';

/** The last eight bytes of every LevelDB table. */
export const tableMagic = Uint8Array.from([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
export const footerBytes = 48;
/** After each block: how it is compressed, and the masked CRC-32C of block and that byte. */
const trailerBytes = 5;
export const uncompressed = 0;
const snappyCompressed = 1;
/** Snappy's longest copy is 64 bytes for 3; its literals do not shrink. */
const mostSnappy = 22;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

function readHandle(cursor: ByteCursor): Handle | undefined {
  const offset = cursor.varint();
  const size = cursor.varint();
  return offset === undefined || size === undefined ? undefined : { offset, size };
}

/** Whether the file ends as LevelDB tables do. */
export const isTable = (file: FileBytes): boolean =>
  file.size >= footerBytes &&
  Buffer.compare(file.read(file.size - tableMagic.length, tableMagic.length, 'the magic number'), tableMagic) === 0;

/** A block's bytes, CRC verified, decompressed. */
function readBlock(file: FileBytes, { offset, size }: Handle): Uint8Array {
  const raw = file.read(offset, size + trailerBytes, 'a block of the table');
  const stored = new DataView(raw.buffer).getUint32(size + 1, true);
  if (stored !== maskedCrc32c(raw.subarray(0, size + 1)))
    throw fileError(file.path, offset, `the CRC-32C of the block of ${size} bytes is wrong; the file is damaged`);
  const block = raw.subarray(0, size);
  if (raw[size] === uncompressed) return block;
  if (raw[size] !== snappyCompressed)
    throw fileError(
      file.path,
      offset,
      `the block is compressed by method ${raw[size]}, neither none (0) nor snappy (1)`,
    );
  try {
    return snappy.uncompress(block, size * mostSnappy + 64);
  } catch (error) {
    throw fileError(file.path, offset, `the block cannot be decompressed: ${messageOf(error)}`, error);
  }
}

/** The keys (one character a byte) and values of a block, whose keys leave out what they share with the one before. */
function* blockEntries(file: FileBytes, handle: Handle): Generator<readonly [key: string, value: Uint8Array]> {
  const refuse = (text: string) => fileError(file.path, handle.offset, `${text} in the block; the file is damaged`);
  const block = readBlock(file, handle);
  if (block.length < 4) throw refuse('no restart points');
  const restarts = new DataView(block.buffer, block.byteOffset, block.byteLength).getUint32(block.length - 4, true);
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw refuse(`${restarts} restart points`);
  const cursor = new ByteCursor(block.subarray(0, end));
  let key = '';
  while (cursor.at < end) {
    const [shared, unshared, length] = [cursor.varint(), cursor.varint(), cursor.varint()];
    if (shared === undefined || unshared === undefined || length === undefined) throw refuse('a broken entry');
    const rest = cursor.take(unshared);
    const value = cursor.take(length);
    if (shared > key.length || rest === undefined || value === undefined) throw refuse('an entry beyond the end');
    key = key.slice(0, shared) + Buffer.from(rest.buffer, rest.byteOffset, rest.length).toString('latin1');
    yield [key, value];
  }
}

/**
 * All entries of a LevelDB table (an immutable sorted file of byte strings), keys as one character a byte.
 * @throws TrtDslError 'file' where a checksum is wrong, it is truncated or out of order
 */
export function readTable(file: FileBytes): Map<string, Uint8Array> {
  if (!isTable(file))
    throw fileError(
      file.path,
      Math.max(0, file.size - 8),
      'does not end with a LevelDB table’s magic number; it is truncated or no table',
    );
  const at = file.size - footerBytes;
  const cursor = new ByteCursor(file.read(at, footerBytes - tableMagic.length, 'the footer'));
  const meta = readHandle(cursor);
  const index = readHandle(cursor);
  if (meta === undefined || index === undefined) throw fileError(file.path, at, 'the footer is damaged');
  const entries = new Map<string, Uint8Array>();
  let last: string | undefined;
  let dataEnd = 0;
  for (const [, value] of blockEntries(file, index)) {
    const handle = readHandle(new ByteCursor(value));
    if (handle === undefined || handle.offset < dataEnd)
      throw fileError(file.path, index.offset, 'the index block is damaged');
    dataEnd = handle.offset + handle.size + trailerBytes;
    for (const [key, entry] of blockEntries(file, handle)) {
      if (last !== undefined && key <= last) throw fileError(file.path, handle.offset, 'keys are out of order');
      entries.set(key, entry);
      last = key;
    }
  }
  return entries;
}
