import type { DataType } from '@trt-dsl/dsl';
import type { DataType as NvDataType } from '../enums.ts';

/** The DSL's data types as nvinfer1::DataType. */
export const nvDataTypes: { readonly [D in DataType]: NvDataType } = {
  float32: 'FLOAT',
  float16: 'HALF',
  bfloat16: 'BF16',
  float8: 'FP8',
  int8: 'INT8',
  uint8: 'UINT8',
  int32: 'INT32',
  int64: 'INT64',
  bool: 'BOOL',
};

/** The DSL's name of an nvinfer1::DataType, if it has one. */
export const dslDataType = (type: NvDataType): DataType | undefined =>
  (Object.keys(nvDataTypes) as DataType[]).find((name) => nvDataTypes[name] === type);
