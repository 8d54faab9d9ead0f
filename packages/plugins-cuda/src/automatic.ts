// Which kernels 'auto' takes, as data. bert-kernels.test.ts holds the tables against bench/results/plugins-bert.json,
// h200-quantize.json and, for attention at lengths BERT does not have, plugins-layers.json.
import type { FloatType, QuantizedType } from '@trt-dsl/dsl';
import type { BertKernelName } from './bert-kernels.ts';

/** What a BERT is built for, as far as it is known. */
export interface Situation {
  /** the type of its activations; float16 by default */
  readonly dataType?: FloatType;
  /** the type of its linear layers, where that is another */
  readonly quantized?: QuantizedType;
  /** real tokens only, one sentence behind the other; false by default */
  readonly packed?: boolean;
  /** how many tokens a run usually has, padding and all; many by default */
  readonly tokens?: number;
  /** tokens in a padded sentence; BERT's 512 or fewer by default */
  readonly sequence?: number;
}

export interface AutomaticKernel {
  readonly kernel: BertKernelName;
  /** of the activations; every type the kernel has, if there is none */
  readonly dataType?: FloatType;
  /** padded or packed batches only, from a number of tokens up, or for sentences up to a length */
  readonly when: 'always' | { readonly packed?: boolean; readonly fromTokens?: number; readonly upToSequence?: number };
}

/**
 * What is taken, all of it together, is the fastest choice that bench/results/plugins-bert.json has for a form of BERT. By
 * itself a kernel may cost BERT time, as skipLayerNorm and qkvToContext do there.
 */
export const automatic: readonly AutomaticKernel[] = [
  { kernel: 'embLayerNorm', when: 'always' },
  { kernel: 'skipLayerNorm', when: 'always' },
  { kernel: 'qkvToContext', when: { packed: true } },
  // Faster than TensorRT's attention at 384, slower at 4096; nothing between was measured.
  { kernel: 'qkvToContext', when: { packed: false, upToSequence: 2048 } },
];

/** Where BERT in ordinary layers is faster than with any kernel. */
export interface Ordinary {
  readonly quantized: QuantizedType;
  /** padded batches of fewer tokens */
  readonly belowTokens: number;
}

/**
 * With `sequenceFirst`, FP8 is 4 % faster than with kernels at 32 × 128, and slower by 3 % at 128 × 128, by 7 % at 32 × 384;
 * nothing between was measured.
 */
export const ordinary: readonly Ordinary[] = [{ quantized: 'float8', belowTokens: 8192 }];

/** The table's kernels for a situation, each once. */
export function automaticKernels(
  { dataType = 'float16', quantized, packed = false, tokens = Infinity, sequence = 0 }: Situation = {},
  table: readonly AutomaticKernel[] = automatic,
): readonly BertKernelName[] {
  if (!packed && ordinary.some((row) => row.quantized === quantized && tokens < row.belowTokens)) return [];
  const fits = (row: AutomaticKernel): boolean => {
    const when = row.when === 'always' ? {} : row.when;
    const { packed: form = packed, fromTokens = 0, upToSequence = Infinity } = when;
    const fitting = tokens >= fromTokens && sequence <= upToSequence;
    return (row.dataType ?? dataType) === dataType && form === packed && fitting;
  };
  return [...new Set(table.filter(fits).map(({ kernel }) => kernel))];
}
