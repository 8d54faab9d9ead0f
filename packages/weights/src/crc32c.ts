/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), which LevelDB tables and TensorFlow's bundles carry.
 *
 * Short inputs go through eight tables (1.2 GB/s). Long ones are first folded: x^5275 + x^4508 + x^2751 + 1 is the
 * smallest four-term multiple of the polynomial, and so is the same with every exponent times 128 (squaring maps
 * multiples to multiples). Modulo it a 16-byte block may be added to the blocks 767, 2524 and 5275 places later and
 * dropped, which needs three exclusive-ors and no table; what remains are the last 5275 blocks. A WebAssembly loop of
 * some hundred bytes does that on 128-bit vectors (10 GB/s).
 */

const polynomial = 0x82f63b78;
/** How many 16-byte blocks later a dropped block is added. */
const distances = [767, 2524, 5275] as const;
const blockBytes = 16;
const historyBytes = distances[2] * blockBytes;
const chunkBytes = 128 * 1024;

/** tables[k][b]: what byte b leaves in the register after k further zero bytes. */
const tables: readonly Int32Array[] = Array.from({ length: 8 }, () => new Int32Array(256));
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];
for (let byte = 0; byte < 256; byte++) {
  let register = byte;
  for (let bit = 0; bit < 8; bit++) register = register & 1 ? (register >>> 1) ^ polynomial : register >>> 1;
  t0[byte] = register;
}
for (let k = 1; k < 8; k++)
  for (let byte = 0; byte < 256; byte++) {
    const register = tables[k - 1]![byte]!;
    tables[k]![byte] = (register >>> 8) ^ t0[register & 255]!;
  }

/** The register after `bytes`, eight at a time. */
function byTables(register: number, bytes: Uint8Array): number {
  let c = register;
  const end = bytes.length - (bytes.length % 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < end; i += 8) {
    const a = view.getInt32(i, true) ^ c;
    const b = view.getInt32(i + 4, true);
    c =
      t7[a & 255]! ^
      t6[(a >>> 8) & 255]! ^
      t5[(a >>> 16) & 255]! ^
      t4[a >>> 24]! ^
      t3[b & 255]! ^
      t2[(b >>> 8) & 255]! ^
      t1[(b >>> 16) & 255]! ^
      t0[b >>> 24]!;
  }
  for (let i = end; i < bytes.length; i++) c = (c >>> 8) ^ t0[(c ^ bytes[i]!) & 255]!;
  return c;
}

interface Folder {
  /** history, then a chunk of the message */
  readonly memory: Uint8Array;
  /** folds the chunk's first `bytes` bytes, a multiple of 16 */
  readonly fold: (from: number, bytes: number) => void;
}
/** The part of WebAssembly's interface used here; Node's types leave it to the DOM library. */
interface WebAssemblyInterface {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => { readonly exports: { readonly m: { buffer: ArrayBuffer }; f: Folder['fold'] } };
}

let folder: Folder | undefined;

/** Assembles the module: one memory `m` and one function `f(p, end)`, a loop over 16-byte blocks. */
function assemble(): Folder {
  const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
  const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
  const load = (offset: number): number[] => [0x20, 0, 0xfd, 0x00, 0, ...leb(offset)]; // local.get p; v128.load offset
  const xor = [0xfd, 0x51]; // v128.xor
  const back = (distance: number): number => historyBytes - distance * blockBytes;
  const body = [
    ...[0, 0x03, 0x40, 0x20, 0], // no locals; loop; local.get p, for the store
    ...load(historyBytes),
    ...distances.flatMap((distance) => [...load(back(distance)), ...xor]),
    ...[0xfd, 0x0b, 0, ...leb(historyBytes)], // v128.store
    ...[0x20, 0, 0x41, blockBytes, 0x6a, 0x22, 0], // p = p + 16
    ...[0x20, 1, 0x49, 0x0d, 0, 0x0b, 0x0b], // continue while p < end, unsigned
  ];
  const pages = Math.ceil((historyBytes + chunkBytes) / 65536);
  const code = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic, version
    ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 0]), // type (i32, i32) → ()
    ...section(3, [1, 0]), // one function of that type
    ...section(5, [1, 0, ...leb(pages)]), // one memory
    ...section(7, [2, 1, 0x6d, 2, 0, 1, 0x66, 0, 0]), // exports m, f
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyInterface }).WebAssembly;
  const { m, f } = new Instance(new Module(code)).exports;
  return { memory: new Uint8Array(m.buffer), fold: f };
}

/** The register after `bytes`, at least twice as long as the history. */
function byFolding(register: number, bytes: Uint8Array): number {
  folder ??= assemble();
  const { memory, fold } = folder;
  const folded = bytes.length - historyBytes - (bytes.length % blockBytes);
  memory.fill(0, 0, historyBytes);
  for (let from = 0; from < folded; from += chunkBytes) {
    const length = Math.min(chunkBytes, folded - from);
    memory.set(bytes.subarray(from, from + length), historyBytes);
    if (from === 0) for (let i = 0; i < 4; i++) memory[historyBytes + i]! ^= register >>> (8 * i);
    fold(0, length);
    memory.copyWithin(0, length, length + historyBytes);
  }
  const last = new Uint8Array(bytes.subarray(folded, folded + historyBytes)); // a copy, also of a Buffer
  const words = new Int32Array(last.buffer);
  const history = new Int32Array(memory.buffer, 0, words.length);
  for (const distance of distances) {
    const reach = (distance * blockBytes) / 4;
    const start = words.length - reach;
    for (let i = 0; i < reach; i++) words[i]! ^= history[start + i]!;
  }
  return byTables(byTables(0, last), bytes.subarray(folded + historyBytes));
}

/**
 * CRC-32C of `bytes`, unsigned.
 * @param previous the CRC of the bytes before them, to go on from
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  return ~(bytes.length < 3 * historyBytes ? byTables : byFolding)(~previous, bytes) >>> 0;
}

/** A CRC as TensorFlow and LevelDB store it: rotated right by 15 bits, plus a constant. */
export const maskedCrc32c = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};
