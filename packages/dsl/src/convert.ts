import { arrayOf, bytesOf, type DataType, dataTypes, type HostArray } from './data-type.ts';
import { TrtDslError } from './errors.ts';

/** What a conversion to a narrower type lost: counts of values. */
export interface ConversionLoss {
  /** finite before, infinite (float8, which has no infinity: 448) after */
  readonly overflowed: number;
  /** not zero before, zero or subnormal after */
  readonly underflowed: number;
}

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** A float32's bits → the bits of the nearest float16. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  if (magnitude < 0x33000000) return sign;
  const shift = 126 - (magnitude >>> 23);
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const half = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0));
}

/** float32 → the bits of the nearest float16, ties to even; overflow gives infinity. */
export function float16Bits(value: number): number {
  single[0] = value;
  return halfOf(word[0]!);
}

/** The value of a float16's bits, exactly. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
}

/** A float32's bits → the bits of the nearest bfloat16. */
function brainOf(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** float32 → the bits of the nearest bfloat16, ties to even. */
export function bfloat16Bits(value: number): number {
  single[0] = value;
  return brainOf(word[0]!);
}

/** The value of a bfloat16's bits, exactly. */
export function bfloat16Value(bits: number): number {
  word[0] = bits << 16;
  return single[0]!;
}

/** 2^(3 − e) for the exponents e of float8, −6 to 8: what makes integers of its values. */
const float8Steps = Float64Array.from({ length: 15 }, (_, i) => 2 ** (9 - i));
/** What takes a number its fraction when it is added and subtracted. */
const fractionless = 1.5 * 2 ** 52;

/** The nearest integer, ties to even, of a number below 2^51. */
export const roundEven = (x: number): number => x + fractionless - fractionless;

/** A number → the bits of the nearest float8 E4M3 (finite only, largest 448), ties to even; beyond the range saturates. */
export function float8Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7f;
  const sign = value < 0 || Object.is(value, -0) ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(value), 448);
  // What float32 rounds up to a power of two, float8 does too.
  single[0] = magnitude;
  const above = Math.max((word[0]! >>> 23) - 121, 0);
  const scaled = magnitude * float8Steps[above]!;
  return sign | ((above << 3) + roundEven(scaled));
}

/** The value of a float8 E4M3's bits, exactly. */
export function float8Value(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >>> 3) & 0xf;
  const mantissa = bits & 7;
  if (exponent === 15 && mantissa === 7) return Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -9 : (1 + mantissa / 8) * 2 ** (exponent - 7));
}

const table = (length: number, value: (bits: number) => number): Float32Array =>
  Float32Array.from({ length }, (_, bits) => value(bits));
let float16Table: Float32Array | undefined;
let float8Table: Float32Array | undefined;

type Scalar = number | bigint;
type Codec = { readonly read: (raw: Scalar) => number; readonly write: (value: number) => Scalar };
const number = (raw: Scalar): number => Number(raw);

/** How each type's stored element becomes a number and back. */
const codecs: { readonly [D in DataType]: Codec } = {
  float32: { read: number, write: (value) => value },
  float16: {
    read: (raw) => {
      float16Table ??= table(65536, float16Value);
      return float16Table[Number(raw)]!;
    },
    write: float16Bits,
  },
  bfloat16: { read: (raw) => bfloat16Value(Number(raw)), write: bfloat16Bits },
  float8: {
    read: (raw) => {
      float8Table ??= table(256, float8Value);
      return float8Table[Number(raw)]!;
    },
    write: float8Bits,
  },
  int8: { read: number, write: (value) => value },
  uint8: { read: number, write: (value) => value },
  int32: { read: number, write: (value) => value },
  int64: { read: number, write: (value) => (Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n) },
  bool: { read: number, write: (value) => (value !== 0 ? 1 : 0) },
};

/** Stored elements of `dataType` as numbers (int64 beyond 2^53 loses its last bits). */
export function toNumbers(dataType: DataType, array: HostArray): Float64Array {
  const { read } = codecs[dataType];
  const out = new Float64Array(array.length);
  for (let i = 0; i < out.length; i++) out[i] = read(array[i]!);
  return out;
}

/** Stored elements of `dataType` as float32 values. */
export function toFloat32(dataType: DataType, array: HostArray): Float32Array {
  if (dataType === 'float32') return array as Float32Array;
  const { read } = codecs[dataType];
  const out = new Float32Array(array.length);
  for (let i = 0; i < out.length; i++) out[i] = read(array[i]!);
  return out;
}

/**
 * Numbers as stored elements of `dataType`; where the type is a float, the nearest (ties to even) to the nearest float32. To
 * integers as TypedArrays do it: towards zero, NaN and infinities as 0, and what is too large wraps around.
 */
export function fromNumbers<D extends DataType>(dataType: D, values: ArrayLike<number>): HostArray<D> {
  const { bytes } = dataTypes[dataType];
  const out = arrayOf(dataType, new Uint8Array(values.length * bytes)) as { [i: number]: Scalar };
  const { write } = codecs[dataType];
  for (let i = 0; i < values.length; i++) out[i] = write(values[i]!);
  return out as HostArray<D>;
}

