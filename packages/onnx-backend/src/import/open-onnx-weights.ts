import type { Weights } from '@trt-dsl/dsl';
import { openModel } from './model-file.ts';

/**
 * The initializers of an ONNX file by name, and the constants of its Constant nodes by the name of their tensor: weights
 * that are read when they are asked for, from the file itself or from the external data beside it. float64 becomes
 * float32 when it is read, 16-bit integers int32, unsigned ones int64.
 * @param source a path, or the bytes of a model that has its weights inside
 * @throws TrtDslError 'file' for what is no ONNX file or lies outside its folder, 'unsupported' for text tensors
 */
export function openOnnxWeights(source: string | Uint8Array): Map<string, Weights> {
  const { model, weightsOf } = openModel(source);
  const found = new Map<string, Weights>();
  for (const tensor of model.graph?.initializer ?? []) found.set(tensor.name ?? '', weightsOf(tensor));
  for (const { opType, output, attribute } of model.graph?.node ?? []) {
    const tensor = opType === 'Constant' ? attribute?.find(({ name }) => name === 'value')?.t : undefined;
    if (!tensor || !output?.[0]) continue;
    tensor.name ||= output[0];
    found.set(output[0], weightsOf(tensor));
  }
  return found;
}
