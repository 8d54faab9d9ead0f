import type { BertKernelName } from '@trt-dsl/plugins-cuda';
import type { BackendVersion } from './backends.ts';

/** Products, in the binding's words, that turn each quantized layer's rows if the batch is in front. */
const products: readonly string[] = ['trt10', 'trt11'];

/**
 * Whether a quantized encoder is written on [seq, batch, hidden]: on TensorRT 10.6 that makes it 3 to 7 % faster
 * (packages/dsl/src/quantize/README.md), which 11 is taken to be like; ONNX Runtime it makes 4 % slower. The attention plugin
 * reads the batch in front.
 * @param backend what will build it; null if nothing will
 */
export const wantsSequenceFirst = (backend: BackendVersion | null, plugins: readonly BertKernelName[]): boolean =>
  products.includes(backend?.product ?? '') && !plugins.includes('qkvToContext');
