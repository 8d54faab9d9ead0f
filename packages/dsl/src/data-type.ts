import { TrtDslError } from './errors.ts';

interface Info<Kind extends 'float' | 'integer' | 'boolean', A> {
  readonly kind: Kind;
  readonly bytes: number;
  readonly array: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => A;
}

const info = <Kind extends 'float' | 'integer' | 'boolean', A>(
  kind: Kind,
  bytes: number,
  array: Info<Kind, A>['array'],
): Info<Kind, A> => ({ kind, bytes, array });

/**
 * Every data type, TensorRT's names (nvinfer1::DataType). `array` is what host memory holds: float16 and bfloat16 are
 * the bits in a Uint16Array, float8 (E4M3) the bits in a Uint8Array, bool one byte of 0 or 1.
 */
export const dataTypes = {
  float32: info<'float', Float32Array>('float', 4, Float32Array),
  float16: info<'float', Uint16Array>('float', 2, Uint16Array),
  bfloat16: info<'float', Uint16Array>('float', 2, Uint16Array),
  float8: info<'float', Uint8Array>('float', 1, Uint8Array),
  int8: info<'integer', Int8Array>('integer', 1, Int8Array),
  uint8: info<'integer', Uint8Array>('integer', 1, Uint8Array),
  int32: info<'integer', Int32Array>('integer', 4, Int32Array),
  int64: info<'integer', BigInt64Array>('integer', 8, BigInt64Array),
  bool: info<'boolean', Uint8Array>('boolean', 1, Uint8Array),
} as const;

export type DataType = keyof typeof dataTypes;
/** Types in which networks compute. */
export type FloatType = 'float32' | 'float16' | 'bfloat16';
/** Types of indices, sizes and shape arithmetic. */
export type IndexType = 'int32' | 'int64';
/** Types that arithmetic takes. */
export type NumericType = FloatType | IndexType;
/** Types a float tensor is quantized to. */
export type QuantizedType = 'int8' | 'float8';

/** The TypedArray that holds a tensor of type D on the host. */
export type HostArray<D extends DataType = DataType> = InstanceType<(typeof dataTypes)[D]['array']>;

export const dataTypeNames = Object.keys(dataTypes) as readonly DataType[];
export const floatTypes: readonly DataType[] = ['float32', 'float16', 'bfloat16'];
export const indexTypes: readonly DataType[] = ['int32', 'int64'];
export const numericTypes: readonly DataType[] = [...floatTypes, ...indexTypes];

export const isDataType = (value: unknown): value is DataType =>
  typeof value === 'string' && Object.hasOwn(dataTypes, value);

/** The elements of `bytes` as the TypedArray of `dataType`, without a copy where alignment allows it. */
export function arrayOf<D extends DataType>(dataType: D, bytes: Uint8Array): HostArray<D> {
  const { bytes: size, array: View } = dataTypes[dataType];
  if (bytes.byteLength % size !== 0)
    throw new TrtDslError('argument', `${bytes.byteLength} bytes are no whole number of ${dataType} values`);
  // Not bytes.slice(): on a Buffer that is a view, as unaligned as before.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new View(aligned.buffer, aligned.byteOffset, aligned.byteLength / size) as HostArray<D>;
}

/** The bytes under a TypedArray, without a copy. */
export const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
