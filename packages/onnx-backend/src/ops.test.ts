import { type DataType, dim, fromNumbers, type Network, product, sum, Weights } from '@trt-dsl/dsl';
import { describe, expect, it } from 'vitest';
import { given, numbersOf, run } from './test-support/run.ts';

const floats = ['float32', 'float16', 'bfloat16'] as const;
const numeric = [...floats, 'int32', 'int64'] as const;
const everything: readonly DataType[] = [...numeric, 'int8', 'uint8', 'bool', 'float8'];

/** Relative error that one rounding to the type may make, and a little for float32's own arithmetic. */
const tolerance: { readonly [type: string]: number } = { float32: 2e-6, float16: 2 ** -11, bfloat16: 2 ** -8 };

function expectClose(type: DataType, got: readonly number[], wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    const bound = (tolerance[type] ?? 0) * Math.abs(value) * 1.01 + (type === 'float16' ? 2 ** -25 : 1e-7);
    expect(Math.abs(got[i]! - value), `${type} element ${i}: ${got[i]}, not ${value}`).toBeLessThanOrEqual(bound);
  });
}

describe.each(numeric)('elementwise in %s', (type) => {
  const a = given(type, [2, 3], [7, -7, 1, 6, -1, 100]);
  const b = given(type, [3], [2, 3, 1]);
  const integer = type.startsWith('int');
  const table = {
    addAdd: [9, -4, 2, 8, 2, 101],
    addSub: [5, -10, 0, 4, -4, 99],
    addMul: [14, -21, 1, 12, -3, 100],
    addDiv: integer ? [3, -2, 1, 3, 0, 100] : [3.5, -7 / 3, 1, 3, -1 / 3, 100],
    addMin: [2, -7, 1, 2, -1, 1],
    addMax: [7, 3, 1, 6, 3, 100],
    addEqual: [0, 0, 1, 0, 0, 0],
    addLess: [0, 1, 0, 0, 1, 0],
    addGreater: [1, 0, 0, 1, 0, 1],
  } as const;
  it.each(Object.keys(table) as (keyof typeof table)[])('%s broadcasts', async (method) => {
    const [result] = await run([a, b], (net, x, y) => net[method](x, y));
    expect(result!.shape).toEqual([2, 3]);
    expect(result!.type).toBe(/Equal|Less|Greater/.test(method) ? 'bool' : type);
    expectClose(type, result!.values, table[method]);
  });
  it('abs and neg', async () => {
    expect(await numbersOf([a], (net, x) => net.addAbs(x))).toEqual([7, 7, 1, 6, 1, 100]);
    expect(await numbersOf([a], (net, x) => net.addNeg(x))).toEqual([-7, 7, -1, -6, 1, -100]);
  });
  it('reduces', async () => {
    const reduce = (operation: 'sum' | 'max' | 'min' | 'prod', axes: number[], keepDimensions = false) =>
      run([a], (net, x) => net.addReduce(x, { operation, axes: axes as never, keepDimensions }));
    expect((await reduce('sum', [1]))[0]).toEqual({ type, shape: [2], values: [1, 105] });
    expect((await reduce('max', [0], true))[0]).toEqual({ type, shape: [1, 3], values: [7, -1, 100] });
    expect((await reduce('min', [-1]))[0]).toEqual({ type, shape: [2], values: [-7, -1] });
    expect((await reduce('prod', [0, 1]))[0]!.shape).toEqual([]);
    expectClose(type, (await reduce('prod', [0]))[0]!.values, [42, 7, 100]);
  });
  it('sums up to each element', async () => {
    const sums = (options: { axis: number; exclusive?: boolean; reverse?: boolean }) =>
      numbersOf([a], (net, x) => net.addCumulativeSum(x, options));
    expect(await sums({ axis: -1 })).toEqual([7, 0, 1, 6, 5, 105]);
    expect(await sums({ axis: 1, exclusive: true })).toEqual([0, 7, 0, 0, 6, 5]);
    expect(await sums({ axis: 1, reverse: true })).toEqual([1, -6, 1, 105, 99, 100]);
    expect(await sums({ axis: 0, exclusive: true, reverse: true })).toEqual([6, -1, 100, 0, 0, 0]);
  });
  it('ranges over numbers and names', async () => {
    const x = given(type, [3], [7, 8, 9], [dim('n')]);
    const step = integer ? -2 : 0.1;
    const made = await run([x], (net) => [
      net.addRange(4, { dataType: type }),
      net.addRange(sum(dim('n'), 1), { dataType: type, start: 5, step }),
      net.addRange(0, { dataType: type }),
    ]);
    expect(made.map((one) => one.type)).toEqual([type, type, type]);
    expect(made.map((one) => one.shape)).toEqual([[4], [4], [0]]);
    expect(made[0]!.values).toEqual([0, 1, 2, 3]);
    expectClose(
      type,
      made[1]!.values,
      [0, 1, 2, 3].map((i) => 5 + i * step),
    );
  });
  it('topK gives the first of equal ones first, int32 indices', async () => {
    const x = given(type, [6], [1, 5, 5, 1, 5, -2]);
    const [values, indices] = await run([x], (net, t) => Object.values(net.addTopK(t, { k: 4, axis: 0 })) as never);
    expect(values).toEqual({ type, shape: [4], values: [5, 5, 5, 1] });
    expect(indices).toEqual({ type: 'int32', shape: [4], values: [1, 2, 4, 0] });
    const least = await run([x], (net, t) => Object.values(net.addTopK(t, { k: 3, axis: 0, largest: false })) as never);
    expect(least.map((r) => r.values)).toEqual([
      [-2, 1, 1],
      [5, 0, 3],
    ]);
    expect((await run([a], (net, t) => net.addArgmax(t, { axis: 1 })))[0]).toEqual({
      type: 'int32',
      shape: [2],
      values: [0, 2],
    });
  });
});

