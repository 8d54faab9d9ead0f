import { TrtDslError } from '@trt-dsl/dsl';
import { embLayerNorm } from './emb-layer-norm.ts';
import { qkvToContext } from './qkv-to-context.ts';
import { skipLayerNorm } from './skip-layer-norm.ts';

/** BERT's layers that have a kernel here: `bert(weights, config, { kernels: bertKernels })`. */
export const bertKernels = { embLayerNorm, skipLayerNorm, qkvToContext };

export type BertKernelName = keyof typeof bertKernels;

/** What 'auto' takes. A kernel with which BERT is slower in bench/results/plugins-bert.json does not belong here. */
const automatic: readonly BertKernelName[] = ['embLayerNorm', 'skipLayerNorm', 'qkvToContext'];

/**
 * BERT's kernels by name: 'auto', those that beat TensorRT's own layers; 'none'; or a list. float32 has no
 * qkvToContext; BERT then writes attention in ordinary layers.
 * @throws TrtDslError 'argument' for a name that is none of the kernels
 */
export function autoKernels(
  plugins: 'auto' | 'none' | readonly BertKernelName[] = 'auto',
): Partial<typeof bertKernels> {
  const names = plugins === 'auto' ? automatic : plugins === 'none' ? [] : plugins;
  const known = Object.keys(bertKernels);
  const unknown = Array.isArray(names) ? names.find((name) => !known.includes(name)) : plugins;
  if (unknown !== undefined)
    throw new TrtDslError(
      'argument',
      `plugins: found ${JSON.stringify(unknown)}, expected 'auto', 'none' or a list of ${known.join(', ')}`,
    );
  return Object.fromEntries(names.map((name) => [name, bertKernels[name]]));
}
