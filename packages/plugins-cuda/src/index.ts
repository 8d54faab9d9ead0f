export type { Situation } from './automatic.ts';
export { autoKernels, type BertKernelName, bertKernels } from './bert-kernels.ts';
export { type EmbLayerNormFields, embLayerNorm, type Positions } from './emb-layer-norm.ts';
export { type LayerNormFields, layerNorm } from './layer-norm.ts';
export { pluginLibrary } from './library.ts';
export { headSizes, type KeyMask, type QkvToContextFields, qkvToContext } from './qkv-to-context.ts';
export { type SkipLayerNormFields, skipLayerNorm } from './skip-layer-norm.ts';
