import { crc32, inflateRawSync, constants as zlib } from 'node:zlib';
import { messageOf } from '@trt-dsl/dsl';
import { type FileBytes, fileError } from './file-bytes.ts';

/** A member of a zip archive, as its central directory has it. */
export interface ZipMember {
  readonly name: string;
  readonly method: 0 | 8;
  readonly crc32: number;
  readonly compressed: number;
  readonly size: number;
  /** offset of the local header */
  readonly offset: number;
}

const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locatorSignature = 0x07064b50;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;
const endBytes = 22;
/** deflate cannot shrink its input by more than this */
const mostInflation = 1032;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

interface Directory {
  readonly count: number;
  readonly bytes: number;
  readonly offset: number;
}

/** Finds the end record, which must close the file, and the 64-bit one where there is one. */
function findDirectory(file: FileBytes): Directory {
  const tailStart = Math.max(0, file.size - endBytes - 0xffff);
  const tail = file.read(tailStart, file.size - tailStart, 'the end of the archive');
  const view = viewOf(tail);
  let at = tail.length - endBytes;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === endSignature && at + endBytes + view.getUint16(at + 20, true) === tail.length)
  )
    at--;
  if (at < 0) throw fileError(file.path, file.size, 'no zip archive ends here; the file is truncated or damaged');
  const end = tailStart + at;
  const disks = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)];
  const counts = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const directory = { count: counts[1]!, bytes: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true) };
  // A 64-bit record counts wherever there is one: PyTorch writes it behind every directory, however small.
  const isWide = directory.offset === 0xffffffff || directory.count === 0xffff || directory.bytes === 0xffffffff;
  if (isWide || hasLocator(file, end)) return findDirectory64(file, end);
  if (disks[0] !== 0 || disks[1] !== 0 || counts[0] !== counts[1] || directory.offset + directory.bytes !== end)
    throw fileError(file.path, end, 'the archive’s end record contradicts itself; the file is damaged');
  return directory;
}

const hasLocator = (file: FileBytes, end: number): boolean =>
  end >= 20 && viewOf(file.read(end - 20, 4, 'the zip64 locator')).getUint32(0, true) === locatorSignature;

function findDirectory64(file: FileBytes, end: number): Directory {
  const locator = viewOf(file.read(end - 20, 20, 'the zip64 locator'));
  const record = Number(locator.getBigUint64(8, true));
  const view = viewOf(file.read(record, 56, 'the zip64 end record'));
  const [count, bytes, offset] = [32, 40, 48].map((i) => Number(view.getBigUint64(i, true))) as [
    number,
    number,
    number,
  ];
  if (
    locator.getUint32(0, true) !== locatorSignature ||
    view.getUint32(0, true) !== end64Signature ||
    Number(view.getBigUint64(24, true)) !== count ||
    offset + bytes !== record
  )
    throw fileError(file.path, end, 'the archive’s zip64 end record contradicts itself; the file is damaged');
  return { count, bytes, offset };
}

/**
 * Lists a zip archive's members from its central directory.
 * @throws TrtDslError 'file' where it is truncated or damaged, encrypted, or compressed otherwise than by deflate
 */
export function listZip(file: FileBytes): ZipMember[] {
  const { count, bytes, offset } = findDirectory(file);
  const directory = file.read(offset, bytes, 'the archive’s directory');
  const members: ZipMember[] = [];
  let at = 0;
  while (at < bytes) {
    const where = offset + at;
    const refuse = (text: string) =>
      fileError(file.path, where, `${text} in the archive’s directory; the file is damaged`);
    const view = viewOf(directory.subarray(at));
    if (view.byteLength < 46 || view.getUint32(0, true) !== centralSignature) throw refuse('no member');
    const [flags, method, nameBytes, extraBytes, commentBytes] = [8, 10, 28, 30, 32].map((i) =>
      view.getUint16(i, true),
    ) as [number, number, number, number, number];
    const length = 46 + nameBytes + extraBytes + commentBytes;
    if (length > view.byteLength) throw refuse('a member longer than what is left');
    const name = new TextDecoder().decode(directory.subarray(at + 46, at + 46 + nameBytes));
    if (flags & 1) throw fileError(file.path, where, `${name} is encrypted`);
    if (method !== 0 && method !== 8)
      throw fileError(file.path, where, `${name} is compressed by method ${method}, not deflate`);
    const extra = directory.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes);
    const [size, compressed, local] = wideFields(view, extra, refuse);
    members.push({ name, method, crc32: view.getUint32(16, true), compressed, size, offset: local });
    at += length;
  }
  if (members.length !== count)
    throw fileError(file.path, offset, `${members.length} members where the archive’s end record says ${count}`);
  return members;
}

