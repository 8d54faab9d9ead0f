import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bfloat16Bits,
  bfloat16Value,
  convertBytes,
  float8Bits,
  float8Value,
  float16Bits,
  float16Value,
  fromNumbers,
  toFloat32,
  toNumbers,
} from './convert.ts';
import { arrayOf, bytesOf, type DataType, type HostArray } from './data-type.ts';

/** How a float type is stored, by its fields; the definition that the conversions are held against. */
interface Fields {
  readonly name: 'float16' | 'bfloat16' | 'float8';
  readonly bits: (value: number) => number;
  readonly value: (bits: number) => number;
  readonly exponent: number;
  readonly mantissa: number;
  /** the largest finite magnitude's bits, and what lies above */
  readonly largest: number;
  readonly above: number;
}
const formats: readonly Fields[] = [
  {
    name: 'float16',
    bits: float16Bits,
    value: float16Value,
    exponent: 5,
    mantissa: 10,
    largest: 0x7bff,
    above: 0x7c00,
  },
  {
    name: 'bfloat16',
    bits: bfloat16Bits,
    value: bfloat16Value,
    exponent: 8,
    mantissa: 7,
    largest: 0x7f7f,
    above: 0x7f80,
  },
  { name: 'float8', bits: float8Bits, value: float8Value, exponent: 4, mantissa: 3, largest: 0x7e, above: 0x7e },
];

/** The float32 next to `value`, up or down, for values above zero. */
function beside(value: number, step: 1 | -1): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0]! += step;
  return new Float32Array(bits.buffer)[0]!;
}

const stored = (type: DataType, bits: ArrayLike<number>): HostArray =>
  type === 'float8' ? Uint8Array.from(bits) : Uint16Array.from(bits);

describe.each(formats)('$name', ({ name, bits, value, exponent, mantissa, largest, above }) => {
  const sign = 1 << (exponent + mantissa);

  it('every bit pattern has the value of its fields', () => {
    const bias = 2 ** (exponent - 1) - 1;
    for (let pattern = 0; pattern <= largest; pattern++) {
      const [e, m] = [pattern >> mantissa, pattern & ((1 << mantissa) - 1)];
      const wanted = e === 0 ? (m / 2 ** mantissa) * 2 ** (1 - bias) : (1 + m / 2 ** mantissa) * 2 ** (e - bias);
      if (value(pattern) !== wanted || value(pattern | sign) !== -wanted) throw new Error(`0x${pattern.toString(16)}`);
    }
    for (let pattern = largest + 1; pattern < sign; pattern++) {
      const infinite = name !== 'float8' && pattern === above;
      expect(value(pattern)).toBe(infinite ? Number.POSITIVE_INFINITY : Number.NaN);
      expect(value(pattern | sign)).toBe(infinite ? Number.NEGATIVE_INFINITY : Number.NaN);
    }
  });

  it('every value keeps its bits', () => {
    for (let pattern = 0; pattern <= largest; pattern++) {
      if (bits(value(pattern)) !== pattern) throw new Error(`0x${pattern.toString(16)}`);
      if (bits(-value(pattern)) !== (pattern | sign)) throw new Error(`-0x${pattern.toString(16)}`);
    }
    expect(value(bits(Number.NaN))).toBeNaN();
    expect(bits(Number.POSITIVE_INFINITY)).toBe(above);
    expect(bits(Number.NEGATIVE_INFINITY)).toBe(above | sign);
  });

  it('between any two neighbours the nearest is taken, and the even one in the middle', () => {
    for (let pattern = 0; pattern <= largest; pattern++) {
      const [low, high] = [
        value(pattern),
        pattern === largest ? 2 * value(pattern) - value(pattern - 1) : value(pattern + 1),
      ];
      const middle = (low + high) / 2;
      if (Math.fround(middle) !== middle) continue; // bfloat16's last middle lies beyond float32
      const next = pattern === largest ? above : pattern + 1;
      const even = pattern % 2 === 0 ? pattern : next;
      const found = [beside(middle, -1), middle, beside(middle, 1)].map(bits);
      if (middle > 0 && String(found) !== String([pattern, even, next]))
        throw new Error(`around ${middle}: ${found}, not ${[pattern, even, next]}`);
    }
  });

  it('converts in bulk as it does one by one, and counts what is lost', () => {
    const all = Array.from({ length: 2 * sign }, (_, i) => i);
    const singles = toFloat32(name, stored(name, all));
    const wide = convertBytes(bytesOf(stored(name, all)), name, 'float32');
    expect(arrayOf('float32', wide.bytes)).toEqual(Float32Array.from(all, value)); // any NaN for a NaN
    expect(singles).toEqual(Float32Array.from(all, value));
    expect([wide.overflowed, wide.underflowed]).toEqual([0, 0]);
    const back = arrayOf(name, convertBytes(wide.bytes, 'float32', name).bytes);
    for (const pattern of all)
      if (!Number.isNaN(singles[pattern]!) && value(back[pattern] as number) !== value(pattern))
        throw new Error(`${pattern}`);

    fc.assert(
      fc.property(fc.array(fc.float({ noDefaultInfinity: false, noNaN: false }), { maxLength: 200 }), (values) => {
        const { bytes, overflowed, underflowed } = convertBytes(bytesOf(Float32Array.from(values)), 'float32', name);
        const found = [...arrayOf(name, bytes)] as number[];
        expect(found).toEqual(values.map(bits));
        const max = value(largest);
        const infinite = (v: number, p: number) =>
          Number.isFinite(v) && (name === 'float8' ? Math.abs(v) > max : (p & (sign - 1)) === above);
        expect(overflowed).toBe(values.filter((v, i) => infinite(v, found[i]!)).length);
        expect(underflowed).toBe(values.filter((v, i) => v !== 0 && (found[i]! & (sign - 1)) >> mantissa === 0).length);
      }),
    );
  });
});

