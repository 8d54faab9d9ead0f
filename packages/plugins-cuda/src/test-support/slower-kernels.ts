import { type AutomaticKernel, automatic, automaticKernels } from '../automatic.ts';
import { type BertKernelName, bertKernels } from '../bert-kernels.ts';

interface BertFigure {
  readonly model: string;
  readonly kernels: 'none' | 'all' | BertKernelName;
  readonly form: string;
  readonly gpu_ms: number;
  readonly gpu_p95_ms: number;
}

/** What test/gpu/plugins-bert.ts writes: GPU time of BERT with no kernel, with each, with all, milliseconds. */
export interface BertFigures {
  readonly type: 'float16';
  readonly squad: { readonly tokens: number; readonly padded: number };
  readonly rows: readonly BertFigure[];
}

const all = Object.keys(bertKernels) as BertKernelName[];
const namesOf = ({ kernels }: BertFigure): readonly BertKernelName[] =>
  kernels === 'none' ? [] : kernels === 'all' ? all : [kernels];

/**
 * The measured cases in which BERT is slower with what 'auto' takes, all of it together, than with another choice: a median
 * above that one's 95th percentile. A packed batch is held against the same sentences padded.
 */
export function slowerKernels(
  { type, squad, rows }: BertFigures,
  table: readonly AutomaticKernel[] = automatic,
): readonly string[] {
  return rows.flatMap((row) => {
    const { model, form, gpu_ms } = row;
    const packed = form.endsWith('packed');
    const [batch, seq] = form.split('x').map(Number);
    const tokens = packed ? squad.tokens : seq === undefined ? squad.padded : batch! * seq;
    const taken = automaticKernels({ dataType: type, packed, tokens }, table);
    if (taken.toSorted().join() !== namesOf(row).toSorted().join()) return [];
    const forms = [form, form.replace(/, packed$/, ', padded to 384')];
    return rows
      .filter((other) => other.model === model && forms.includes(other.form) && gpu_ms > other.gpu_p95_ms)
      .map(
        (other) =>
          `${model} ${form} with ${row.kernels}: ${gpu_ms.toFixed(3)} ms, with ${other.kernels} ${other.gpu_ms.toFixed(3)} ms`,
      );
  });
}
