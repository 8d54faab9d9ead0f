import { type DataType, fromNumbers, TrtDslError } from '@trt-dsl/dsl';

/** A type that ONNX has and the DSL has not, and the DSL's type that weights of it become when they are read. */
export interface ForeignType {
  readonly bytes: number;
  readonly becomes: DataType;
  readonly convert: (bytes: Uint8Array, where: string) => Uint8Array;
}

type View = new (buffer: ArrayBufferLike) => ArrayLike<number>;

const via =
  (View: View, becomes: DataType) =>
  (bytes: Uint8Array): Uint8Array =>
    new Uint8Array(fromNumbers(becomes, new View(bytes.slice().buffer)).buffer);

/** By TensorProto.DataType. float64 is rounded to float32, what PyTorch computes in anyway, unless it is
 * beyond it; integers keep their value. */
export const foreignTypes: { readonly [onnxType: number]: ForeignType } = {
  4: { bytes: 2, becomes: 'int32', convert: via(Uint16Array, 'int32') },
  5: { bytes: 2, becomes: 'int32', convert: via(Int16Array, 'int32') },
  11: {
    bytes: 8,
    becomes: 'float32',
    convert: (bytes, where) => {
      const values = new Float64Array(bytes.slice().buffer);
      const large = values.findIndex((value) => Number.isFinite(value) && !Number.isFinite(Math.fround(value)));
      if (large >= 0)
        throw new TrtDslError(
          'data-type',
          `${where}: the float64 ${values[large]} at element ${large} is beyond float32, to which it would be rounded`,
        );
      return new Uint8Array(Float32Array.from(values).buffer);
    },
  },
  12: { bytes: 4, becomes: 'int64', convert: via(Uint32Array, 'int64') },
  13: {
    bytes: 8,
    becomes: 'int64',
    convert: (bytes, where) => {
      const values = new BigInt64Array(bytes.slice().buffer);
      const large = values.findIndex((value) => value < 0n);
      if (large >= 0) throw new TrtDslError('data-type', `${where}: the uint64 at element ${large} does not fit int64`);
      return new Uint8Array(values.buffer);
    },
  },
};
