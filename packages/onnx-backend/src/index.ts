export { type OnnxBackendOptions, onnxBackend } from './backend/onnx-backend.ts';
export { importedOps, importOnnx } from './import/import-onnx.ts';
export { openOnnxWeights } from './import/open-onnx-weights.ts';
export type { OnnxTarget } from './lower/kernels.ts';
export { type OnnxModel, serializeOnnx } from './model.ts';
export { irVersion, opset, type ToOnnxOptions, toOnnx } from './to-onnx.ts';
export { type WriteOnnxOptions, writeOnnx } from './write-onnx.ts';
