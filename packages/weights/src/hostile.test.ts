// Files that no damage makes but somebody could: every checksum right, and lies all the same.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { type ByteSink, writeFiles } from './atomic.ts';
import { npyHeader } from './npy.ts';
import { openWeights } from './open.ts';
import { type BundleEntry, type BundleHeader, entryMessage, headerMessage } from './tf-checkpoint/messages.ts';
import { sliceKey } from './tf-checkpoint/slice-key.ts';
import { writeTable } from './tf-checkpoint/table-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const fresh = (suffix = ''): string => join(folder, `${count++}${suffix}`);

describe('safetensors', () => {
  const write = (header: string, data = 0, length = BigInt(Buffer.byteLength(header))): string => {
    const path = fresh('.safetensors');
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(length);
    writeFileSync(path, Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(data)]));
    return path;
  };
  const tensor = (dtype: string, shape: readonly unknown[], offsets: readonly number[]): string =>
    JSON.stringify({ x: { dtype, shape, data_offsets: offsets } });

  it.each([
    [
      'a header longer than the file',
      write('{}', 0, 1n << 62n),
      /at byte 0: the header should be 46116860184273\d+ bytes long, but the file has 10/,
    ],
    ['a header that is no JSON', write('{"x"'), /at byte 8: the header is no UTF-8 JSON/],
    ['a header that is a list', write('[1]'), /the header is no JSON object/],
    ['an unknown type', write(tensor('F5', [1], [0, 4]), 4), /"x": dtype "F5" is none of F64, F32/],
    ['a negative size', write(tensor('F32', [-1], [0, 4]), 4), /"x": shape should be a list of sizes/],
    ['a fraction', write(tensor('F32', [1.5], [0, 4]), 4), /"x": shape should be a list of sizes/],
    [
      'sizes beyond counting',
      write(tensor('F32', [2 ** 40, 2 ** 40], [0, 4]), 4),
      /\[1099511627776, 1099511627776\] is no shape/,
    ],
    [
      'other bytes than the shape needs',
      write(tensor('F32', [2], [0, 4]), 4),
      /F32\[2\] needs 8 bytes, data_offsets give 4/,
    ],
    ['offsets the wrong way round', write(tensor('F32', [1], [4, 0]), 4), /data_offsets should be \[begin, end\]/],
    ['a hole', write(tensor('F32', [1], [4, 8]), 8), /"x" begins here, but the tensor before it ends at byte/],
    ['bytes of nobody', write(tensor('F32', [1], [0, 4]), 5), /the last tensor ends here, but the file has/],
    ['a tensor beyond the end', write(tensor('F32', [2], [0, 8]), 4), /it is truncated/],
    [
      'an overlap',
      write(
        '{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
        3,
      ),
      /"y" begins here/,
    ],
    ['metadata that is not text', write('{"__metadata__":{"a":1}}'), /"__metadata__" should map names to strings/],
  ])('%s', (_, path, message) => {
    expect(() => openWeights(path)).toThrow(message);
  });

  it('a bool that is neither 0 nor 1 is told of when it is read', () => {
    const path = write(tensor('BOOL', [2], [0, 2]));
    appendFileSync(path, Uint8Array.of(1, 2));
    using file = openWeights(path);
    expect(() => file.get('x').bytes()).toThrow(/at byte \d+: "x": the bool at element 1 is 2, neither 0 nor 1/);
  });

  it('keys named like JavaScript’s own are keys', () => {
    using file = openWeights(
      write(
        '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"constructor":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}',
        2,
      ),
    );
    expect(file.keys()).toEqual(['__proto__', 'constructor']);
    expect(file.get('__proto__').array()).toEqual(Uint8Array.of(0));
  });

  it('shards stay in their folder', () => {
    const path = fresh('.safetensors.index.json');
    for (const name of ['../secret', '/etc/passwd', '..', 7]) {
      writeFileSync(path, JSON.stringify({ weight_map: { x: name } }));
      expect(() => openWeights(path)).toThrow(/in "weight_map" is no file beside it/);
    }
  });
});

