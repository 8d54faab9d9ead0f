import { embLayerNorm } from './emb-layer-norm.ts';
import { qkvToContext } from './qkv-to-context.ts';
import { skipLayerNorm } from './skip-layer-norm.ts';

/** BERT's layers that have a kernel here: `bert(weights, config, { kernels: bertKernels })`. */
export const bertKernels = { embLayerNorm, skipLayerNorm, qkvToContext };
