export { type OnnxBackendOptions, onnxBackend } from './backend/onnx-backend.ts';
export type { OnnxTarget } from './lower/kernels.ts';
export { type OnnxModel, serializeOnnx } from './model.ts';
export { irVersion, opset, type ToOnnxOptions, toOnnx } from './to-onnx.ts';
export { type WriteOnnxOptions, writeOnnx } from './write-onnx.ts';
