import type { BertKernelName } from '@trt-dsl/plugins-cuda';
import type { BackendVersion } from './backends.ts';

/** Products, in the binding's words, that turn each quantized layer's rows there and back if the batch is in front. */
const products: readonly string[] = ['trt10', 'trt11'];

/**
 * Whether a quantized encoder is written on [seq, batch, hidden]: TensorRT 10.6 makes it 2 to 8 % faster
 * (packages/dsl/src/quantize/README.md); 11 is taken to be alike. The attention plugin reads the batch in front.
 * @param backend what will build it; null if nothing will
 */
export const wantsSequenceFirst = (backend: BackendVersion | null, plugins: readonly BertKernelName[]): boolean =>
  products.includes(backend?.product ?? '') && !plugins.includes('qkvToContext');
