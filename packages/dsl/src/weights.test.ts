import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { Weights } from './weights.ts';

describe('Weights', () => {
  it('are lazy: bytes are asked for when they are read, each time', () => {
    let reads = 0;
    const read = () => {
      reads++;
      return new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
    };
    const weights = Weights.from({ name: 'w', dataType: 'float32', shape: [2, 3], read });
    expectTypeOf(weights).toEqualTypeOf<Weights<'float32', 2>>();
    expect([String(weights), weights.size, weights.byteLength, reads]).toEqual(['float32[2, 3]', 6, 24, 0]);
    expect([...weights.array()]).toEqual([1, 2, 3, 4, 5, 6]);
    weights.bytes();
    expect(reads).toBe(2);
  });

  it('refuse a source of another size, values of another count, and what is no shape', () => {
    const short = Weights.from({ name: 'w', dataType: 'float16', shape: [2], read: () => new Uint8Array(3) });
    expect(() => short.bytes()).toThrow('weights "w": 3 bytes where float16[2] needs 4');
    expect(() => Weights.fromNumbers('float32', [2], [1, 2, 3], 'b')).toThrow('weights "b": 3 values are not [2]');
    for (const size of [-1, 1.5, Number.NaN])
      expect(() => Weights.fromNumbers('float32', [size], [])).toThrow(/is no shape/);
  });

  it('refuse integers that their type does not hold', () => {
    for (const [type, value] of [
      ['int8', 128],
      ['uint8', -1],
      ['int32', 2 ** 31],
      ['int32', 1.5],
      ['int64', 2 ** 63],
      ['int64', Number.NaN],
      ['int64', Number.NEGATIVE_INFINITY],
    ] as const)
      expect(() => Weights.fromNumbers(type, [2], [0, value], 'w')).toThrow(
        `weights "w", element 1: the number ${value} does not fit ${type}`,
      );
    expect(Weights.fromNumbers('int64', [2], [-(2 ** 63), -0]).array()).toEqual(BigInt64Array.of(-(2n ** 63n), 0n));
  });

  it('wrap a TypedArray without a copy, and freeze their shape', () => {
    const array = Float32Array.of(1, 2);
    const shape = [2];
    const weights = Weights.of('float32', shape, array);
    shape[0] = 7;
    array[0] = 9;
    expect([weights.shape, weights.array()[0]]).toEqual([[2], 9]);
    expect(Object.isFrozen(weights.shape)).toBe(true);
  });

  it('scalars have one element, empty ones none', () => {
    expect(Weights.fromNumbers('int64', [], [5]).array()).toEqual(BigInt64Array.of(5n));
    expect(Weights.fromNumbers('float32', [0, 3], []).byteLength).toBe(0);
  });
});

describe('another type', () => {
  it('is the same object each time, and itself for its own type', () => {
    const weights = Weights.fromNumbers('float32', [1], [1]);
    expect(weights.as('float32')).toBe(weights);
    expect(weights.as('float16')).toBe(weights.as('float16'));
    expectTypeOf(weights.as('float16')).toEqualTypeOf<Weights<'float16', 1>>();
  });

  it('tells once what was lost, when it is read', () => {
    const told: unknown[] = [];
    const half = Weights.fromNumbers('float32', [3], [1e6, 1e-7, 1], 'w').as('float16', (loss) => told.push(loss));
    expect(told).toEqual([]);
    half.bytes();
    half.bytes();
    expect(told).toEqual([{ name: 'w', to: 'float16', count: 3, overflowed: 1, underflowed: 1 }]);
  });

  it('warns of overflow where nobody listens', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      Weights.fromNumbers('float32', [2], [1e6, 1], 'w').as('float16').bytes();
      expect(warned.mock.calls).toEqual([['1 of 2 values of weights "w" overflow float16', 'TrtDslWarning']]);
    } finally {
      warned.mockRestore();
    }
  });

  it('of another kind is refused', () => {
    expect(() => Weights.fromNumbers('int32', [1], [1], 'ids').as('float32')).toThrow(
      'weights "ids" (int32[1]) cannot stand in for float32',
    );
  });
});
