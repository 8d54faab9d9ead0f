// Which kernels 'auto' takes, as data. bert-kernels.test.ts holds the table against bench/results/plugins-bert.json.
import type { FloatType } from '@trt-dsl/dsl';
import type { BertKernelName } from './bert-kernels.ts';

/** What a BERT is built for, as far as it is known. */
export interface Situation {
  /** the type of its activations; float16 by default */
  readonly dataType?: FloatType;
  /** real tokens only, one sentence behind the other; false by default */
  readonly packed?: boolean;
  /** how many tokens a run usually has, padding and all; many by default */
  readonly tokens?: number;
}

export interface AutomaticKernel {
  readonly kernel: BertKernelName;
  /** of the activations; every type the kernel has, if there is none */
  readonly dataType?: FloatType;
  /** padded or packed batches only, or from a number of tokens up */
  readonly when: 'always' | { readonly packed?: boolean; readonly fromTokens?: number };
}

/** A kernel with which BERT is slower in bench/results/plugins-bert.json does not belong here. */
export const automatic: readonly AutomaticKernel[] = [
  { kernel: 'embLayerNorm', when: 'always' },
  { kernel: 'skipLayerNorm', when: 'always' },
  { kernel: 'qkvToContext', when: 'always' },
];

/** The table's kernels for a situation, each once. */
export function automaticKernels(
  { dataType = 'float16', packed = false, tokens = Infinity }: Situation = {},
  table: readonly AutomaticKernel[] = automatic,
): readonly BertKernelName[] {
  const fits = (row: AutomaticKernel): boolean => {
    const { packed: form = packed, fromTokens = 0 } = row.when === 'always' ? {} : row.when;
    return (row.dataType ?? dataType) === dataType && form === packed && tokens >= fromTokens;
  };
  return [...new Set(table.filter(fits).map(({ kernel }) => kernel))];
}
