import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Weights } from '@trt-dsl/dsl';
import { openWeights, tensorsOf, writeNpz } from '@trt-dsl/weights';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, trtDsl } from '../../../test/support/trt-dsl.ts';

const fixtures = fileURLToPath(new URL('../../../packages/weights/fixtures/', import.meta.url));
const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8'));
const fixture = (name: string): string => join(fixtures, name);
const bert = {
  tensorflow: fixture('bert/tensorflow'),
  demo: fixture('bert/demo.npz'),
  torch: fixture('bert/huggingface'),
};

async function json(...argv: readonly string[]) {
  const { exitCode, stdout } = await trtDsl(...argv, '--json');
  return { exitCode, report: JSON.parse(stdout) };
}

describe('trt-dsl weights list', () => {
  it.each(['bert/tensorflow', 'bert/demo.npz', 'bert/huggingface'])(
    '%s: names, types, shapes and checksums are those that Python wrote',
    async (name) => {
      const { report } = await json('weights', 'list', fixture(name));
      const found = report.tensors.map(({ name: key, type, shape, sha256 }: Record<string, unknown>) => [
        key,
        { type, shape, sha256 },
      ]);
      expect(Object.fromEntries(found)).toEqual(expected[name]);
      expect(report.count).toBe(Object.keys(expected[name]).length);
    },
  );

  it('lists for people, some of them, and without reading', async () => {
    const { stdout } = await trtDsl('weights', 'list', bert.tensorflow, '--only', '*/word_embeddings', '--no-checksum');
    expect(stdout).toBe(
      'name                             type     shape    bytes\n' +
        'bert/embeddings/word_embeddings  float32  [20, 8]    640\n' +
        '1 tensors, 640 B (tensorflow)\n',
    );
    expect((await trtDsl('weights', 'list', bert.tensorflow, '--only', 'nothing*')).stderr).toMatch(
      /no name fits --only nothing\*/,
    );
  });

  it('lists types that cannot be read', async () => {
    const { report } = await json('weights', 'list', fixture('npy/folder'));
    const complex = report.tensors.find(({ name }: { name: string }) => name === 'complex64');
    expect(complex).toMatchObject({ type: 'complex64', shape: [2, 3] });
    expect(complex).not.toHaveProperty('sha256');
  });

  it('lists the initializers of an ONNX file', async () => {
    const path = fileURLToPath(new URL('../../../packages/onnx-backend/fixtures/dynamo-squad.onnx', import.meta.url));
    const { report } = await json('weights', 'list', path, '--only', '*qa_outputs.bias');
    expect(report.tensors).toMatchObject([{ type: 'float32', shape: [2] }]);
  });

  it('needs one of its commands', async () => {
    expect(await trtDsl('weights')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('weights --help'),
    });
  });
});

describe('trt-dsl weights diff', () => {
  it('finds one BERT in three files with different names, and the one value that was changed', async () => {
    for (const other of [bert.torch, bert.demo]) {
      const { exitCode, report } = await json('weights', 'diff', bert.tensorflow, other, '--bert');
      expect(exitCode).toBe(0);
      expect(report).toMatchObject({ same: 41, missing: [], extra: [], changed: [] });
    }
    const changed = join(temporaryFolder(), 'changed.npz');
    const key = 'l1_output_dense_kernel';
    const moved = openWeights(bert.demo).get(key);
    const values = Float32Array.from(moved.array() as Float32Array);
    values[5]! += 0.5;
    const tensors = new Map(tensorsOf(openWeights(bert.demo)));
    tensors.set(key, Weights.of('float32', moved.shape as number[], values, key) as Weights);
    writeNpz(changed, tensors);
    const { exitCode, report } = await json('weights', 'diff', bert.torch, changed, '--bert');
    expect(exitCode).toBe(1);
    expect(report.changed).toEqual([
      {
        name: 'encoder/layer_1/output/dense/kernel',
        a: 'float32[32, 8]',
        b: 'float32[32, 8]',
        maxAbs: expect.closeTo(0.5, 6),
        values: 1,
      },
    ]);
    expect((await json('weights', 'diff', bert.torch, changed, '--bert', '--tolerance', '0.6')).exitCode).toBe(0);
  });

  it('tells of missing, extra and other shapes', async () => {
    const folder = temporaryFolder();
    const [a, b] = [join(folder, 'a.npz'), join(folder, 'b.npz')];
    const ones = (name: string, shape: readonly number[]): [string, Weights] => [
      name,
      Weights.fromNumbers('float32', shape, new Array(shape.reduce((x, y) => x * y, 1)).fill(1), name) as Weights,
    ];
    writeNpz(a, [ones('both', [2]), ones('gone', [1]), ones('shaped', [2, 3])]);
    writeNpz(b, [ones('both', [2]), ones('new', [1]), ones('shaped', [3, 2])]);
    const { exitCode, stdout } = await trtDsl('weights', 'diff', a, b);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(
      `only in ${a}:\n  gone\nonly in ${b}:\n  new\ndifferent:\n  shaped  float32[2, 3] → float32[3, 2]\n` +
        `1 the same, 1 different, 1 only in ${a}, 1 only in ${b}\n`,
    );
  });
});

