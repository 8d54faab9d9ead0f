import {
  closeSync,
  cpSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TrtDslError, Weights } from '@trt-dsl/dsl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeNpz } from './npy-write.ts';
import { openWeights } from './open.ts';
import { writeSafetensors } from './safetensors-write.ts';
import { writeTensorflowBundle } from './tf-checkpoint/bundle-writer.ts';

/** Everything that a file says, as text; unreadable types by their shape alone. */
function snapshot(path: string): string {
  using file = openWeights(path);
  return file
    .keys()
    .map((key) => {
      const { type, shape, byteLength } = file.info(key);
      const readable = !/complex|string|other|e5m2/.test(type);
      const bytes = readable ? Buffer.from(file.get(key).bytes()).toString('base64') : '';
      return `${key} ${type} [${shape.join(', ')}] ${byteLength} ${bytes}`;
    })
    .join('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));

interface Target {
  readonly name: string;
  /** what is opened */
  readonly open: string;
  /** what is damaged */
  readonly damage: readonly string[];
  /** whether a checksum or structure guards every number, so that damage never changes one */
  readonly guarded: boolean;
  /** JSON and text files have no offset to tell */
  readonly noOffset?: boolean;
  /** every so many bytes; 1 but for long files */
  readonly stride?: number;
}

const data = '.data-00000-of-00001';
const targets: readonly Target[] = [
  { name: 'safetensors', open: 'own/x.safetensors', damage: ['own/x.safetensors'], guarded: false },
  {
    name: 'safetensors of every type',
    open: 'safetensors/types.safetensors',
    damage: ['safetensors/types.safetensors'],
    guarded: false,
    stride: 3,
  },
  {
    name: 'shards',
    open: 'safetensors/shards',
    damage: ['model.safetensors.index.json', 'model-00002-of-00002.safetensors'].map((f) => `safetensors/shards/${f}`),
    guarded: false,
    noOffset: true,
  },
  { name: 'npy', open: 'npy/folder/fortran3.npy', damage: ['npy/folder/fortran3.npy'], guarded: false },
  { name: 'npy version 2', open: 'npy/folder/version2.npy', damage: ['npy/folder/version2.npy'], guarded: false },
  { name: 'npz by numpy', open: 'npy/small.npz', damage: ['npy/small.npz'], guarded: true },
  { name: 'npz compressed', open: 'npy/small-compressed.npz', damage: ['npy/small-compressed.npz'], guarded: true },
  { name: 'npz, 64-bit fields', open: 'own/x.npz', damage: ['own/x.npz'], guarded: true },
  {
    name: 'TensorFlow, all types',
    open: 'tensorflow/types',
    damage: ['.index', data].map((end) => `tensorflow/types/model.ckpt${end}`),
    guarded: true,
  },
  {
    name: 'TensorFlow, partitioned',
    open: 'tensorflow/partitioned',
    damage: ['.index', data].map((end) => `tensorflow/partitioned/model.ckpt-3${end}`),
    guarded: true,
  },
  {
    name: 'TensorFlow, two shards',
    open: 'tensorflow/sharded',
    damage: ['.index', '.data-00001-of-00002'].map((end) => `tensorflow/sharded/model.ckpt-3${end}`),
    guarded: true,
  },
  {
    name: 'TensorFlow, snappy',
    open: 'tensorflow/snappy',
    damage: ['tensorflow/snappy/model.ckpt-3.index'],
    guarded: true,
    stride: 11,
  },
  {
    name: 'TensorFlow, own writer',
    open: 'own/model.ckpt',
    damage: ['.index', data].map((end) => `own/model.ckpt${end}`),
    guarded: true,
  },
  { name: 'TensorFlow `checkpoint`', open: 'bert/tensorflow', damage: ['bert/tensorflow/checkpoint'], guarded: true },
];

/** Every byte is changed in each of these ways; all of them with TRT_DSL_FUZZ=all, which takes minutes. */
const everyFlip: readonly ((byte: number) => number)[] = [
  (b) => b ^ 0xff,
  (b) => b ^ 1,
  (b) => b ^ 0x80,
  () => 0,
  (b) => b + 1,
];
const all = process.env['TRT_DSL_FUZZ'] === 'all';
const flips = all ? everyFlip : everyFlip.slice(0, 2);

beforeAll(() => {
  cpSync(fixtures, folder, { recursive: true });
  const own: [string, Weights][] = [
    ['a/kernel', Weights.fromNumbers('float32', [2, 3], [1, 2, 3, -4, 5, 6])],
    ['b', Weights.fromNumbers('float16', [3], [1, 2, 3])],
    ['c', Weights.fromNumbers('int64', [], [7])],
  ];
  writeSafetensors(join(folder, 'own/x.safetensors'), own, { metadata: { format: 'pt' } });
  writeNpz(join(folder, 'own/x.npz'), own);
  writeTensorflowBundle(join(folder, 'own/model.ckpt'), own);
});

describe.each(targets)('$name', ({ open, damage, guarded, noOffset, ...target }) => {
  it.each(damage)(
    '%s: no damage crashes, hangs or changes a guarded number',
    (name) => {
      const stride = all ? 1 : (target.stride ?? 1);
      const path = join(folder, open);
      const file = join(folder, name);
      const whole = readFileSync(file);
      const right = snapshot(path);
      const before = process.resourceUsage().maxRSS;
      const tally = { refused: 0, same: 0, other: 0 };

      const attempt = (what: string): void => {
        let found: string;
        try {
          found = snapshot(path);
        } catch (error) {
          if (!(error instanceof TrtDslError)) throw new Error(`${what} ends in ${String(error)}`, { cause: error });
          const placed = noOffset || /: at byte \d+: |which TensorRT does not have/.test(error.message);
          if (!placed || !error.message.includes(folder))
            throw new Error(`${what} is told of vaguely`, { cause: error });
          tally.refused++;
          return;
        }
        if (found === right) tally.same++;
        else if (guarded) expect(found, `${what} changed the tensors without a word`).toBe(right);
        else tally.other++;
      };

      const descriptor = openSync(file, 'r+');
      try {
        for (let at = 0; at < whole.length; at += stride)
          for (const flip of flips) {
            const damaged = flip(whole[at]!) & 255;
            if (damaged === whole[at]) continue;
            writeSync(descriptor, Uint8Array.of(damaged), 0, 1, at);
            attempt(`byte ${at} from ${whole[at]} to ${damaged}`);
            writeSync(descriptor, whole, at, 1, at);
          }
        for (let length = whole.length - 1; length >= 0; length -= stride) {
          ftruncateSync(descriptor, length);
          attempt(`truncation to ${length}`);
        }
        writeSync(descriptor, Buffer.concat([whole, Buffer.of(0)]), 0, whole.length + 1, 0);
        attempt('a byte more');
      } finally {
        closeSync(descriptor);
        writeFileSync(file, whole);
      }
      expect(tally.refused).toBeGreaterThan(whole.length / stride / 2);
      expect(process.resourceUsage().maxRSS - before).toBeLessThan(300 * 1024); // KiB
    },
    600_000,
  );
});