describe.each(floats)('float layers in %s', (type) => {
  const x = given(type, [2, 3], [-2, -0.5, 0, 0.5, 1, 3]);
  const each = (f: (v: number) => number): number[] => x.values.map(f);
  const gelu = [-0.04550026, -0.15426877, 0, 0.34573123, 0.8413447, 2.9959502];
  const geluTanh = [-0.04540229, -0.15428599, 0, 0.345714, 0.841192, 2.9963627];
  const erf = [-0.99532227, -0.5204999, 0, 0.5204999, 0.8427008, 0.9999779];
  const table: [string, (net: Network, t: never) => never, number[]][] = [
    ['relu', (net, t) => net.addReLU(t) as never, each((v) => Math.max(v, 0))],
    ['sigmoid', (net, t) => net.addSigmoid(t) as never, each((v) => 1 / (1 + Math.exp(-v)))],
    ['tanh', (net, t) => net.addTanh(t) as never, each(Math.tanh)],
    ['gelu', (net, t) => net.addGELU(t) as never, gelu],
    ['gelu by tanh', (net, t) => net.addGELU(t, { approximate: 'tanh' }) as never, geluTanh],
    ['erf', (net, t) => net.addErf(t) as never, erf],
    ['exp', (net, t) => net.addExp(t) as never, each(Math.exp)],
    ['mean', (net, t) => net.addReduce(t, { operation: 'mean', axes: [1] as never }) as never, [-2.5 / 3, 1.5]],
  ];
  it.each(table)('%s', async (_, build, wanted) => {
    const [result] = await run([x], build as never);
    expect(result!.type).toBe(type);
    const bound = (tolerance[type] ?? 0) * 1.01;
    wanted.forEach((value, i) => {
      expect(Math.abs(result!.values[i]! - value)).toBeLessThanOrEqual(Math.abs(value) * bound + 1e-6);
    });
  });
  it('log, sqrt, recip, pow', async () => {
    const y = given(type, [3], [0.25, 1, 4]);
    expectClose(type, await numbersOf([y], (net, t) => net.addLog(t)), [Math.log(0.25), 0, Math.log(4)]);
    expectClose(type, await numbersOf([y], (net, t) => net.addSqrt(t)), [0.5, 1, 2]);
    expectClose(type, await numbersOf([y], (net, t) => net.addRecip(t)), [4, 1, 0.25]);
    expectClose(type, await numbersOf([y], (net, t) => net.addPow(t, 2)), [0.0625, 1, 16]);
    expectClose(
      type,
      await numbersOf([y], (net, t) => net.addScale(t, { scale: 2, shift: 1, power: 2 })),
      [2.25, 9, 81],
    );
  });
  it('softmax along each axis', async () => {
    const row = [1, 2, 3].map((v) => Math.exp(v) / (Math.exp(1) + Math.exp(2) + Math.exp(3)));
    expectClose(
      type,
      await numbersOf([given(type, [1, 3], [1, 2, 3])], (net, t) => net.addSoftmax(t, { axis: -1 })),
      row,
    );
    expectClose(
      type,
      await numbersOf([given(type, [3, 1], [1, 2, 3])], (net, t) => net.addSoftmax(t, { axis: 0 })),
      row,
    );
  });
  it('layerNorm in float32', async () => {
    const y = given(type, [2, 4], [1, 2, 3, 4, 10, 10, 10, 14]);
    const gamma = Weights.fromNumbers('float32', [4], [1, 2, 1, 1]);
    const beta = Weights.fromNumbers('float32', [4], [0, 1, 0, 0]);
    const s = Math.sqrt(1.25);
    const r = Math.sqrt(3);
    const wanted = [-1.5 / s, 1 - 1 / s, 0.5 / s, 1.5 / s, -1 / r, 1 - 2 / r, -1 / r, 3 / r];
    const got = await numbersOf([y], (net, t) => net.addLayerNorm(t, gamma, beta, { epsilon: 0 }));
    wanted.forEach((value, i) => {
      expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(tolerance[type]! * Math.abs(value) + 1e-6);
    });
  });
  it('RMSNorm in float32', async () => {
    const [x, gamma] = [given(type, [2, 3], [1, -2, 3, 200, 0, 100]), [2, 1, -1]];
    const rows = [x.values.slice(0, 3), x.values.slice(3)];
    const wanted = rows.flatMap((row) => {
      const root = Math.sqrt((row[0]! ** 2 + row[1]! ** 2 + row[2]! ** 2) / 3 + 0.5);
      return row.map((value, i) => (value / root) * gamma[i]!);
    });
    const weights = Weights.fromNumbers('float32', [3], gamma, 'gamma');
    expectClose(type, await numbersOf([x], (net, t) => net.addRMSNorm(t, weights, { epsilon: 0.5 })), wanted);
  });
  it('matmul, linear, transposes, broadcast batches', async () => {
    const a = given(type, [2, 1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const b = given(type, [2, 3], [1, 0, 1, 0, 1, 0]);
    expect(await numbersOf([a, b], (net, p, q) => net.addMatMul(p, q, { transposeB: true }))).toEqual([
      4, 2, 10, 5, 16, 8, 22, 11,
    ]);
    const c = given(type, [3, 2], [1, 2, 3, 4, 5, 6]);
    const d = given(type, [3, 1], [1, 0, 2]);
    expect(await numbersOf([c, d], (net, p, q) => net.addMatMul(p, q, { transposeA: true }))).toEqual([11, 14]);
    const kernel = Weights.fromNumbers('float32', [2, 2], [1, 2, 3, 4]);
    const bias = Weights.fromNumbers('float32', [2], [10, 20]);
    expect(await numbersOf([given(type, [1, 2], [1, 1])], (net, p) => net.addLinear(p, kernel, bias))).toEqual([
      14, 26,
    ]);
    expect(
      await numbersOf([given(type, [1, 2], [1, 1])], (net, p) =>
        net.addLinear(p, kernel, bias, { transposeKernel: true }),
      ),
    ).toEqual([13, 27]);
  });
  it('attention with scale and mask', async () => {
    const q = given(type, [1, 1, 2, 2], [1, 0, 0, 1]);
    const k = given(type, [1, 1, 3, 2], [1, 0, 0, 1, 5, 5]);
    const v = given(type, [1, 1, 3, 1], [1, 2, 1000]);
    const mask = given(type, [1, 1, 1, 3], [0, 0, -30000]);
    const p = Math.exp(2) / (Math.exp(2) + 1);
    const got = await numbersOf([q, k, v, mask], (net, a, b, c, m) => net.addAttention(a, b, c, { mask: m, scale: 2 }));
    expectClose(type, got, [p + 2 * (1 - p), 1 - p + 2 * p]);
  });
  it('convolution and pooling', async () => {
    const image = given(type, [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const kernel = Weights.fromNumbers('float32', [1, 1, 2, 2], [1, 0, 0, 1]);
    const bias = Weights.fromNumbers('float32', [1], [0.5]);
    expect(await numbersOf([image], (net, t) => net.addConv2d(t, kernel, bias))).toEqual([6.5, 8.5, 12.5, 14.5]);
    expect(
      await numbersOf([image], (net, t) => net.addConv2d(t, kernel, undefined, { stride: [2, 2], padding: [1, 1] })),
    ).toEqual([1, 3, 7, 14]);
    const pool = (options: object) => numbersOf([image], (net, t) => net.addPooling(t, options as never));
    expect(await pool({ operation: 'max', window: [2, 2], stride: [1, 1] })).toEqual([5, 6, 8, 9]);
    const padded = { operation: 'average', window: [2, 2], stride: [2, 2], padding: [1, 1] };
    expect(await pool(padded)).toEqual([1, 2.5, 5.5, 7]);
    expect(await pool({ ...padded, includePadding: true })).toEqual([0.25, 1.25, 2.75, 7]);
  });
  it('rounds after each layer', async () => {
    const [big, small] = type === 'bfloat16' ? [256, 1] : [2048, 1];
    const got = await numbersOf([given(type, [1], [big]), given(type, [1], [small])], (net, a, b) =>
      net.addSub(net.addAdd(a, b), a),
    );
    expect(got).toEqual([type === 'float32' ? 1 : 0]);
  });
  it('quantizes to int8, ties to even, saturating', async () => {
    const y = given(type, [8], [0.5, 1.5, 2.5, -0.5, 300, -300, 127, -3]);
    const [q, d] = await run([y], (net, t) => {
      const quantized = net.addQuantize(t, 1, { dataType: 'int8' });
      return [quantized, net.addDequantize(quantized, 1, { dataType: type })];
    });
    expect(q).toEqual({ type: 'int8', shape: [8], values: [0, 2, 2, 0, 127, -128, 127, -3] });
    expect(d).toEqual({ type, shape: [8], values: [0, 2, 2, 0, 127, -128, 127, -3] });
  });
  it('quantizes along an axis, to float8 too', async () => {
    const y = given(type, [2, 2], [3, 17, 40, 1000]);
    const scale = Weights.fromNumbers('float32', [2], [1, 2]);
    const [q, d] = await run([y], (net, t) => {
      const quantized = net.addQuantize(t, scale, { dataType: 'float8', axis: 0 });
      return [quantized, net.addDequantize(quantized, scale, { dataType: type, axis: 0 })];
    });
    expect(q).toEqual({ type: 'float8', shape: [2, 2], values: [3, 16, 20, 448] });
    expect(d).toEqual({ type, shape: [2, 2], values: [3, 16, 40, 896] });
  });
});

describe.each(everything)('shapes in %s', (type) => {
  const x = given(type, [2, 3], type === 'bool' ? [1, 0, 1, 1, 0, 0] : [1, 2, 3, 4, 5, 6]);
  const [a, b, c, d, e, f] = x.values as [number, number, number, number, number, number];
  it('shuffle', async () => {
    const got = await run([x], (net, t) =>
      net.addShuffle(t, { firstTranspose: [1, 0], reshape: [2, 3, 1], secondTranspose: [2, 1, 0] }),
    );
    expect(got[0]).toEqual({
      type,
      shape: [1, 3, 2],
      values: [a, e, d, c, b, f],
    });
  });
  it('slice, split, concatenation, expand, gather, squeeze', async () => {
    const got = await run([x], (net, t) => {
      const [left, right] = net.addSplit(t, { axis: 1, sizes: [1, 2] });
      const index = net.addConstant(Weights.fromNumbers('int32', [2], [2, 0]));
      return [
        net.addSlice(t, { start: [0, 0], size: [2, 2], stride: [1, 2] } as never),
        net.addConcatenation([right, left] as never, { axis: 1 } as never),
        net.addExpand(net.addUnsqueeze(left, { axes: [0] }), { shape: [2, 2, 1] }),
        net.addGather(t, index, { axis: 1 } as never),
        net.addSqueeze(left, { axes: [1] } as never),
      ] as never;
    });
    expect(got.map((r) => r.type)).toEqual(Array(5).fill(type));
    expect(got[0]).toMatchObject({ shape: [2, 2], values: [a, c, d, f] });
    expect(got[1]).toMatchObject({ shape: [2, 3], values: [b, c, a, e, f, d] });
    expect(got[2]).toMatchObject({ shape: [2, 2, 1], values: [a, d, a, d] });
    expect(got[3]).toMatchObject({ shape: [2, 2], values: [c, a, f, d] });
    expect(got[4]).toMatchObject({ shape: [2], values: [a, d] });
  });
  it('select', async () => {
    const condition = given('bool', [3], [1, 0, 1]);
    const got = await run([condition, x], (net, p, t) =>
      net.addSelect(p, t, net.addShuffle(t, { firstTranspose: [0, 1] })),
    );
    expect(got[0]).toEqual({ type, shape: [2, 3], values: x.values });
    const zero = given(type, [2, 1], [0, 0]);
    const zeroed = await run([condition, x, zero], (net, p, t, z) => net.addSelect(p, t, z));
    expect(zeroed[0]!.values).toEqual([a, 0, c, d, 0, f]);
  });
  it('shape', async () => {
    expect((await run([x], (net, t) => net.addShape(t)))[0]).toEqual({ type: 'int64', shape: [2], values: [2, 3] });
  });
  it('comes back as an output as it went in, and as a constant', async () => {
    const got = await run([x], (net, t) => [
      t,
      net.addConstant(Weights.of(type, [6], fromNumbers(type, x.values) as never)),
    ]);
    expect(got).toEqual([
      { type, shape: [2, 3], values: x.values },
      { type, shape: [6], values: x.values },
    ]);
  });
});

it('and, or, not', async () => {
  const a = given('bool', [4], [0, 0, 1, 1]);
  const b = given('bool', [4], [0, 1, 0, 1]);
  const got = await run([a, b], (net, p, q) => [net.addAnd(p, q), net.addOr(p, q), net.addNot(p)]);
  expect(got.map((r) => r.values)).toEqual([
    [0, 0, 0, 1],
    [0, 1, 1, 1],
    [1, 1, 0, 0],
  ]);
});

describe('cast', () => {
  it.each(everything.flatMap((from) => everything.map((to) => [from, to] as const)))('%s to %s', async (from, to) => {
    if (from === to) return;
    const x = given(from, [4], from === 'bool' ? [0, 1, 1, 0] : [0, 1, 3, 120]);
    const [got] = await run([x], (net, t) => net.addCast(t, { dataType: to }));
    expect(got).toEqual({ type: to, shape: [4], values: x.values.map((v) => (to === 'bool' ? Number(v !== 0) : v)) });
  });
  it.each(floats)('%s to integers towards zero', async (from) => {
    const x = given(from, [4], [-1.75, -0.5, 0.5, 2.75]);
    expect(await numbersOf([x], (net, t) => net.addCast(t, { dataType: 'int32' }))).toEqual(
      [-1, 0, 0, 2].map((v) => v),
    );
  });
  it('float32 to narrower floats, nearest even', async () => {
    const x = given('float32', [4], [2049, 2051, 1e9, 2 ** -25]);
    expect(await numbersOf([x], (net, t) => net.addCast(t, { dataType: 'float16' }))).toEqual([
      2048,
      2052,
      Infinity,
      0,
    ]);
    const y = given('float32', [3], [257, 259, -1e30]);
    expect(await numbersOf([y], (net, t) => net.addCast(t, { dataType: 'bfloat16' }))).toEqual([
      256, 260, -1.0002555517425873e30,
    ]);
  });
});

describe('sizes known at run time', () => {
  const [batch, seq] = [dim('batch'), dim('seq')];
  const sequence = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  it.each([
    [1, 1],
    [2, 5],
    [3, 2],
    [0, 4],
    [2, 0],
  ])('reshapes at batch %i, seq %i', async (n, m) => {
    const x = given('float32', [n, m, 4], sequence(n * m * 4), [batch, seq, 4]);
    const got = await run([x], (net, t) => {
      const flat = net.addShuffle(t, { reshape: [product(batch, seq), 4] });
      return [
        flat,
        net.addShuffle(flat, { reshape: [batch, seq, 4] }),
        net.addShuffle(t, { reshape: [0, 0, 2, 2], secondTranspose: [0, 2, 1, 3] }),
        net.addShuffle(t, { reshape: [seq, product(batch, 2), 2] }),
        net.addExpand(net.addConstant(Weights.fromNumbers('float32', [1, 1], [7])), { shape: [seq, batch] }),
        net.addShape(t),
      ];
    });
    expect(got.map((r) => r.shape)).toEqual([[n * m, 4], [n, m, 4], [n, 2, m, 2], [m, n * 2, 2], [m, n], [3]]);
    for (const i of [0, 1, 3]) expect(got[i]!.values).toEqual(x.values);
    expect(got[4]!.values).toEqual(Array(n * m).fill(7));
    expect(got[5]!.values).toEqual([n, m, 4]);
  });
  it('slices with computed sizes', async () => {
    const x = given('int32', [5], [0, 1, 2, 3, 4], [sum(seq, 2)]);
    const marker = given('float32', [3], [0, 0, 0], [seq]);
    const got = await run([x, marker], (net, t) => [
      net.addSlice(t, { start: [1], size: [seq] }),
      net.addSlice(t, { start: [2], size: [seq] }),
      net.addConcatenation([t, t], { axis: 0 }),
    ]);
    expect(got.map((r) => r.values)).toEqual([
      [1, 2, 3],
      [2, 3, 4],
      [0, 1, 2, 3, 4, 0, 1, 2, 3, 4],
    ]);
  });
  it('slices every other element', async () => {
    const x = given('int32', [6], [0, 1, 2, 3, 4, 5], [product(seq, 2)]);
    const marker = given('float32', [3], [0, 0, 0], [seq]);
    const got = await run([x, marker], (net, t) => [
      net.addSlice(t, { start: [0], size: [seq], stride: [2] }),
      net.addSlice(t, { start: [1], size: [seq], stride: [2] }),
    ]);
    expect(got.map((r) => r.values)).toEqual([
      [0, 2, 4],
      [1, 3, 5],
    ]);
  });
});

it('scalars and empty tensors', async () => {
  const x = given('float32', [], [3]);
  const empty = given('float32', [0, 2], []);
  const got = await run([x, empty], (net, t, e) => [
    net.addMul(t, 2),
    net.addReduce(e, { operation: 'sum', axes: [0] }),
    net.addConcatenation([e, e], { axis: 0 }),
    net.addTranspose(e, { permutation: [1, 0] }),
  ]);
  expect(got.map((r) => [r.shape, r.values])).toEqual([
    [[], [6]],
    [[2], [0, 0]],
    [[0, 2], []],
    [[2, 0], []],
  ]);
});
