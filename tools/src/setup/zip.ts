import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { TrtDslError } from '@trt-dsl/dsl';

/** A file inside a zip archive (a wheel, a jar). */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly method: number;
  /** Where its local header starts. */
  readonly offset: number;
}

const signatures = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 } as const;
const sizes = { end: 22, central: 46, local: 30, longestComment: 0xffff } as const;
const methods = { stored: 0, deflated: 8 } as const;

const broken = (path: string, offset: number, what: string) =>
  new TrtDslError('file', `${path}: at byte ${offset}: ${what}; delete the file and fetch it again`);

/**
 * What a zip archive of less than 4 GB holds, from its central directory; the files themselves are not read.
 *
 * @throws {TrtDslError} `file`: it is not a zip archive, is truncated, or is larger (zip64)
 */
export async function listZip(path: string): Promise<readonly ZipEntry[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = await read(file, path, Math.max(0, size - sizes.end - sizes.longestComment), size);
    let end = tail.length - sizes.end;
    while (end >= 0 && tail.readUInt32LE(end) !== signatures.end) end -= 1;
    if (end < 0) throw broken(path, size, 'expected the end of a zip archive, found none');
    const count = tail.readUInt16LE(end + 10);
    const start = tail.readUInt32LE(end + 16);
    if (start === 0xffffffff || count === 0xffff) throw broken(path, start, 'a zip64 archive, which is not read here');
    return entries(path, await read(file, path, start, start + tail.readUInt32LE(end + 12)), start, count);
  } finally {
    await file.close();
  }
}

function entries(path: string, directory: Buffer, start: number, count: number): readonly ZipEntry[] {
  const found: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + sizes.central > directory.length || directory.readUInt32LE(at) !== signatures.central) {
      throw broken(path, start + at, `expected entry ${i + 1} of ${count} of the central directory`);
    }
    const nameEnd = at + sizes.central + directory.readUInt16LE(at + 28);
    found.push({
      name: directory.toString('utf8', at + sizes.central, nameEnd),
      method: directory.readUInt16LE(at + 10),
      compressedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    });
    at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return found;
}

/**
 * Writes one file of a zip archive to `to`, as a stream: a 1.4 GB library costs no memory.
 *
 * @param onBytes called with the bytes of each piece written
 * @throws {TrtDslError} `file`: the archive is broken there
 */
export async function extract(
  path: string,
  entry: ZipEntry,
  to: string,
  onBytes: (bytes: Uint8Array) => void = () => {},
  signal?: AbortSignal,
): Promise<void> {
  const start = await dataStart(path, entry);
  if (entry.method !== methods.stored && entry.method !== methods.deflated) {
    throw broken(path, entry.offset, `${entry.name} is compressed by method ${entry.method}, expected 0 or 8`);
  }
  let written = 0;
  const tap = new Transform({
    transform(piece: Buffer, _, done) {
      written += piece.length;
      onBytes(piece);
      done(null, piece);
    },
  });
  const end = start + entry.compressedBytes - 1; // included
  const source = end < start ? Readable.from([]) : createReadStream(path, { start, end, highWaterMark: 1 << 20 });
  const inflate = entry.method === methods.deflated ? [createInflateRaw({ chunkSize: 1 << 20 })] : [];
  try {
    await pipeline([source, ...inflate, tap, createWriteStream(to)], signal ? { signal } : {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_')) {
      throw broken(path, start, `${entry.name} cannot be inflated (${(error as Error).message})`);
    }
    throw error;
  }
  if (written !== entry.bytes) {
    throw broken(path, start, `${entry.name} is ${written} bytes long, expected ${entry.bytes}`);
  }
}

/** Where an entry's bytes start: after its local header, whose name and extra field have lengths of their own. */
async function dataStart(path: string, { name, offset }: ZipEntry): Promise<number> {
  const file = await open(path);
  try {
    const header = await read(file, path, offset, offset + sizes.local);
    if (header.readUInt32LE(0) !== signatures.local) throw broken(path, offset, `expected the header of ${name}`);
    return offset + sizes.local + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
}

async function read(file: FileHandle, path: string, start: number, end: number): Promise<Buffer> {
  const { size } = await file.stat();
  if (end > size) throw broken(path, start, `expected ${end - start} bytes, the file ends at ${size}`);
  return (await file.read(Buffer.alloc(end - start), 0, end - start, start)).buffer;
}
