import type { BertConfig } from '@trt-dsl/bert-model';
import { type Engine, type Results, TrtDslError } from '@trt-dsl/dsl';
import type { CommandContext } from '@trt-dsl/tools';
import { type OpenBackend, whyNotRun } from './backends.ts';
import { randomFeeds } from './inputs.ts';
import type { Precision } from './model.ts';
import type { NetworkSettings } from './network.ts';
import { type BertProfile, formatSizes, type Sizes, smallestSizes } from './profiles.ts';

/** What a trial run has to know of an engine. */
export interface TrialSubject {
  /** the file that it is to become, for the error */
  readonly output: string;
  readonly profiles: readonly BertProfile[];
  readonly config: BertConfig;
  readonly settings: Pick<NetworkSettings, 'precision' | 'quantization'>;
}

/** The seed of the made-up ids. */
const seed = 1;

/**
 * Runs a new engine once, on made-up ids in the smallest sizes that it takes, if this machine can run it; if not, that is
 * said. NaN or an infinity in an output means that a sum overflowed its type, or that the weights are broken.
 * @returns the sizes; null if it was not run
 * @throws TrtDslError 'unsupported' that says which outputs are not finite, and what to try
 */
export async function tryEngine(
  engine: Engine,
  backend: OpenBackend,
  subject: TrialSubject,
  { progress }: CommandContext,
): Promise<Sizes | null> {
  const gap = whyNotRun(backend);
  if (gap !== undefined) {
    progress.note(`no trial run: ${backend.about.name}: ${gap}`);
    return null;
  }
  const { output, profiles, config, settings } = subject;
  const sizes = smallestSizes(profiles);
  const found = notFinite(await engine.run(randomFeeds(sizes, config.vocabSize, seed)));
  if (found === null) return sizes;
  throw new TrtDslError(
    'unsupported',
    `${output}: not written, for in its trial run (made-up ids, ${formatSizes(sizes)}) ${found}; ${remedy(settings)}; --no-trial writes it untried`,
  );
}

/** `16 of 16 values of start_logits are not finite, …`; null where all are. */
export function notFinite(results: Results): string | null {
  const broken = Object.entries(results).flatMap(([name, { data }]) => {
    let count = 0;
    for (const value of data) if (!Number.isFinite(Number(value))) count++;
    return count === 0 ? [] : [`${count} of ${data.length} values of ${name}`];
  });
  return broken.length === 0 ? null : `${broken.join(', ')} are not finite`;
}

const remedies: Readonly<Record<Precision, string>> = {
  fp32: 'are the weights whole? NaN or an infinity among them does this',
  fp16: 'float16 ends at 65504: try --precision bf16 or fp32',
  bf16: 'try --precision fp32',
};

/** What to try instead. */
function remedy({ precision, quantization }: TrialSubject['settings']): string {
  if (!quantization) return remedies[precision as Precision];
  const plainer = quantization.recipe === 'gemm' ? '' : '--recipe gemm, ';
  return `try ${plainer}--exclude with the layers that overflow, or another --precision`;
}
