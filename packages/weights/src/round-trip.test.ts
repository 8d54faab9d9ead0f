import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataType, dataTypes, Weights } from '@trt-dsl/dsl';
import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { dump, parse } from 'npyjs';
import { afterAll, describe, expect, it } from 'vitest';
import { writeNpyFolder, writeNpz } from './npy-write.ts';
import { openWeights } from './open.ts';
import { writeSafetensors } from './safetensors-write.ts';
import { writeTensorflowBundle } from './tf-checkpoint/bundle-writer.ts';
import { weightsOf } from './weights-file.ts';
import { type NamedWeights, tensorsOf, type WriteOptions } from './write.ts';

const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-round-trip-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const fresh = (suffix = ''): string => join(folder, `${count++}${suffix}`);

interface Writer {
  readonly format: string;
  readonly suffix: string;
  readonly lacks: readonly DataType[];
  readonly write: (path: string, tensors: NamedWeights, options?: WriteOptions) => void;
}
const writers: readonly Writer[] = [
  { format: 'safetensors', suffix: '.safetensors', lacks: [], write: writeSafetensors },
  { format: 'npy', suffix: '', lacks: ['bfloat16', 'float8'], write: writeNpyFolder },
  { format: 'npz', suffix: '.npz', lacks: ['bfloat16', 'float8'], write: writeNpz },
  { format: 'tensorflow', suffix: '.ckpt', lacks: [], write: writeTensorflowBundle },
];

const name = fc.stringMatching(/^[a-zäß日😀_.0-9]{1,12}$/u).filter((text) => !/^\.+$/.test(text));
const key = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

/** Tensors of any type and shape with any bytes, bools being 0 or 1. */
const tensors = (lacks: readonly DataType[]) => {
  const type = fc.constantFrom(...(Object.keys(dataTypes) as DataType[]).filter((t) => !lacks.includes(t)));
  const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });
  const one = fc.tuple(type, shape, fc.integer()).map(([dataType, size, seed]) => {
    const bytes = new Uint8Array(size.reduce((a, b) => a * b, dataTypes[dataType].bytes));
    bytes.forEach((_, i) => {
      const noise = (Math.imul(seed ^ i, 2654435761) >>> 13) & 255;
      bytes[i] = dataType === 'bool' ? noise & 1 : noise;
    });
    return { dataType, shape: size, bytes };
  });
  return fc.uniqueArray(fc.tuple(key, one), { selector: ([k]) => k.toLowerCase(), maxLength: 40 });
};

