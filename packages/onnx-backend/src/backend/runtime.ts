/** ONNX Runtime, loaded when the first engine is made: graphs become ONNX, and ONNX graphs, without it. */
export type Runtime = typeof import('onnxruntime-node');

export const runtime = (): Promise<Runtime> => import('onnxruntime-node');