describe('npy and npz', () => {
  const npy = (header: string, data = 0): string => {
    const path = fresh('.npy');
    const prefix = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 255, header.length >> 8]);
    writeFileSync(path, Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(data)]));
    return path;
  };
  const of = (shape: string, order = 'False'): string =>
    `{'descr': '<f4', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

  it.each([
    [
      'more than the file holds',
      npy(of('(1000000, 1000000)'), 4),
      /should end at byte 4000000000\d+, but the file has/,
    ],
    ['sizes beyond counting', npy(of('(9007199254740991, 9)'), 4), /is no shape/],
    ['a thousand axes', npy(of(`(${'1, '.repeat(1000)})`, 'True'), 4), /is no shape/],
    ['a shape that is no tuple', npy(of('[4]'), 16), /the header should be/],
    [
      'code in the header',
      npy("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,), }\n", 4),
      /the header should be/,
    ],
    ['more after the dictionary', npy(`${of('(1,)')} ; 1`, 4), /the header should be/],
    ['half of a dictionary', npy("{'descr': '<f4', 'shape': (1,)}", 4), /the header should be/],
  ])('%s', (_, path, message) => {
    expect(() => openWeights(path)).toThrow(message);
  });

  it('reads what numpy reads: other spacing and order, Python 2’s long integers, empty axes however large', () => {
    const read = (path: string): string => {
      using file = openWeights(path);
      return String(file.get(file.keys()[0]!));
    };
    expect(read(npy("{ \"shape\":(2L,),'fortran_order':False,'descr':'<f4'}", 8))).toBe('float32[2]');
    expect(read(npy(of('(0, 9007199254740991)', 'True')))).toBe('float32[0, 9007199254740991]');
  });

  it('a member that says it is larger than its bytes can be', () => {
    const path = fresh('.npz');
    const zip = Buffer.from(zipSync({ 'x.npy': Buffer.concat([npyHeader('f4', [4]), Buffer.alloc(16)]) }));
    const directory = zip.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
    zip.writeUInt32LE(0xf0000000, directory + 24);
    writeFileSync(path, zip);
    expect(() => openWeights(path).get('x')).toThrow(/"x": float32\[4\] needs 144 bytes, but x\.npy has 4026531840/);
  });
});

describe('TensorFlow', () => {
  const header: BundleHeader = { numShards: 1, endianness: 0, version: { producer: 1 } };
  const entry = (shape: readonly number[], more: Partial<BundleEntry> = {}): BundleEntry => ({
    dtype: 1,
    shape: { dim: shape.map((size) => ({ size })) },
    shardId: 0,
    offset: 0,
    size: shape.reduce((a, b) => a * b, 4),
    crc32c: 0,
    slices: [],
    ...more,
  });
  const write = (entries: Readonly<Record<string, BundleEntry | Uint8Array>>, head: BundleHeader = header): string => {
    const prefix = fresh();
    const table = Object.entries(entries).map(([key, value]): [string, Uint8Array] => [
      key,
      value instanceof Uint8Array ? value : entryMessage.encode(value),
    ]);
    table.push(['', headerMessage.encode(head)]);
    writeFiles([`${prefix}.index`], (file) =>
      writeTable(
        file as ByteSink,
        table.sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    );
    writeFileSync(`${prefix}.data-00000-of-00001`, Buffer.alloc(64));
    return prefix;
  };
  const slice = (start: number, length: number) => ({ extent: [{ start, length }] });
  const parts = (...slices: readonly (readonly [number, number])[]) => ({
    x: entry([4], { slices: slices.map(([start, length]) => slice(start, length)) }),
    ...Object.fromEntries(slices.map(([start, length]) => [sliceKey('x', [[start, length]]), entry([length])])),
  });

  it.each([
    ['big-endian numbers', write({}, { ...header, endianness: 1 }), /the checkpoint is big-endian/],
    ['no data files', write({}, { ...header, numShards: 0 }), /there are 0 data files/],
    [
      'a version to come',
      write({}, { ...header, version: { producer: 9, minConsumer: 9 } }),
      /needs a reader of version 9/,
    ],
    [
      'a data file that is not there',
      write({ x: entry([2], { shardId: 1 }) }, { ...header, numShards: 2 }),
      /data-00001-of-00002: cannot be opened/,
    ],
    ['a data file beyond the last', write({ x: entry([2], { shardId: 3 }) }), /"x" is in data file 3 of 1/],
    [
      'a tensor beyond the end',
      write({ x: entry([1 << 20]) }),
      /at byte 0: "x" has 4194304 bytes here, but the file ends at 64/,
    ],
    ['a negative offset', write({ x: entry([1], { offset: -4 }) }), /at byte -4/],
    [
      'a size that is not the shape’s',
      write({ x: entry([2], { size: 4 }) }),
      /float32\[2\] needs 8 bytes, its entry says 4/,
    ],
    ['an unknown axis', write({ x: entry([-1]) }), /\[-1\] is no shape/],
    ['an entry that is no message', write({ x: Uint8Array.of(0x0a, 0xff) }), /the entry of "x" is no such message/],
    ['slices that overlap', write(parts([0, 3], [2, 2])), /its 2 slices overlap, but \[4\] has 4/],
    ['slices that leave a hole', write(parts([0, 1], [2, 2])), /its 2 slices hold 3 elements, but \[4\] has 4/],
    ['a slice outside', write(parts([3, 2])), /slice 0 lies outside of \[4\]/],
    [
      'a slice without an entry',
      write({ x: entry([4], { slices: [slice(0, 4)] }) }),
      /has no entry for "x, slice \[0:4\]"/,
    ],
    [
      'a slice of another shape',
      write({ ...parts([0, 4]), [sliceKey('x', [[0, 4]])]: entry([2]) }),
      /"x, slice \[0:4\]" is not float32\[4\]/,
    ],
    [
      'a slice made of slices',
      write({ ...parts([0, 4]), [sliceKey('x', [[0, 4]])]: entry([4], { slices: [slice(0, 4)] }) }),
      /"x, slice \[0:4\]" is not float32\[4\]/,
    ],
  ])('%s', (_, path, message) => {
    expect(() => openWeights(path)).toThrow(message);
  });

  it('types of tomorrow are listed, not read', () => {
    using file = openWeights(write({ x: entry([2], { dtype: 99 }) }));
    expect(file.info('x')).toEqual({ type: 'other', shape: [2], byteLength: undefined });
    expect(() => file.get('x')).toThrow(/is of type other/);
  });
});

describe('the keys of slices', () => {
  /** Checked against TensorFlow's own bytes by the partitioned fixtures; here what they do not reach. */
  it('keep their order in every size', () => {
    const numbers = [-(2 ** 40), -70000, -8193, -65, -64, -1, 0, 1, 63, 64, 8191, 8192, 100000, 2 ** 40];
    const coded = numbers.map((n) => sliceKey('x', [[n, 0]]));
    expect([...coded].sort()).toEqual(coded);
    expect(Buffer.from(sliceKey('a\0b\xff', []), 'latin1').toString('hex')).toBe(
      '0061' + '00ff' + '62' + 'ff00' + '0001' + '00',
    );
  });
});
