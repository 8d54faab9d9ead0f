/** ONNX Runtime, loaded when the first engine is made: graphs become ONNX, and ONNX graphs, without it. */
export type Runtime = typeof import('onnxruntime-node');

/**
 * Loads it. From 1.30 on it would tell Microsoft of each session, and keep what it tells in files that all processes of
 * a user share: it does neither, unless ORT_DISABLE_TELEMETRY is set to something else.
 */
export const runtime = (): Promise<Runtime> => {
  process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
  return import('onnxruntime-node');
};
