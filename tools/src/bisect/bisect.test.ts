import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { openBert } from '@trt-dsl/bert-model';
import { collectCalibration, dim, type Graph, Network, Weights, writeCalibration } from '@trt-dsl/dsl';
import { onnxBackend, serializeOnnx, toOnnx } from '@trt-dsl/onnx-backend';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../cli.ts';
import type { Progress } from '../command.ts';
import { commands } from '../commands/index.ts';
import { bisect } from './bisect.ts';
import { relativeError } from './measure.ts';
import { readLines, textBatches } from './sentences.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trt-dsl-bisect-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const wave = (name: string, scale: number) =>
  Weights.fromNumbers(
    'float32',
    [16, 16],
    Array.from({ length: 256 }, (_, i) => (scale * Math.sin(i * i + 1)) / 4),
    name,
  );

/** Four linear layers with GELUs; the third's weights are scaled up so that its sums overflow float16, and down behind. */
function planted(): string {
  const net = new Network('planted');
  let x = net.addInput('x', 'float32', [dim('batch'), 16]);
  for (let i = 0; i < 4; i++) {
    const block = net.scope(`layer_${i}`);
    const bad = i === 2 ? 3e5 : 1;
    const y = block.addLinear(x, wave('kernel', bad), undefined, { name: 'dense' });
    const scaled = block.scope('scale').addMul(y, 1 / bad);
    x = block.scope('activation').addGELU(scaled);
  }
  net.markOutput(x, 'y');
  return file('planted.onnx', serializeOnnx(toOnnx(net.graph())));
}

/** Two linear layers; the input of the second has one element a hundred times the others, and its kernel a row as much smaller. */
function outlier(): string {
  const net = new Network('outlier');
  const x = net.addInput('x', 'float32', [dim('batch'), 16]);
  const first = net.scope('layer_0').addLinear(x, wave('kernel', 1), undefined, { name: 'dense' });
  const factors = Array.from({ length: 16 }, (_, i) => (i === 5 ? 100 : 1));
  const large = net.addMul(first, Weights.fromNumbers('float32', [16], factors, 'factors'));
  const values = wave('kernel', 1)
    .array()
    .map((value, i) => value / factors[Math.floor(i / 16)]!);
  const kernel = Weights.of('float32', [16, 16], values, 'kernel');
  net.markOutput(net.scope('layer_1').addLinear(large, kernel, undefined, { name: 'dense' }), 'y');
  return file('outlier.onnx', serializeOnnx(toOnnx(net.graph())));
}

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const fixtures = fileURLToPath(new URL('../../../examples/bert-squad/fixtures/', import.meta.url));
const [checkpoint, lines] = [join(fixtures, 'tensorflow/model.ckpt-1'), join(fixtures, 'lines.txt')];

async function run(
  ...args: string[]
): Promise<{ readonly code: number; readonly json: BisectReport; readonly errors: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await main(['bisect', ...args, '--json'], { stdout, stderr });
  return { code, json: JSON.parse(String(stdout.read())), errors: String(stderr.read()) };
}

interface BisectReport {
  readonly ranking: readonly { readonly layer: string; readonly error: number | null }[];
  readonly exclude: readonly string[];
  readonly error: number;
  readonly errorOfAll: number | null;
}

