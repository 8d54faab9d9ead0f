import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { collectHistograms, Network, rangeOf, Weights } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../support/python.ts';
import { seed } from '../support/seed.ts';

interface Case {
  readonly values: readonly number[];
  readonly quantile: number;
  readonly cutoff: number;
}

type Method = 'entropy' | 'percentile' | 'min-max' | 'mse int8' | 'mse float8';
type Answer = Readonly<Record<Method, readonly number[]>> & {
  readonly amax: number;
  readonly counts: readonly number[];
};

const script = fileURLToPath(new URL('numpy_reference.py', import.meta.url));

/** Values of many kinds: bell-shaped with outliers, uniform, few different ones, small and large. */
const values = fc
  .record({
    count: fc.integer({ min: 1, max: 3000 }),
    shape: fc.constantFrom('normal', 'outliers', 'uniform', 'few'),
    scale: fc.constantFrom(1e-6, 1, 37.5, 1e6),
    seed: fc.nat(),
  })
  .map(({ count, shape, scale, seed: start }) => {
    let state = start + 1;
    const next = (): number => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const normal = (): number => next() + next() + next() + next() - 2;
    const draw = {
      normal,
      uniform: () => next() * 2 - 1,
      few: () => Math.round(next() * 4) / 4,
      outliers: () => (next() < 0.003 ? 40 * normal() : normal()),
    }[shape];
    return Array.from({ length: count }, () => Math.fround(draw() * scale));
  })
  .filter((list) => list.some((value) => value !== 0));
const cases: fc.Arbitrary<Case> = fc.record({
  values,
  quantile: fc.constantFrom(0.5, 0.99, 0.9999, 1),
  cutoff: fc.constantFrom(0.3, 0.9, 1),
});

describe(`ranges against NumPy (seed ${seed})`, () => {
  const drawn = fc.sample(cases, { seed, numRuns: 12 });
  let answers: readonly Answer[];
  beforeAll(async () => {
    const python = await findPython(['numpy']);
    const input = JSON.stringify(drawn);
    answers = JSON.parse(execFileSync(python, [script], { input, encoding: 'utf8', maxBuffer: 2 ** 28 }));
  });

  it.each(drawn.map((_, i) => i))('case %d: histogram and every method', async (i) => {
    const { values: list, quantile, cutoff } = drawn[i]!;
    const due = answers[i]!;
    const histogram = await histogramOf(list);
    expect(histogram.amax).toBe(due.amax);
    expect([...histogram.counts]).toEqual(due.counts);
    const options = { quantile, cutoff };
    const found: Record<Method, number> = {
      entropy: rangeOf(histogram, 'entropy'),
      percentile: rangeOf(histogram, 'percentile', options),
      'min-max': rangeOf(histogram, 'min-max'),
      'mse int8': rangeOf(histogram, 'mse', { dataType: 'int8' }),
      'mse float8': rangeOf(histogram, 'mse', { dataType: 'float8' }),
    };
    for (const [method, range] of Object.entries(found)) {
      const right = due[method as Method];
      const nearest = right.reduce((a, b) => (Math.abs(b - range) < Math.abs(a - range) ? b : a));
      expect(Math.abs(range - nearest) / nearest, `${method}: ${range} is none of ${right.slice(0, 5)}`).toBeLessThan(
        1e-12,
      );
    }
  });
});

/** The histogram of a tensor that has these values, collected as calibration does, in batches. */
async function histogramOf(list: readonly number[]) {
  const net = new Network('values');
  const x = net.addInput('x', 'float32', [list.length, 16]);
  net.markOutput(net.addMatMul(x, Weights.fromNumbers('float32', [16, 16], new Float32Array(256))), 'y');
  // Each value once, the rest of its row being filled by the same values of other rows.
  const rows = Float32Array.from(
    { length: list.length * 16 },
    (_, i) => list[(Math.floor(i / 16) + (i % 16)) % list.length]!,
  );
  const half = { x: { data: rows, shape: [list.length, 16] } };
  const histograms = await collectHistograms(net.graph(), onnxBackend({ threads: 1 }), [half]);
  const { amax, counts } = histograms.get('x')!;
  return { amax, counts: counts.map((count) => count / 16) };
}
