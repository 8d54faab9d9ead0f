import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { dim, Network, Weights } from '@trt-dsl/dsl';
import { serializeOnnx, toOnnx } from '@trt-dsl/onnx-backend';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../cli.ts';
import { bisect } from './bisect.ts';

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
  const path = join(folder, 'planted.onnx');
  writeFileSync(path, serializeOnnx(toOnnx(net.graph())));
  return path;
}

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

  it('says what it needs', async () => {
    expect((await run(folder)).errors).toMatch(/--text FILE is missing/);
    expect((await run(join(folder, 'none'))).errors).toMatch(/no such file/);
    expect((await run(planted(), '--tolerance', '0')).errors).toMatch(/--tolerance 0 is not above 0/);
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
