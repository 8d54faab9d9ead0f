import { describe, expect, test } from 'vitest';
import { failure } from '../../../test/support/dsl.ts';
import type { Feeds } from './backend.ts';
import type { DataType } from './data-type.ts';
import { type Dim, dim, product, sum } from './dim.ts';
import { bindFeeds } from './feeds.ts';

const [batch, seq] = [dim('batch'), dim('seq')];
const inputs = (types: Record<string, readonly [DataType, readonly Dim[]]>) =>
  new Map(Object.entries(types).map(([name, [dataType, shape]]) => [name, { dataType, shape }]));
const bert = inputs({ ids: ['int32', [batch, seq]], mask: ['float16', [batch, 1, 1, seq]] });

describe('sizes', () => {
  test('are taken from given shapes', () => {
    const { sizes, tensors } = bindFeeds(bert, {
      ids: { data: new Int32Array(6), shape: [2, 3] },
      mask: new Uint16Array(6),
    });
    expect(sizes).toEqual({ batch: 2, seq: 3 });
    expect(tensors.get('mask')).toEqual({ dataType: 'float16', shape: [2, 1, 1, 3], data: new Uint16Array(6) });
  });

  test('follow from the number of elements, in whatever order the inputs come', () => {
    const types = inputs({ z: ['float32', [batch, seq, 4]], y: ['float32', [3, seq]], x: ['float32', [2, batch]] });
    const feeds = { z: new Float32Array(40), y: new Float32Array(15), x: new Float32Array(4) };
    expect(bindFeeds(types, feeds).sizes).toEqual({ batch: 2, seq: 5 });
  });

  test('of nothing are 0, and sums are checked', () => {
    const types = inputs({ x: ['float32', [batch, 2]], y: ['int64', [product(2, sum(batch, 1))]] });
    expect(bindFeeds(types, { x: new Float32Array(0), y: new BigInt64Array(2) }).sizes).toEqual({ batch: 0 });
    expect(failure(() => bindFeeds(types, { x: new Float32Array(4), y: new BigInt64Array(4) }))).toBe(
      'shape: input "y": 4 elements are not [6] (int64[2*batch + 2])',
    );
    expect(
      failure(() => bindFeeds(types, { x: new Float32Array(4), y: { data: new BigInt64Array(6), shape: [3] } })),
    ).toBe('shape: input "y" (int64[2*batch + 2]) is fed [3], not [6]');
  });

  test('a scalar is one element', () => {
    expect(bindFeeds(inputs({ x: ['bool', []] }), { x: new Uint8Array(1) }).tensors.get('x')?.shape).toEqual([]);
  });
});

test('every type takes its own array', () => {
  const arrays = {
    float32: Float32Array,
    float16: Uint16Array,
    bfloat16: Uint16Array,
    float8: Uint8Array,
    int8: Int8Array,
    uint8: Uint8Array,
    int32: Int32Array,
    int64: BigInt64Array,
    bool: Uint8Array,
  } as const;
  for (const [type, array] of Object.entries(arrays)) {
    const types = inputs({ x: [type as DataType, [2]] });
    expect(bindFeeds(types, { x: new array(2) }).tensors.get('x')?.data).toBeInstanceOf(array);
    expect(failure(() => bindFeeds(types, { x: new Float64Array(2) as never }))).toMatch(/^data-type: /);
  }
});

test('a bool is 0 or 1', () => {
  const one = inputs({ on: ['bool', [3]] });
  expect(bindFeeds(one, { on: Uint8Array.of(1, 0, 1) }).sizes).toEqual({});
  expect(failure(() => bindFeeds(one, { on: Uint8Array.of(1, 0, 2) }))).toBe(
    'argument: input "on" (bool[3]): element 2 is 2, and a bool 0 or 1',
  );
});

