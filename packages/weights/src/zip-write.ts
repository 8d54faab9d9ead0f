import { crc32 } from 'node:zlib';
import type { ByteSink } from './atomic.ts';

interface Written {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

const version = 45; // zip64
const utf8Names = 0x800;
const firstOfJanuary1980 = 0x21;
const wide = 0xffffffff;

type Field = readonly [bytes: 2 | 4 | 8, value: number];

/** Little-endian fields one after the other. */
function record(...fields: readonly Field[]): Uint8Array {
  const out = new Uint8Array(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return out;
}

/** What a member's header and its entry in the directory both say: stored, sizes in `extra`. */
const described = (name: Uint8Array, crc: number, extra: Uint8Array): readonly Field[] => [
  [2, version],
  [2, utf8Names],
  [2, 0],
  [2, 0],
  [2, firstOfJanuary1980],
  [4, crc],
  [4, wide],
  [4, wide],
  [2, name.length],
  [2, extra.length],
];

/** A zip archive of stored members, 64-bit sizes throughout. */
export class ZipWriter {
  readonly #sink: ByteSink;
  readonly #members: Written[] = [];

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** A member of the bytes of `pieces`, one after the other. */
  add(path: string, pieces: readonly Uint8Array[]): void {
    // zlib takes empty bytes for the request of a fresh CRC
    const crc = pieces.reduce((before, piece) => (piece.length > 0 ? crc32(piece, before) : before), 0);
    const name = new TextEncoder().encode(path);
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#members.push({ name, crc, size, offset: this.#sink.size });
    const extra = record([2, 1], [2, 16], [8, size], [8, size]);
    this.#sink.write(record([4, 0x04034b50], ...described(name, crc, extra)));
    for (const bytes of [name, extra, ...pieces]) this.#sink.write(bytes);
  }

  /** The directory, which ends the archive. */
  finish(): void {
    const start = this.#sink.size;
    for (const { name, crc, size, offset } of this.#members) {
      const extra = record([2, 1], [2, 24], [8, size], [8, size], [8, offset]);
      const commentDiskAttributes: readonly Field[] = [
        [2, 0],
        [2, 0],
        [2, 0],
        [4, 0],
      ];
      const head: readonly Field[] = [
        [4, 0x02014b50],
        [2, version],
      ];
      this.#sink.write(record(...head, ...described(name, crc, extra), ...commentDiskAttributes, [4, wide]));
      for (const bytes of [name, extra]) this.#sink.write(bytes);
    }
    const end = this.#sink.size;
    const count = this.#members.length;
    const sizes: readonly Field[] = [
      [2, version],
      [2, version],
      [4, 0],
      [4, 0],
      [8, count],
      [8, count],
    ];
    this.#sink.write(record([4, 0x06064b50], [8, 44], ...sizes, [8, end - start], [8, start]));
    this.#sink.write(record([4, 0x07064b50], [4, 0], [8, end], [4, 1]));
    this.#sink.write(record([4, 0x06054b50], [2, 0], [2, 0], [2, 0xffff], [2, 0xffff], [4, wide], [4, wide], [2, 0]));
  }
}
