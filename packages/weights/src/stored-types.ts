import { bytesOf, type DataType } from '@trt-dsl/dsl';

/** What a stored element type is in the DSL. */
interface StoredInfo {
  /** bytes of an element; undefined where elements have no fixed size */
  readonly bytes?: number;
  /** the DSL's type that holds every value; undefined where there is none */
  readonly dataType?: DataType;
  /** the stored bytes as `dataType`'s, where they are not the same */
  readonly decode?: (bytes: Uint8Array) => Uint8Array;
}

type Typed = { readonly length: number; readonly [i: number]: number | bigint };

/** Element by element into a wider type; `refuse` says why a value cannot be held. */
const widen =
  <S extends Typed, T extends ArrayBufferView & { [i: number]: number | bigint }>(
    Source: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => S,
    Target: new (length: number) => T,
    element: (value: S[number], index: number) => T[number],
  ) =>
  (bytes: Uint8Array): Uint8Array => {
    const size = (Source as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
    const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes); // a copy, also of a Buffer
    const source = new Source(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
    const target = new Target(source.length);
    for (let i = 0; i < source.length; i++) (target as { [i: number]: unknown })[i] = element(source[i]!, i);
    return bytesOf(target);
  };

/** Thrown by `decode`; the reader adds file, key and offset. */
export class ValueError extends Error {}

function single(value: number, index: number): number {
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
    throw new ValueError(`the float64 value ${value} at element ${index} is beyond float32`);
  return value;
}

function signed(value: bigint, index: number): bigint {
  if (value >= 1n << 63n) throw new ValueError(`the uint64 value ${value} at element ${index} is beyond int64`);
  return value;
}

function truth(bytes: Uint8Array): Uint8Array {
  const wrong = bytes.findIndex((byte) => byte > 1);
  if (wrong >= 0) throw new ValueError(`the bool at element ${wrong} is ${bytes[wrong]}, neither 0 nor 1`);
  return bytes;
}

/**
 * Every element type that the formats know. Types that TensorRT lacks are read into the narrowest that holds every
 * value; float64 alone is rounded, to the nearest float32, and refused where that would overflow.
 */
export const storedTypes = {
  float32: { bytes: 4, dataType: 'float32' },
  float16: { bytes: 2, dataType: 'float16' },
  bfloat16: { bytes: 2, dataType: 'bfloat16' },
  float8_e4m3: { bytes: 1, dataType: 'float8' },
  int8: { bytes: 1, dataType: 'int8' },
  uint8: { bytes: 1, dataType: 'uint8' },
  int32: { bytes: 4, dataType: 'int32' },
  int64: { bytes: 8, dataType: 'int64' },
  bool: { bytes: 1, dataType: 'bool', decode: truth },
  float64: { bytes: 8, dataType: 'float32', decode: widen(Float64Array, Float32Array, single) },
  int16: { bytes: 2, dataType: 'int32', decode: widen(Int16Array, Int32Array, (value) => value) },
  uint16: { bytes: 2, dataType: 'int32', decode: widen(Uint16Array, Int32Array, (value) => value) },
  uint32: { bytes: 4, dataType: 'int64', decode: widen(Uint32Array, BigInt64Array, (value) => BigInt(value)) },
  uint64: { bytes: 8, dataType: 'int64', decode: widen(BigUint64Array, BigInt64Array, signed) },
  float8_e5m2: { bytes: 1 },
  complex64: { bytes: 8 },
  complex128: { bytes: 16 },
  string: {},
  resource: {},
  variant: {},
  other: {},
} as const satisfies { readonly [name: string]: StoredInfo };

export type StoredType = keyof typeof storedTypes;

export const storedInfo = (type: StoredType): StoredInfo => storedTypes[type];

/** The stored type whose bytes are those of a data type. */
export const storedTypeOf = (dataType: DataType): StoredType => (dataType === 'float8' ? 'float8_e4m3' : dataType);

/** Number of elements, or undefined where it is no safe integer. */
export function elementCount(shape: readonly number[]): number | undefined {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}