describe.each(writers)('$format', ({ format, suffix, lacks, write }) => {
  it('gives back every key, type, shape and byte', () => {
    fc.assert(
      fc.property(tensors(lacks), (list) => {
        // a folder cannot be told from one without files
        if (format === 'npy' && list.length === 0) return;
        const path = fresh(suffix);
        write(
          path,
          list.map(([k, t]) => [k, Weights.from({ name: k, ...t, read: () => t.bytes })] as const),
        );
        using file = openWeights(path);
        expect(file.format).toBe(format);
        expect(file.keys()).toEqual(list.map(([k]) => k).sort());
        for (const [k, t] of list) {
          const weights = file.get(k);
          expect([weights.name, weights.dataType, weights.shape]).toEqual([k, t.dataType, t.shape]);
          expect(Buffer.compare(weights.bytes(), t.bytes), `${k} ${weights}`).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('puts nothing in place where a tensor cannot be read, and tells of its progress', () => {
    const path = fresh(suffix);
    const good = Weights.fromNumbers('float32', [2], [1, 2]);
    const bad = Weights.from({ name: 'bad', dataType: 'float32', shape: [2], read: () => new Uint8Array(3) });
    const told: string[] = [];
    const onTensor: NonNullable<WriteOptions['onTensor']> = (p) =>
      told.push(`${p.index + 1}/${p.count} ${p.key} ${p.bytes}`);
    const before = readdirSync(folder);
    expect(() =>
      write(
        path,
        [
          ['good', good],
          ['bad', bad],
        ],
        { onTensor },
      ),
    ).toThrow(/weights "bad": 3 bytes/);
    expect(told).toEqual(['1/2 good 8', '2/2 bad 8']);
    expect(readdirSync(folder)).toEqual(before);
    expect(() =>
      write(path, [
        ['a', good],
        ['a', good],
      ]),
    ).toThrow(/"a" would be written twice/);
  });

  it('replaces a file only by a whole one', () => {
    if (format === 'npy') return;
    const path = fresh(suffix);
    const of = (value: number) => Weights.fromNumbers('float32', [1], [value]);
    write(path, [['x', of(1)]]);
    write(path, [['x', of(2)]]);
    using file = openWeights(path);
    expect([...file.get('x').array()]).toEqual([2]);
  });

  if (lacks.length > 0)
    it('refuses what numpy lacks, with what to do', () => {
      const weights = Weights.fromNumbers('bfloat16', [1], [1]);
      expect(() => write(fresh(suffix), [['x', weights]])).toThrow(
        /"x" is bfloat16, which \.npy cannot hold; write it as float32/,
      );
    });
});

describe('what others write and read', () => {
  it('npyjs reads our .npy, and we read its', () => {
    const path = fresh();
    const values = Float32Array.of(1, -2.5, 3e-8, 4, 5, 6);
    writeNpyFolder(path, [['x', Weights.of('float32', [2, 3], values)]]);
    const bytes = readFileSync(join(path, 'x.npy'));
    const found = parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    expect({ ...found, data: [...(found.data as Float32Array)] }).toEqual({
      data: [...values],
      shape: [2, 3],
      dtype: 'f4',
      fortranOrder: false,
    });
    const theirs = fresh('.npy');
    writeFileSync(theirs, Buffer.from(dump(values, [3, 2]) as ArrayBuffer));
    using file = openWeights(theirs);
    const [only] = file.keys();
    expect(String(file.get(only!))).toBe('float32[3, 2]');
    expect(file.get(only!).array()).toEqual(values);
  });

  it('fflate unpacks our .npz, and we read what it packs', () => {
    const path = fresh('.npz');
    const values = Float32Array.from({ length: 5000 }, (_, i) => i % 7);
    writeNpz(path, [
      ['a/b', Weights.of('float32', [50, 100], values)],
      ['c', Weights.fromNumbers('int32', [1], [3])],
    ]);
    const unpacked = unzipSync(readFileSync(path));
    expect(Object.keys(unpacked)).toEqual(['a/b.npy', 'c.npy']);
    const packed = fresh('.npz');
    writeFileSync(packed, zipSync(unpacked, { level: 9, comment: 'packed again' }));
    using file = openWeights(packed);
    expect(file.get('a/b').array()).toEqual(values);
    expect([...file.get('c').array()]).toEqual([3]);
  });

  it('a folder of .npy may hold links, which are read or refused, not passed over', () => {
    const [from, to] = [fresh(), fresh()];
    writeNpyFolder(from, [['a', Weights.fromNumbers('float32', [2], [1, 2])]]);
    mkdirSync(to);
    symlinkSync(join(from, 'a.npy'), join(to, 'b.npy'));
    expect([...openWeights(to).get('b').array()]).toEqual([1, 2]);
    symlinkSync(join(from, 'none.npy'), join(to, 'c.npy'));
    expect(() => openWeights(to)).toThrow(/c\.npy: cannot be opened: ENOENT/);
  });

  it('an archive may have 64-bit records beside numbers that need none, as PyTorch writes them', () => {
    const path = fresh('.npz');
    writeNpz(path, [['a', Weights.fromNumbers('float32', [2], [1, 2])]]);
    const bytes = readFileSync(path);
    const end = bytes.length - 22;
    const record = Number(bytes.readBigUInt64LE(end - 20 + 8));
    const [count, size, offset] = [32, 40, 48].map((at) => Number(bytes.readBigUInt64LE(record + at)));
    bytes.writeUInt16LE(count!, end + 8);
    bytes.writeUInt16LE(count!, end + 10);
    bytes.writeUInt32LE(size!, end + 12);
    bytes.writeUInt32LE(offset!, end + 16);
    writeFileSync(path, bytes);
    using file = openWeights(path);
    expect([...file.get('a').array()]).toEqual([1, 2]);
  });

  it('a PyTorch archive or pickle is refused with the safe way', () => {
    const archive = fresh('.bin');
    writeFileSync(
      archive,
      zipSync({ 'archive/data.pkl': Uint8Array.of(0x80, 2), 'archive/data/0': new Uint8Array(8) }),
    );
    const pickle = fresh('.pt');
    writeFileSync(pickle, Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46));
    for (const path of [archive, pickle])
      expect(() => openWeights(path)).toThrow(/is a PyTorch pickle.*from safetensors\.torch import save_file/);
  });
});

describe('a file as a source', () => {
  it('gives empty tensors to every format', () => {
    const first = fresh('.safetensors');
    writeSafetensors(first, [['none', Weights.fromNumbers('float32', [0, 4], [])]]);
    using source = openWeights(first);
    for (const { suffix, write } of writers) {
      const path = fresh(suffix);
      write(path, tensorsOf(source));
      using file = openWeights(path);
      expect([String(file.get('none')), file.get('none').bytes().length]).toEqual(['float32[0, 4]', 0]);
    }
  });

  it('is converted from format to format without loss', () => {
    const numbers = [
      ['x/kernel', Weights.fromNumbers('float32', [2, 2], [1, 2, 3, 4])],
      ['y', Weights.fromNumbers('int64', [1], [9])],
    ] as const;
    let source = weightsOf(numbers);
    for (const { suffix, write } of [...writers, ...writers]) {
      const path = fresh(suffix);
      write(path, tensorsOf(source));
      source.close();
      source = openWeights(path);
    }
    expect([...source.get('x/kernel').array()]).toEqual([1, 2, 3, 4]);
    expect([...source.get('y').array()]).toEqual([9n]);
    source.close();
  });

  it('cannot be read after close(), which may be called twice', () => {
    const path = fresh('.safetensors');
    writeSafetensors(path, [['x', Weights.fromNumbers('float32', [1], [1])]]);
    const file = openWeights(path);
    const weights = file.get('x');
    file.close();
    file.close();
    expect(() => weights.bytes()).toThrow(/read of "x" after close\(\)/);
  });

  it('keeps keys out of other folders', () => {
    const one = Weights.fromNumbers('float32', [1], [1]);
    for (const bad of ['../x', '/x', 'a//b', 'a/./b', 'a\\b', ''])
      expect(() => writeNpyFolder(fresh(), [[bad, one]])).toThrow(/cannot be a file's path/);
    const full = fresh();
    writeNpyFolder(full, [['a', one]]);
    expect(() => writeNpyFolder(full, [['b', one]])).toThrow(/cannot be written/);
    const below = join(full, 'a.npy', 'below');
    expect(() => writeNpyFolder(below, [['b', one]])).toThrow(`${below}: cannot be written: E`);
    expect(() => writeSafetensors(below, [['b', one]])).toThrow(`${below}: cannot be written: E`);
    expect(existsSync(join(full, 'b.npy'))).toBe(false);
  });
});