test('errors', () => {
  const ids = new Int32Array(6);
  const wrong = (feeds: unknown) => failure(() => bindFeeds(bert, feeds as Feeds));
  expect(wrong(undefined)).toBe('argument: feeds are no object of name and data');
  expect(wrong({ ids })).toBe('argument: input "mask" (float16[batch, 1, 1, seq]) is not fed');
  expect(wrong({ ids, mask: null })).toBe('argument: input "mask" (float16[batch, 1, 1, seq]) is not fed');
  expect(wrong({ ids, mask: new Uint16Array(6), other: ids })).toBe(
    'argument: there is no input "other"; there are ids, mask',
  );
  expect(wrong({ ids: [1, 2], mask: ids })).toBe(
    'data-type: input "ids" (int32[batch, seq]) takes a Int32Array, not a list',
  );
  expect(wrong({ ids: { data: new BigInt64Array(6), shape: [2, 3] }, mask: ids })).toBe(
    'data-type: input "ids" (int32[batch, seq]) takes a Int32Array, not a BigInt64Array',
  );
  expect(wrong({ ids, mask: new Uint16Array(6) })).toBe(
    'shape: input "ids" (int32[batch, seq]): the sizes are ambiguous; feed { data, shape }',
  );
  expect(wrong({ ids: { data: ids, dims: [2, 3] }, mask: new Uint16Array(6) })).toBe(
    'shape: input "ids" (int32[batch, seq]) is fed an object without a shape: { data, shape }',
  );
  const shaped = (shape: unknown, mask: unknown = new Uint16Array(6)) => wrong({ ids: { data: ids, shape }, mask });
  expect(shaped([6])).toBe('shape: input "ids" (int32[batch, seq]) is fed [6], of another rank');
  expect(shaped([2, 4])).toMatch(/^shape: input "ids": 6 elements are not \[2, 4\]/);
  expect(shaped('2,3')).toMatch(/^shape: /);
  expect(shaped([2, -3])).toBe('shape: input "ids": [2,-3] is no shape');
  expect(shaped([2, 3], { data: new Uint16Array(6), shape: [3, 1, 1, 2] })).toBe(
    'shape: input "mask": axis 0 has size 3, but "batch" is 2 elsewhere',
  );
  expect(shaped([2, 3], { data: new Uint16Array(6), shape: [2, 1, 3, 1] })).toMatch(/^shape: /);
  expect(shaped([2, 3], new Uint16Array(5))).toMatch(/^shape: input "mask": 5 elements are not \[2, 1, 1, 3\]/);
});

test('a number of elements that no sizes give is told as such, however many are open', () => {
  const types = inputs({ x: ['float32', [batch, seq, 4]] });
  expect(failure(() => bindFeeds(types, { x: new Float32Array(9) }))).toBe(
    'shape: input "x": 9 elements do not fill float32[batch, seq, 4], 4 at a time',
  );
  const empty = inputs({ x: ['float32', [batch, 0]] });
  for (const [type, length] of [
    [types, 8],
    [types, 0],
    [empty, 0],
  ] as const)
    expect(failure(() => bindFeeds(type, { x: new Float32Array(length) }))).toMatch(/the sizes are ambiguous/);
});

test('a result is taken as it is, but not for an input of another type that has the same array', () => {
  const half = { dataType: 'float16', data: new Uint16Array(6), shape: [2, 1, 1, 3] } as const;
  const ids = new Int32Array(6);
  expect(bindFeeds(bert, { ids, mask: half }).sizes).toEqual({ batch: 2, seq: 3 });
  expect(failure(() => bindFeeds(bert, { ids, mask: { ...half, dataType: 'bfloat16' } }))).toBe(
    'data-type: input "mask" (float16[batch, 1, 1, seq]) is fed a tensor of bfloat16',
  );
});

test('inputs named like what every object has are not found by accident', () => {
  const types = new Map([['constructor', { dataType: 'float32', shape: [1] } as const]]);
  expect(failure(() => bindFeeds(types, {}))).toMatch(/is not fed/);
});
