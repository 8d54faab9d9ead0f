import { type AutomaticKernel, automatic, automaticKernels } from '../automatic.ts';
import { type BertKernelName, bertKernels } from '../bert-kernels.ts';

/** What test/gpu/plugins-bert.ts writes: GPU time of BERT with no kernel, with each, with all, milliseconds. */
export interface BertFigures {
  readonly type: 'float16';
  readonly squad: { readonly tokens: number; readonly padded: number };
  readonly rows: readonly {
    readonly model: string;
    readonly kernels: 'none' | 'all' | BertKernelName;
    readonly form: string;
    readonly gpu_ms: number;
    readonly gpu_p95_ms: number;
  }[];
}

const all = Object.keys(bertKernels) as BertKernelName[];

/**
 * The measured cases in which 'auto' takes what makes BERT slower: a median above the 95th percentile without kernels. A
 * packed batch is held against the same sentences padded.
 */
export function slowerKernels(
  { type, squad, rows }: BertFigures,
  table: readonly AutomaticKernel[] = automatic,
): readonly string[] {
  return rows.flatMap(({ model, kernels, form, gpu_ms }) => {
    const packed = form.endsWith('packed');
    const [batch, seq] = form.split('x').map(Number);
    const tokens = packed ? squad.tokens : seq === undefined ? squad.padded : batch! * seq;
    const taken = automaticKernels({ dataType: type, packed, tokens }, table);
    const measured = kernels === 'none' ? [] : kernels === 'all' ? all : [kernels];
    if (measured.length === 0 || !measured.every((name) => taken.includes(name))) return [];
    const padded = form.replace(/, packed$/, ', padded');
    const none = rows.find((row) => row.kernels === 'none' && row.model === model && row.form.startsWith(padded));
    return none && gpu_ms > none.gpu_p95_ms
      ? [`${model} ${form} with ${kernels}: ${gpu_ms.toFixed(3)} ms, without ${none.gpu_ms.toFixed(3)} ms`]
      : [];
  });
}