describe('trt-dsl bisect', () => {
  it('names the layer first that overflows float16, and excludes it alone', async () => {
    const out = join(folder, 'exclude.txt');
    const { code, json } = await run(
      ...[planted(), '--precision', 'float16', '--size', 'batch=8', '--count', '2', '--tolerance', '0.01', '-o', out],
    );
    expect(code).toBe(0);
    expect(json.ranking[0]).toMatchObject({ layer: expect.stringMatching(/^layer_2\/dense/), error: null });
    expect(json.errorOfAll).toBeNull();
    expect(json.exclude.every((pattern) => pattern.startsWith('layer_2/'))).toBe(true);
    expect(json.error).toBeLessThan(0.01);
    expect(readFileSync(out, 'utf8')).toBe(json.exclude.map((pattern) => `${pattern}\n`).join(''));
  });

  it('ranks linear layers by what int8 costs', async () => {
    const { json } = await run(planted(), '--size', 'batch=8', '--count', '2', '--tolerance', '1');
    expect(json.ranking.map(({ layer }) => layer).sort()).toHaveLength(4);
    expect(json.exclude).toEqual([]);
  });

  it('names the layer first whose input has an outlier, and excludes it alone', async () => {
    const { json } = await run(outlier(), '--size', 'batch=8', '--count', '2', '--tolerance', '0.03');
    expect(json.ranking[0]).toMatchObject({ layer: 'layer_1/dense/matmul' });
    expect(json.ranking[0]!.error).toBeGreaterThan(3 * json.ranking[1]!.error!);
    expect(json.exclude).toEqual(['layer_1/dense/matmul']);
    expect(json.error).toBeLessThan(0.03);
  });

  it('takes a recipe, and the ranges of a calibration cache, smoothed or not', async () => {
    const how = [checkpoint, '--text', lines];
    const ranked = async (...more: string[]) => (await run(...how, ...more)).json.ranking;
    const [gemm, accurate] = [await ranked(), await ranked('--recipe', 'accurate')];
    expect(gemm).toHaveLength(12);
    expect(accurate.map(({ layer }) => layer).sort()).toEqual(
      gemm
        .map(({ layer }) => layer)
        .filter((layer) => !layer.endsWith('/output/dense/matmul') || layer.includes('attention'))
        .sort(),
    );
    using model = openBert({ weights: checkpoint, config: join(fixtures, 'tensorflow') });
    const batches = textBatches(model.tokenizer, readLines(lines), 16, 96);
    const graph = model.graph('float32');
    const cacheOf = async (name: string, smooth: boolean, of: Graph = graph): Promise<string> => {
      const found = await collectCalibration(of, onnxBackend(), batches, { mask: 'attention_mask', smooth });
      return file(name, writeCalibration(found));
    };
    const plain = await cacheOf('plain.json', false);
    const withHead = await cacheOf('head.json', false, model.graph('float32', { task: 'question-answering' }));
    expect(readFileSync(withHead)).not.toEqual(readFileSync(plain));
    expect(await ranked('--calibration-cache', withHead)).toEqual(gemm);
    expect(await ranked('--calibration-cache', plain)).toEqual(gemm);
    const smoothed = await ranked('--calibration-cache', await cacheOf('smooth.json', true));
    expect(smoothed.map(({ layer }) => layer).sort()).toEqual(gemm.map(({ layer }) => layer).sort());
    expect(smoothed).not.toEqual(gemm);
    const other = file('other.json', readFileSync(plain, 'utf8').replace('sha256:', 'sha256:0'));
    expect((await run(...how, '--calibration-cache', other)).errors).toMatch(
      /other\.json: was made of another network/,
    );
  });

  it('runs a TensorFlow checkpoint by its name', async () => {
    const { code, json } = await run(checkpoint, '--text', lines, '--precision', 'float8', '--count', '3');
    expect(code).toBe(0);
    expect(json.ranking).toHaveLength(12);
  });

  it('stops when it is told to', async () => {
    const { run: command } = commands.find(({ command }) => command.startsWith('bisect'))!;
    const interrupt = new AbortController();
    const shown: string[] = [];
    const progress: Progress = {
      ...{ note: () => {}, bytes: () => {}, clear: () => {} },
      share(what) {
        shown.push(what);
        if (what === 'each layer alone') interrupt.abort();
      },
    };
    const args = {
      model: checkpoint,
      text: lines,
      precision: 'int8',
      tolerance: 1e-9,
      count: 4,
      top: 1,
      input: [],
      range: [],
    };
    await expect(command(args as never, { progress, signal: interrupt.signal })).rejects.toThrow(/abort/);
    expect(shown.filter((what) => what === 'each layer alone')).toHaveLength(1);
  });

  it.each([
    ['no text', () => [folder], /--text FILE is missing/],
    ['nothing there', () => [join(folder, 'none')], /no such file/],
    ['a tolerance of 0', () => [planted(), '--tolerance', '0'], /--tolerance 0 is not above 0/],
    ['no lines', () => [checkpoint, '--text', lines, '--count', '0'], /--count 0 is no whole number from 1/],
    ['half a line', () => [checkpoint, '--text', lines, '--count', '2.5'], /--count 2.5 is no whole number/],
    ['no row', () => [checkpoint, '--text', lines, '--top', '-1'], /--top -1 is no whole number from 1/],
    ['a text that is not there', () => [checkpoint, '--text', join(folder, 'none')], /none: cannot be read: ENOENT/],
    ['a folder for text', () => [checkpoint, '--text', folder], /cannot be read: EISDIR/],
    ['an empty text', () => [checkpoint, '--text', file('empty', '\n')], /empty: there is no text in it/],
    ['binary text', () => [checkpoint, '--text', planted()], /planted\.onnx: holds binary data/],
    ['text for a graph', () => [planted(), '--text', lines], /--text is for a BERT's folder or checkpoint/],
    ['sizes for a BERT', () => [checkpoint, '--text', lines, '--size', 'batch=1'], /--size: for a graph's file/],
    [
      'a cache for casts',
      () => [planted(), '--precision', 'float16', '--recipe', 'full'],
      /--recipe: for --precision int8/,
    ],
    ['no such cache', () => [checkpoint, '--text', lines, '--calibration-cache', 'none'], /none: cannot be read/],
    [
      'a cache without the ranges',
      () => [checkpoint, '--text', lines, '--calibration-cache', file('few', 'TRT-1-X\nx: 3c010a14\n')],
      /few: graph "bert": no range for "embeddings\/LayerNorm/,
    ],
    [
      'a cache of nonsense',
      () => [checkpoint, '--text', lines, '--calibration-cache', lines],
      /line 1: expected "TRT-/,
    ],
    [
      'a place that is a folder',
      () => [checkpoint, '--text', lines, '-o', folder],
      /cannot be written: it is a folder/,
    ],
  ])('says in one line what is wrong: %s', async (_, args, message) => {
    const { code, errors } = await run(...args());
    expect(code).toBe(1);
    expect(errors.trimEnd()).toMatch(message);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('relativeError', () => {
  const of = (...values: readonly number[]) => [
    { y: { dataType: 'float32', shape: [values.length], data: Float32Array.from(values) } as const },
  ];
  it('is 0 for the same results, also where all are 0', () => {
    expect(relativeError(of(0, 0), of(0, 0), [])).toBe(0);
    expect(relativeError(of(3, 4), of(3, 4), [])).toBe(0);
    expect(relativeError(of(3, 5), of(3, 4), [])).toBeCloseTo(0.2, 10);
    expect(relativeError(of(1, 0), of(0, 0), [])).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError(of(Number.NaN), of(1), [])).toBeNaN();
  });
});

describe('bisect', () => {
  it('meets every tolerance, with nothing excluded that could be lowered again', async () => {
    const unit = fc.record({ error: fc.nat(100), work: fc.integer({ min: 1, max: 100 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { minLength: 1, maxLength: 8 }), fc.nat(300), async (list, tolerance) => {
        const units = list.map(({ work }, i) => ({ pattern: `${i}`, layers: [`${i}`], work }));
        const errors = new Map(units.map((one, i) => [one, list[i]!.error]));
        const sum = (of: readonly (typeof units)[number][]) => of.reduce((total, one) => total + errors.get(one)!, 0);
        const found = await bisect(units, async (lowered) => sum(lowered as typeof units), tolerance);
        const left = units.filter(({ pattern }) => !found.exclude.includes(pattern));
        expect(found.met).toBe(true);
        expect(found.error).toBe(sum(left));
        expect(found.error).toBeLessThanOrEqual(tolerance);
        for (const one of units.filter(({ pattern }) => found.exclude.includes(pattern)))
          expect(sum([...left, one])).toBeGreaterThan(tolerance);
        expect(found.ranking.map(({ error }) => error)).toEqual(list.map(({ error }) => error).sort((a, b) => b - a));
      }),
    );
  });
});
