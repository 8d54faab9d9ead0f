import type { DataType } from '@trt-dsl/dsl';

/** TensorProto.DataType's number of every data type. */
export const onnxTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
  float8: 17, // FLOAT8E4M3FN
} as const satisfies Record<DataType, number>;

const byNumber = new Map<number, DataType>(
  Object.entries(onnxTypes).map(([name, number]) => [number, name as DataType]),
);

/** The data type of a TensorProto.DataType, if the DSL has it. */
export const dataTypeOf = (onnxType: number | undefined): DataType | undefined => byNumber.get(onnxType ?? 0);

/** The names of the types that ONNX has and the DSL has not, for messages. */
export const onnxTypeName = (onnxType: number | undefined): string =>
  dataTypeOf(onnxType) ??
  ({ 4: 'uint16', 5: 'int16', 8: 'string', 11: 'float64', 12: 'uint32', 13: 'uint64' } as Record<number, string>)[
    onnxType ?? 0
  ] ??
  `data type ${onnxType ?? 0}`;