describe('between half types', () => {
  it('every float16 goes to bfloat16 and back as its value does', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const brains = convertBytes(bytesOf(halves), 'float16', 'bfloat16');
    expect([...arrayOf('bfloat16', brains.bytes)]).toEqual([...halves].map((bits) => bfloat16Bits(float16Value(bits))));
    const again = convertBytes(brains.bytes, 'bfloat16', 'float16');
    // the largest float16 values round up to 65536 in bfloat16, which float16 has not
    expect([brains.overflowed, again.overflowed]).toEqual([0, 2 * (0x7c00 - float16Bits(65408))]);
  });
});

describe('integers', () => {
  it('fit or are refused, with the value and its place', () => {
    const wide = convertBytes(bytesOf(Int32Array.of(-5, 2 ** 31 - 1)), 'int32', 'int64');
    expect([...arrayOf('int64', wide.bytes)]).toEqual([-5n, 2147483647n]);
    expect([...arrayOf('int32', convertBytes(wide.bytes, 'int64', 'int32').bytes)]).toEqual([-5, 2147483647]);
    expect(() => convertBytes(bytesOf(BigInt64Array.of(1n, 1n << 40n)), 'int64', 'int32')).toThrow(
      'the int64 value 1099511627776 at element 1 does not fit int32',
    );
    expect(() => convertBytes(Uint8Array.of(200), 'uint8', 'int8')).toThrow(
      'the uint8 value 200 at element 0 does not fit int8',
    );
  });

  it('do not become floats unasked', () => {
    expect(() => convertBytes(new Uint8Array(4), 'int32', 'float32')).toThrow(
      'int32 weights cannot stand in for float32',
    );
  });
});

it('numbers survive the types that hold them', () => {
  for (const type of ['float32', 'float16', 'bfloat16', 'float8', 'int8', 'int32', 'int64'] as const)
    expect([...toNumbers(type, fromNumbers(type, [0, 1, -2, 12]))]).toEqual([0, 1, -2, 12]);
  expect([...toNumbers('bool', fromNumbers('bool', [0, 1, 5]))]).toEqual([0, 1, 1]);
});
