import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundEven, toNumbers } from '../convert.ts';
import { Weights } from '../weights.ts';
import { quantizeWeights, roundedScale } from './quantize-weights.ts';

const given = (shape: readonly [number, number], values: readonly number[]) =>
  Weights.fromNumbers('float32', shape, values, 'kernel');

describe('quantizeWeights', () => {
  it('gives each channel its own scale', () => {
    const kernel = given([2, 3], [1, -20, 0, 0.5, 10, 0]);
    const columns = quantizeWeights(kernel, 'int8', 'float32', 1);
    expect([...columns.scales.array()]).toEqual([Math.fround(1 / 127), Math.fround(20 / 127), 1]);
    expect([...columns.values.array()]).toEqual([127, -127, 0, 64, 64, 0]);
    const rows = quantizeWeights(kernel, 'int8', 'float32', 0);
    expect([...rows.scales.array()]).toEqual([Math.fround(20 / 127), Math.fround(10 / 127)]);
    const one = quantizeWeights(kernel, 'int8', 'float32');
    expect(one.scales.shape).toEqual([]);
    expect([...one.values.array()]).toEqual([6, -127, 0, 3, 64, 0]);
  });

  it('gives the scales also as one and shares of it, by which channels of zeros go for nothing', () => {
    const { scales, largestScale, shares } = quantizeWeights(
      given([2, 3], [1, -20, 0, 0.5, 10, 0]),
      'int8',
      'float32',
      1,
    );
    const [largest] = largestScale.array() as Float32Array;
    expect(largest).toBe(Math.fround(20 / 127));
    expect([...shares.array()]).toEqual([Math.fround(1 / 20), 1, 1]);
    for (const i of [0, 1]) expect(Number(shares.array()[i]) * largest!).toBeCloseTo(Number(scales.array()[i]), 7);
    const zeros = quantizeWeights(given([1, 2], [0, 0]), 'int8', 'float16', 1);
    expect([...toNumbers('float16', zeros.largestScale.array())]).toEqual([1]);
    expect([...toNumbers('float16', zeros.shares.array())]).toEqual([1, 1]);
  });

  it('takes as many channels as a large vocabulary has', () => {
    const values = new Float32Array(2 * 250_002).fill(1);
    values[7] = -254;
    const kernel = Weights.of('float32', [2, 250_002], values, 'decoder');
    const { largestScale, scales } = quantizeWeights(kernel, 'int8', 'float32', 1);
    expect([...largestScale.array()]).toEqual([2]);
    expect(scales.shape).toEqual([250_002]);
  });

  it('divides by the scale that was rounded to its type', () => {
    const kernel = given([1, 2], [1 / 3, 0.1]);
    const { scales, values } = quantizeWeights(kernel, 'int8', 'bfloat16', 1);
    const [a, b] = toNumbers('bfloat16', scales.array()) as unknown as [number, number];
    expect(a).not.toBe(1 / 3 / 127);
    expect([...values.array()]).toEqual([roundEven(Math.min(127, 1 / 3 / a)), roundEven(Math.fround(0.1) / b)]);
  });

  it('gives back every weight to half a step, in int8, and to 1/16 of its size in float8', () => {
    const numbers = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(numbers, fc.constantFrom(0, 1, undefined), (list, axis) => {
        const kernel = given([2, 3], list);
        const channel = (i: number) => (axis === undefined ? 0 : axis === 0 ? Math.floor(i / 3) : i % 3);
        for (const type of ['int8', 'float8'] as const) {
          const { scales, values } = quantizeWeights(kernel, type, 'float32', axis);
          const scale = toNumbers('float32', scales.array());
          toNumbers(type, values.array()).forEach((q, i) => {
            const s = scale[channel(i)]!;
            // 1e-6: the scale itself is rounded
            const allowed = type === 'int8' ? s / 2 : Math.max(Math.abs(list[i]!) / 16, s * 2 ** -10);
            expect(Math.abs(q * s - list[i]!)).toBeLessThanOrEqual(allowed * (1 + 1e-4));
          });
        }
      }),
    );
  });

  it('names weights that are no numbers', () => {
    const { values } = quantizeWeights(given([1, 2], [1, Number.NaN]), 'int8', 'float32');
    expect(() => values.bytes()).toThrow(/weights "kernel": element 1 is NaN/);
  });
});

describe('roundedScale', () => {
  it('is never 0', () => {
    expect(roundedScale(0, 'int8', 'float16')).toBe(1);
    expect(roundedScale(1e-9, 'int8', 'float16')).toBe(2 ** -24);
    expect(roundedScale(448, 'float8', 'float16')).toBe(1);
  });

  it('rounds halves to even', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, -2.6].map((x) => roundEven(x) + 0)).toEqual([
      0, 2, 2, 0, -2, -2, 2, -3,
    ]);
  });
});
