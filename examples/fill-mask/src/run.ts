import { TrtDslError } from '@trt-dsl/dsl';
import { formatBackend, openBackend, openModel, usableBackends } from '@trt-dsl/example-bert-squad';
import type { CommandContext, Report } from '@trt-dsl/tools';
import type { InferredOptionTypes } from 'yargs';
import type { options } from './cli.ts';
import { type Blank, encodeBlanks, fillMask, withMasks } from './fill-mask.ts';
import { findMaskedModel } from './find-model.ts';

/** `fill-mask` */
export async function run(
  args: InferredOptionTypes<typeof options> & { readonly text: string },
  { progress, signal }: CommandContext,
): Promise<Report> {
  if (!Number.isSafeInteger(args.top) || args.top < 1)
    throw new TrtDslError('argument', `--top is ${args.top}; expected one whole number from 1`);
  const weights = args.model ?? findMaskedModel();
  using model = openModel({ ...args, weights });
  const tokenizer = model.tokenizer();
  if (!tokenizer) throw new TrtDslError('file', `${weights}: no vocabulary beside it; name it with --vocab-file`);
  const text = withMasks(args.text, tokenizer.specialTokens.mask);
  const encoding = encodeBlanks(text, tokenizer, model.config.maxPositions);
  const graph = model.graph(args.precision, 'masked-lm');

  const backend = await openBackend(args.backend ?? (await usableBackends()).usable[0]!);
  progress.note(`${weights}, ${args.precision} with ${formatBackend(backend.about)}`);
  using engine = await backend.compile(graph, {
    profiles: [{ batch: 1, seq: encoding.ids.length }],
    signal,
    onProgress: (phase, fraction) => progress.share(phase, fraction),
  });
  const blanks = await fillMask(engine, tokenizer, text, encoding, args.top);
  return {
    json: { model: weights, text, blanks },
    text: blanks.map((blank, i) => format(blank, i, blanks.length)).join('\n\n'),
  };
}

function format({ candidates }: Blank, index: number, count: number): string {
  const lines = candidates.map(({ token, probability }) => `${(100 * probability).toFixed(2).padStart(6)} %  ${token}`);
  return [...(count > 1 ? [`blank ${index + 1}`] : []), ...lines].join('\n');
}
