import { TrtDslError } from '@trt-dsl/dsl';
import { automaticKernels, type Situation } from './automatic.ts';
import { embLayerNorm } from './emb-layer-norm.ts';
import { qkvToContext } from './qkv-to-context.ts';
import { skipLayerNorm } from './skip-layer-norm.ts';

/** BERT's layers that have a kernel here: `bert(weights, config, { kernels: bertKernels })`. */
export const bertKernels = { embLayerNorm, skipLayerNorm, qkvToContext };

export type BertKernelName = keyof typeof bertKernels;

/**
 * BERT's kernels by name: 'auto', those that beat TensorRT's own layers in this situation (automatic.ts); 'none'; or a
 * list. float32 has no qkvToContext; BERT then writes attention in ordinary layers.
 * @throws TrtDslError 'argument' for a name that is none of the kernels
 */
export function autoKernels(
  plugins: 'auto' | 'none' | readonly BertKernelName[] = 'auto',
  situation: Situation = {},
): Partial<typeof bertKernels> {
  const names = plugins === 'auto' ? automaticKernels(situation) : plugins === 'none' ? [] : plugins;
  const known = Object.keys(bertKernels);
  const unknown = Array.isArray(names) ? names.find((name) => !known.includes(name)) : plugins;
  if (unknown !== undefined)
    throw new TrtDslError(
      'argument',
      `plugins: found ${JSON.stringify(unknown)}, expected 'auto', 'none' or a list of ${known.join(', ')}`,
    );
  return Object.fromEntries(names.map((name) => [name, bertKernels[name]]));
}