describe('values', () => {
  const differ = async (a: Weights, b: Weights) => {
    const folder = temporaryFolder();
    const [one, other] = [join(folder, 'a.npz'), join(folder, 'b.npz')];
    writeNpz(one, [['w', a]]);
    writeNpz(other, [['w', b]]);
    return (await json('weights', 'diff', one, other)).report;
  };
  const float = (...values: readonly number[]) => Weights.fromNumbers('float32', [values.length], values) as Weights;

  it('are compared exactly where they are int64', async () => {
    const integer = (value: bigint) => Weights.of('int64', [1], BigInt64Array.of(value)) as Weights;
    expect((await differ(integer(2n ** 60n), integer(2n ** 60n + 1n))).changed).toMatchObject([
      { maxAbs: 1, values: 1 },
    ]);
  });

  it('are the same where both are no number, or zeros of any sign', async () => {
    expect((await differ(float(Number.NaN, 0), float(Number.NaN, -0))).changed).toEqual([]);
    expect((await differ(float(Number.NaN), float(1))).changed).toMatchObject([{ values: 1 }]);
  });
});

describe('trt-dsl weights convert', () => {
  it('goes through every format and comes back the same', async () => {
    const folder = temporaryFolder();
    const stations = ['a.safetensors', 'b.npz', 'c/', 'd.ckpt', 'e.safetensors'].map((name) => join(folder, name));
    let from = bert.tensorflow;
    for (const to of stations) {
      expect(await trtDsl('weights', 'convert', from, to)).toMatchObject({ exitCode: 0 });
      from = to;
    }
    expect(await json('weights', 'diff', bert.tensorflow, from)).toMatchObject({ exitCode: 0, report: { same: 46 } });
  });

  it('converts types and reports what was lost', async () => {
    const folder = temporaryFolder();
    const [from, to] = [join(folder, 'from.npz'), join(folder, 'to.npz')];
    writeNpz(from, [
      ['big', Weights.fromNumbers('float32', [3], [1, 1e6, 1e-9], 'big') as Weights],
      ['ids', Weights.fromNumbers('int32', [1], [70000], 'ids') as Weights],
    ]);
    const { report } = await json('weights', 'convert', from, to, '--type', 'float16');
    expect(report.losses).toEqual([{ name: 'big', to: 'float16', count: 3, overflowed: 1, underflowed: 1 }]);
    expect(openWeights(to).info('big').type).toBe('float16');
    expect(openWeights(to).get('ids').array()).toEqual(Int32Array.of(70000));
  });

  it('replaces nothing unless told to, and wants to know the format', async () => {
    const to = join(temporaryFolder(), 'a.npz');
    expect(await trtDsl('weights', 'convert', bert.demo, to)).toMatchObject({ exitCode: 0 });
    expect((await trtDsl('weights', 'convert', bert.demo, to)).stderr).toMatch(
      /exists already; name another, or --force/,
    );
    expect(await trtDsl('weights', 'convert', bert.demo, to, '--force')).toMatchObject({ exitCode: 0 });
    expect((await trtDsl('weights', 'convert', bert.demo, `${to}.bin`)).stderr).toMatch(/say it with --format/);
    const bfloat = ['weights', 'convert', bert.demo, join(temporaryFolder(), 'b.npz'), '--type', 'bfloat16'];
    expect((await trtDsl(...bfloat)).stderr).toMatch(/bfloat16, which .npy cannot hold/);
  });
});
