import { dim, type HostTensor, type TensorType } from '@trt-dsl/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FeedOptions, feedsFor } from './feeds.ts';
import { parseLayer } from './inspect.ts';
import { parseProfiles } from './profiles.ts';
import { differenceOf, statisticsOf } from './statistics.ts';

const host = (values: readonly number[], shape: readonly number[] = [values.length]): HostTensor => ({
  dataType: 'float32',
  shape,
  data: Float32Array.from(values),
});

describe('profiles', () => {
  it('pairs the i-th --min, --opt and --max, and takes what is missing from its neighbour', () => {
    expect(parseProfiles({ min: ['batch=1,seq=8'], opt: ['batch=4, seq=128'], max: ['batch=8,seq=384'] })).toEqual([
      { batch: [1, 4, 8], seq: [8, 128, 384] },
    ]);
    expect(parseProfiles({ min: ['batch=1'], opt: [], max: ['batch=8,seq=16', 'batch=32,seq=16'] })).toEqual([
      { batch: [1, 8, 8], seq: [16, 16, 16] },
      { batch: [32, 32, 32], seq: [16, 16, 16] },
    ]);
    expect(parseProfiles({ min: [], opt: [], max: [] })).toEqual([]);
  });

  it.each(['batch', 'batch=', 'batch=1.5', 'batch=1,batch=2', '=3', 'batch=-1'])('refuses --max %s', (text) => {
    expect(() => parseProfiles({ min: [], opt: [], max: [text] })).toThrow(/--max .* is no size such as batch=8/);
  });
});

describe('statistics', () => {
  it('counts what is not finite and leaves it out of the rest', () => {
    expect(statisticsOf(host([3, Number.NaN, -4, Number.POSITIVE_INFINITY], [2, 2]))).toEqual({
      type: 'float32[2, 2]',
      shape: [2, 2],
      norm: 5,
      mean: -0.5,
      min: -4,
      max: 3,
      notFinite: 2,
    });
    expect(statisticsOf(host([]))).toMatchObject({ norm: 0, mean: 0, min: 0, max: 0, notFinite: 0 });
  });

  it('finds the difference that was put in', () => {
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 20 }),
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        (values, at, by) => {
          const right = host(values.map(Math.fround));
          const wrong = host([...(right.data as Float32Array)]);
          (wrong.data as Float32Array)[at % values.length]! += by;
          const norm = Math.hypot(...(right.data as Float32Array));
          const { maxAbs, relativeL2 } = differenceOf(wrong, right);
          expect(maxAbs).toBeCloseTo(by, 4);
          if (norm > 1e-3) expect(relativeL2 * norm).toBeCloseTo(by, 3);
          expect(differenceOf(right, right)).toMatchObject({ maxAbs: 0, relativeL2: 0 });
        },
      ),
    );
  });

  it('takes equal infinities for equal, and nothing else that is not finite', () => {
    const infinite = host([Number.POSITIVE_INFINITY, 1]);
    expect(differenceOf(infinite, infinite)).toMatchObject({ maxAbs: 0, relativeL2: 0, cosine: 1 });
    expect(differenceOf(host([1, 1]), infinite).maxAbs).toBe(Number.POSITIVE_INFINITY);
    expect(differenceOf(host([Number.NaN, 1]), host([0, 1])).relativeL2).toBe(Number.POSITIVE_INFINITY);
    expect(differenceOf(host([1, 1]), host([1, 1], [2, 1])).maxAbs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('feeds', () => {
  const inputs = new Map<string, TensorType>([
    ['ids', { dataType: 'int32', shape: [dim('batch'), dim('seq')] }],
    ['x', { dataType: 'float16', shape: [dim('batch'), 2] }],
    ['on', { dataType: 'bool', shape: [2] }],
  ]);
  const options: FeedOptions = { input: [], random: false, range: [], seed: 1 };

  it('makes up all of them, the same for the same seed, in the sizes and ranges that are asked for', () => {
    const made = feedsFor(inputs, { ...options, size: 'batch=3,seq=50', range: ['ids=100:110'] });
    expect([...made].map(([name, { dataType, shape }]) => [name, dataType, shape])).toEqual([
      ['ids', 'int32', [3, 50]],
      ['x', 'float16', [3, 2]],
      ['on', 'bool', [2]],
    ]);
    const ids = [...(made.get('ids')!.data as Int32Array)];
    expect([Math.min(...ids), Math.max(...ids)]).toEqual([100, 109]);
    expect(feedsFor(inputs, { ...options, size: 'batch=3,seq=50', range: ['ids=100:110'] })).toEqual(made);
    expect(feedsFor(inputs, { ...options, seed: 2 })).not.toEqual(feedsFor(inputs, options));
  });

  it('takes numbers in place, in the input’s type, and sizes the rest after them', () => {
    const fed = feedsFor(inputs, {
      ...options,
      input: ['ids=[[1, 2, 3], [4, 5, 6]]', 'on=[true, false]'],
      random: true,
    });
    expect(fed.get('ids')).toEqual({ dataType: 'int32', shape: [2, 3], data: Int32Array.of(1, 2, 3, 4, 5, 6) });
    expect(fed.get('on')!.data).toEqual(Uint8Array.of(1, 0));
    expect(fed.get('x')!.shape).toEqual([2, 2]);
    const wide = new Map<string, TensorType>([['w', { dataType: 'float32', shape: [2] }]]);
    expect(feedsFor(wide, { ...options, input: ['w=[1e20, -3]'] }).get('w')!.data).toEqual(Float32Array.of(1e20, -3));
  });

  it.each([
    [{ input: ['ids=[[1, 2]]'] }, /no --input for x, on; --random/],
    [{ input: ['ids=[[1, 2], [3]]'] }, /no nested lists of numbers, all of one length/],
    [{ input: ['ids=[[0.5]]'] }, /"ids".*int32 is wanted/],
    [{ range: ['ids=5:5'] }, /no range such as/],
    [{ size: 'batch' }, /--size batch/],
  ])('refuses %j', (wrong, message) => {
    expect(() =>
      feedsFor(inputs, { ...options, random: 'input' in wrong && wrong.input[0]!.includes('.'), ...wrong }),
    ).toThrow(message);
  });
});

describe('a layer of TensorRT’s inspector', () => {
  it('is read where it is detailed, and where it is only a name', () => {
    const detailed = {
      Name: 'fc1 + relu',
      LayerType: 'gemm',
      Outputs: [{ Name: 'y', Dimensions: [8, 3], 'Format/Datatype': 'Half' }],
      TacticName: 'sm90_xmma',
    };
    expect(parseLayer(JSON.stringify(detailed))).toEqual({
      name: 'fc1 + relu',
      type: 'gemm',
      outputs: ['Half[8, 3]'],
      tactic: 'sm90_xmma',
    });
    expect(parseLayer('"fc1"\n')).toEqual({ name: 'fc1', type: '', outputs: [], tactic: '' });
    expect(parseLayer('fc1')).toMatchObject({ name: 'fc1' });
  });
});