/** Smallest normal and largest finite magnitude of each float type. */
export const floatRange: { readonly [D in FloatName]: { readonly tiny: number; readonly max: number } } = {
  float32: { tiny: 2 ** -126, max: 3.4028234663852886e38 },
  float16: { tiny: 2 ** -14, max: 65504 },
  bfloat16: { tiny: 2 ** -126, max: 3.3895313892515355e38 },
  float8: { tiny: 2 ** -6, max: 448 },
};
type FloatName = 'float32' | 'float16' | 'bfloat16' | 'float8';

/**
 * Converts stored bytes between float types (nearest even), or between integer types that hold every value.
 * @throws TrtDslError 'data-type' between kinds (integers do not silently become floats) or if an integer does not fit
 */
export function convertBytes(bytes: Uint8Array, from: DataType, to: DataType): { bytes: Uint8Array } & ConversionLoss {
  if (from === to) return { bytes, overflowed: 0, underflowed: 0 };
  if (dataTypes[from].kind !== dataTypes[to].kind)
    throw new TrtDslError('data-type', `${from} weights cannot stand in for ${to}`);
  if (dataTypes[to].kind !== 'float') return { bytes: convertIntegers(bytes, from, to), overflowed: 0, underflowed: 0 };
  return fromSingles[to as FloatName](toSingles[from as FloatName](arrayOf(from, bytes)));
}

/** Stored elements of each float type as the bits of float32, exactly. */
const toSingles: { readonly [D in FloatName]: (array: HostArray) => Uint32Array } = {
  float32: (array) => new Uint32Array(array.buffer, array.byteOffset, array.length),
  float16: (array) => {
    float16Table ??= table(65536, float16Value);
    return lookUp(array as Uint16Array, float16Table);
  },
  bfloat16: (array) => {
    const source = array as Uint16Array;
    const out = new Uint32Array(source.length);
    for (let i = 0; i < out.length; i++) out[i] = source[i]! << 16;
    return out;
  },
  float8: (array) => {
    float8Table ??= table(256, float8Value);
    return lookUp(array as Uint8Array, float8Table);
  },
};

function lookUp(source: Uint8Array | Uint16Array, values: Float32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer);
  const out = new Uint32Array(source.length);
  for (let i = 0; i < out.length; i++) out[i] = bits[source[i]!]!;
  return out;
}

type Converted = { readonly bytes: Uint8Array } & ConversionLoss;

/** The bits of float32 as each float type, nearest even, and what was lost. */
const fromSingles: { readonly [D in FloatName]: (bits: Uint32Array) => Converted } = {
  float32: (bits) => ({ bytes: bytesOf(bits), overflowed: 0, underflowed: 0 }),
  float16: (bits) => {
    const out = new Uint16Array(bits.length);
    let overflowed = 0;
    let underflowed = 0;
    for (let i = 0; i < out.length; i++) {
      const value = bits[i]!;
      const half = halfOf(value);
      out[i] = half;
      if ((half & 0x7fff) === 0x7c00) overflowed += (value & 0x7fffffff) === 0x7f800000 ? 0 : 1;
      else if ((half & 0x7c00) === 0) underflowed += (value & 0x7fffffff) === 0 ? 0 : 1;
    }
    return { bytes: bytesOf(out), overflowed, underflowed };
  },
  bfloat16: (bits) => {
    const out = new Uint16Array(bits.length);
    let overflowed = 0;
    let underflowed = 0;
    for (let i = 0; i < out.length; i++) {
      const value = bits[i]!;
      const brain = brainOf(value);
      out[i] = brain;
      if ((brain & 0x7fff) === 0x7f80) overflowed += (value & 0x7fffffff) === 0x7f800000 ? 0 : 1;
      else if ((brain & 0x7f80) === 0) underflowed += (value & 0x7fffffff) === 0 ? 0 : 1;
    }
    return { bytes: bytesOf(out), overflowed, underflowed };
  },
  float8: (bits) => {
    const values = new Float32Array(bits.buffer, bits.byteOffset, bits.length);
    const out = new Uint8Array(bits.length);
    let overflowed = 0;
    let underflowed = 0;
    for (let i = 0; i < out.length; i++) {
      const value = values[i]!;
      const byte = float8Bits(value);
      out[i] = byte;
      if (Math.abs(value) > floatRange.float8.max) overflowed += Number.isFinite(value) ? 1 : 0;
      else if ((byte & 0x78) === 0) underflowed += value === 0 ? 0 : 1;
    }
    return { bytes: out, overflowed, underflowed };
  },
};

function convertIntegers(bytes: Uint8Array, from: DataType, to: DataType): Uint8Array {
  const source = arrayOf(from, bytes);
  const target = arrayOf(to, new Uint8Array(source.length * dataTypes[to].bytes)) as { [i: number]: Scalar };
  for (let i = 0; i < source.length; i++) {
    target[i] = to === 'int64' ? BigInt(source[i]!) : Number(source[i]!);
    if (Number(target[i]) !== Number(source[i]!))
      throw new TrtDslError('data-type', `the ${from} value ${source[i]} at element ${i} does not fit ${to}`);
  }
  return bytesOf(target as unknown as ArrayBufferView);
}
