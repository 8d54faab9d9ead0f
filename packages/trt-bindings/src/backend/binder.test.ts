import { type DataType, dim, type Feeds, type TensorType } from '@trt-dsl/dsl';
import { describe, expect, it } from 'vitest';
import { FeedBinder } from './binder.ts';

const [batch, seq] = [dim('batch'), dim('seq')];
const type = (dataType: DataType, ...shape: TensorType['shape']): TensorType => ({ dataType, shape });
const inputs = new Map([
  ['ids', type('int32', batch, seq)],
  ['scale', type('float32', batch)],
]);
const range = (...sizes: readonly (readonly number[])[]) =>
  sizes.map((max) => ({ min: max.map(() => 1), opt: max, max }));
const profiles = [range([2, 8], [2]), range([4, 8], [4])];
const feeds = (b: number, s: number) => ({
  ids: { data: new Int32Array(b * s), shape: [b, s] },
  scale: new Float32Array(b),
});

describe('FeedBinder', () => {
  it('names runs by profile and shapes, in the order of the inputs', () => {
    const binder = new FeedBinder(inputs, profiles);
    expect(binder.bind(feeds(2, 3))).toMatchObject({ key: '0,2x3,2', profile: 0 });
    expect(binder.bind(feeds(3, 3))).toMatchObject({ key: '1,3x3,3', profile: 1 });
    expect(() => binder.bind(feeds(5, 3))).toThrow(
      'no profile of the engine takes ids[5, 3], scale[5]; it has ids [1, 1]',
    );
  });

  it('takes the profile whose usual sizes are nearest, and no matter what order they are in', () => {
    const usual = (size: number) => [{ min: [1], opt: [size], max: [32] }];
    const only = new Map([['x', type('float32', batch)]]);
    const profileOf = (order: readonly number[], size: number) =>
      order[new FeedBinder(only, order.map(usual)).bind({ x: new Float32Array(size) }).profile];
    for (const order of [
      [1, 8, 32],
      [32, 8, 1],
      [8, 32, 1],
    ])
      expect([1, 2, 3, 15, 17, 32].map((size) => profileOf(order, size))).toEqual([1, 1, 8, 8, 32, 32]);
  });

  it('gives a run of the same shapes its own elements, in whatever order they come', () => {
    const binder = new FeedBinder(inputs, profiles);
    const [first, second] = [feeds(2, 3), feeds(2, 3)];
    const a = binder.bind(first);
    const b = binder.bind({ scale: second.scale, ids: second.ids });
    expect(b).toEqual(a);
    expect(a.feeds.map(({ data }) => data)).toEqual([first.ids.data, first.scale]);
    expect(b.feeds[0]!.data).toBe(second.ids.data);
    expect(b.feeds[1]!.data).toBe(second.scale);
  });

  it('holds a run of the shapes of the last one to what it says of its types and shapes, too', () => {
    const binder = new FeedBinder(new Map([['x', type('bfloat16', batch)]]), [range([8])]);
    const data = new Uint16Array(4);
    const ofFloat16 = { x: { dataType: 'float16', data, shape: [4] } } as unknown as Feeds;
    const withoutShape = { x: { data } } as unknown as Feeds;
    for (const last of [{ x: data }, { x: { dataType: 'bfloat16', data, shape: [4] } }] as const) {
      expect(binder.bind(last).key).toBe('0,4');
      expect(() => binder.bind(ofFloat16)).toThrow('is fed a tensor of float16');
      expect(() => binder.bind(withoutShape)).toThrow('is fed an object without a shape');
    }
  });

  it('does not go by the number of elements alone', () => {
    const binder = new FeedBinder(inputs, profiles);
    binder.bind(feeds(1, 4));
    expect(binder.bind(feeds(2, 2)).key).toBe('0,2x2,2');
    const bare = new FeedBinder(new Map([['ids', type('int32', 2, seq)]]), [range([2, 8])]);
    expect(bare.bind({ ids: new Int32Array(8) }).key).toBe('0,2x4');
    expect(bare.bind({ ids: { data: new Int32Array(8), shape: [2, 4] } }).key).toBe('0,2x4');
    expect(() => bare.bind({ ids: { data: new Int32Array(8), shape: [4, 2] } })).toThrow('is fed [4, 2]');
  });

  it('looks at bools in every run', () => {
    const binder = new FeedBinder(new Map([['on', type('bool', 2)]]), [range([2])]);
    binder.bind({ on: Uint8Array.of(0, 1) });
    expect(() => binder.bind({ on: Uint8Array.of(0, 255) })).toThrow('element 1 is 255, and a bool 0 or 1');
  });

  it('refuses after a good run what it refuses before one', () => {
    const good = feeds(2, 3);
    const wrong: readonly (readonly [unknown, string])[] = [
      [null, 'feeds are no object'],
      [{ ids: good.ids }, 'input "scale" (float32[batch]) is not fed'],
      [{ ...good, other: good.scale }, 'there is no input "other"'],
      [{ other: good.ids, scale: good.scale }, 'there is no input "other"'],
      [{ ...good, ids: { data: new Uint32Array(6), shape: [2, 3] } }, 'takes a Int32Array, not a Uint32Array'],
      [{ ...good, ids: { data: new Int32Array(5), shape: [2, 3] } }, '5 elements are not [2, 3]'],
      [{ ...good, ids: { data: good.ids.data, shape: '2,3' } }, 'is no shape'],
      [{ ...good, ids: { data: good.ids.data, shape: [3, 2] } }, 'input "scale": 2 elements are not [3]'],
      [{ ...good, scale: undefined }, 'input "scale" (float32[batch]) is not fed'],
      [{ ...good, scale: new Float64Array(2) }, 'takes a Float32Array, not a Float64Array'],
    ];
    for (const [feed, message] of wrong) {
      const [fresh, used] = [new FeedBinder(inputs, profiles), new FeedBinder(inputs, profiles)];
      used.bind(good);
      const messages = [fresh, used].map((binder) => thrown(() => binder.bind(feed as Feeds)));
      expect(messages[1]).toBe(messages[0]);
      expect(messages[0]).toContain(message);
    }
  });
});

function thrown(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
}