/** Size, compressed size and local offset: 32 bits each, or 64 in the zip64 extra field where they are all ones. */
function wideFields(view: DataView, extra: Uint8Array, refuse: (text: string) => Error): [number, number, number] {
  const narrow = [24, 20, 42].map((i) => view.getUint32(i, true));
  if (!narrow.includes(0xffffffff)) return narrow as [number, number, number];
  const fields = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + fields.getUint16(at + 2, true)) {
    if (fields.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    const end = next + fields.getUint16(at + 2, true);
    return narrow.map((value) => {
      if (value !== 0xffffffff) return value;
      if (next + 8 > Math.min(end, extra.length)) throw refuse('a short zip64 field');
      next += 8;
      return Number(fields.getBigUint64(next - 8, true));
    }) as [number, number, number];
  }
  throw refuse('a member without its zip64 field');
}

/** Where a member's own bytes begin; its local header must name the same member. */
function dataOffset(file: FileBytes, { name, offset }: ZipMember): number {
  const view = viewOf(file.read(offset, 30, `the header of ${name}`));
  const nameBytes = view.getUint16(26, true);
  const nameThere = new TextDecoder().decode(file.read(offset + 30, nameBytes, `the name of ${name}`));
  if (view.getUint32(0, true) !== localSignature || nameThere !== name)
    throw fileError(file.path, offset, `${name} should begin here, but does not; the file is damaged`);
  return offset + 30 + nameBytes + view.getUint16(28, true);
}

/**
 * The first bytes of a member, at least `wanted` of them where it has so many; no checksum is verified.
 */
export function peekZip(file: FileBytes, member: ZipMember, wanted: number): Uint8Array {
  const start = dataOffset(file, member);
  const bytes = file.read(start, Math.min(member.compressed, wanted + 1024), member.name);
  if (member.method === 0) return bytes;
  try {
    return inflateRawSync(bytes, {
      finishFlush: zlib.Z_SYNC_FLUSH,
      maxOutputLength: bytes.length * mostInflation + 64,
    });
  } catch (error) {
    throw fileError(file.path, start, `${member.name} cannot be inflated: ${messageOf(error)}`, error);
  }
}

/**
 * A member's bytes, inflated, its CRC-32 verified.
 * @throws TrtDslError 'file' where they are damaged
 */
export function readZip(file: FileBytes, member: ZipMember): Uint8Array {
  const start = dataOffset(file, member);
  const { name, size } = member;
  const stored = file.read(start, member.compressed, name);
  if (size > (member.method === 0 ? stored.length : stored.length * mostInflation + 64))
    throw fileError(file.path, start, `${stored.length} bytes of ${name} cannot hold the ${size} it should have`);
  let bytes: Uint8Array = stored;
  try {
    if (member.method === 8) bytes = inflateRawSync(stored, { maxOutputLength: Math.max(size, 1) });
  } catch (error) {
    throw fileError(file.path, start, `${name} cannot be inflated: ${messageOf(error)}`, error);
  }
  if (bytes.length !== size) throw fileError(file.path, start, `${name} has ${bytes.length} bytes, not ${size}`);
  const found = crc32(bytes);
  if (found !== member.crc32)
    throw fileError(
      file.path,
      start,
      `the CRC-32 of ${name} is ${hex(found)}, not ${hex(member.crc32)}; it is damaged`,
    );
  return bytes;
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');
