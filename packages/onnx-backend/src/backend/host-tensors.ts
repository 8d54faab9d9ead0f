import {
  bytesOf,
  type DataType,
  dataTypes,
  fromNumbers,
  type HostArray,
  type HostTensor,
  type TensorType,
  toFloat32,
} from '@trt-dsl/dsl';
import type { Tensor as OrtTensor } from 'onnxruntime-node';
import { borderTypes } from '../to-onnx.ts';
import type { Runtime } from './runtime.ts';

/**
 * A host tensor as ONNX Runtime's; types that it lacks go as float32, exactly. The elements are copied, so that the caller
 * may use its array again as soon as `run` was called.
 */
export function toOrt({ Tensor }: Runtime, { dataType, shape, data }: HostTensor): OrtTensor {
  if (borderTypes[dataType]) return new Tensor('float32', toFloat32(dataType, data), shape);
  const View = dataTypes[dataType].array as unknown as new (from: HostArray) => HostArray;
  const copy = new View(data);
  if (dataType === 'float16') return new Tensor('float16', float16Array(copy as Uint16Array), shape);
  return new Tensor(dataType as Exclude<DataType, 'bfloat16' | 'float8'>, copy as never, shape);
}

/** ONNX Runtime's tensor as the DSL's. */
export function fromOrt({ dataType }: TensorType, tensor: OrtTensor): HostTensor {
  const shape = [...tensor.dims];
  if (borderTypes[dataType])
    return { dataType, shape, data: fromNumbers(dataType, tensor.data as Float32Array) as HostArray };
  const bytes = bytesOf(tensor.data as Uint8Array);
  const { array: View, bytes: size } = dataTypes[dataType];
  return { dataType, shape, data: new View(bytes.buffer, bytes.byteOffset, bytes.byteLength / size) };
}

/** Where JavaScript has a Float16Array, onnxruntime-common insists on it. */
const float16Array = (bits: Uint16Array): never => {
  const { Float16Array: View } = globalThis as {
    Float16Array?: new (b: ArrayBufferLike, at: number, n: number) => object;
  };
  return (View ? new View(bits.buffer, bits.byteOffset, bits.length) : bits) as never;
};
