import { existsSync, statSync } from 'node:fs';
import { openBert } from '@trt-dsl/bert-model';
import { calibrate, type Graph, type ScaleMethod, TrtDslError } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import type { CommandContext, Report } from '../command.ts';
import { type FeedOptions, feedsFor } from '../engines/feeds.ts';
import { openGraph } from '../graphs/model-file.ts';
import { table } from '../table.ts';
import { writeFileWhole } from '../write-file.ts';
import { type Bisection, bisect } from './bisect.ts';
import { castOnly, type ErrorOf, measureOn, quantizeOnly, relativeError } from './measure.ts';
import { cosines, embeddingsOf, readLines, summaryOf, textBatches } from './sentences.ts';
import { castUnits, quantizedUnits, type SampleFeeds } from './units.ts';

/** The arguments of `trt-dsl bisect`. */
export interface BisectArguments extends FeedOptions {
  readonly model: string;
  readonly weights?: string | undefined;
  readonly text?: string | undefined;
  readonly count: number;
  readonly precision: 'float16' | 'bfloat16' | 'int8' | 'float8';
  readonly recipe: 'gemm' | 'full';
  readonly calibrator: ScaleMethod;
  readonly tolerance: number;
  readonly out?: string | undefined;
  readonly top: number;
}

/** A model, the data to run it on, and how two results are compared. */
interface Subject {
  readonly graph: Graph;
  readonly feeds: readonly SampleFeeds[];
  readonly errorOf: ErrorOf;
  readonly metric: string;
  readonly mask?: string;
}

/** `trt-dsl bisect`: which layers' lower precision costs most, and which to exclude. */
export async function bisectModel(args: BisectArguments, { progress }: CommandContext): Promise<Report> {
  if (!(args.tolerance > 0)) throw new TrtDslError('argument', `--tolerance ${args.tolerance} is not above 0`);
  const { graph, feeds, errorOf, metric, mask } = subjectOf(args);
  const backend = onnxBackend();
  const { precision, recipe } = args;
  const casts = precision === 'float16' || precision === 'bfloat16';
  const units = casts ? castUnits(graph, feeds[0]!) : quantizedUnits(graph, recipe, feeds[0]!);
  if (units.length === 0)
    throw new TrtDslError('argument', `${args.model} has no layer that ${precision} would change`);
  const lower = casts
    ? castOnly(graph, precision)
    : quantizeOnly(graph, units, {
        dataType: precision,
        recipe,
        ranges: await calibrate(graph, backend, feeds, {
          recipe,
          dataType: precision,
          method: args.calibrator,
          ...(mask !== undefined && { mask }),
        }),
      });
  const measure = await measureOn(backend, graph, lower, feeds, errorOf);
  const found = await bisect(units, measure, args.tolerance, (done, of) => progress.share('measuring', done / of));
  if (args.out !== undefined) writeFileWhole(args.out, found.exclude.map((pattern) => `${pattern}\n`).join(''));
  return {
    json: {
      model: args.model,
      precision,
      metric,
      tolerance: args.tolerance,
      ...found,
      ranking: found.ranking.map(({ unit, error, share }) => ({ layer: unit.pattern, error, share })),
    },
    text: textOf(args, metric, found),
    exitCode: found.met ? 0 : 1,
  };
}

function textOf({ model, precision, tolerance, top, out }: BisectArguments, metric: string, found: Bisection): string {
  const rows = found.ranking
    .slice(0, top)
    .map(({ unit, error, share }) => [unit.pattern, shown(error), `${(100 * share).toFixed(1)} %`]);
  const left = `error ${shown(found.error)}, ${(100 * found.share).toFixed(1)} % of the work stays in high precision`;
  return [
    `${model} in ${precision}: ${metric}, one layer lowered at a time`,
    table([['layer', 'error', 'work'], ...rows]),
    ...(found.ranking.length > top ? [`and ${found.ranking.length - top} more`] : []),
    `all lowered: ${shown(found.errorOfAll)}; wanted: at most ${tolerance}`,
    ...(found.exclude.length === 0 && found.met
      ? ['nothing has to be excluded']
      : [`${found.met ? 'exclude' : 'not met even if you exclude'} (${left}):`, ...found.exclude.map((p) => `  ${p}`)]),
    ...(out === undefined ? [] : [`written to ${out}`]),
  ].join('\n');
}

const shown = (error: number): string => (Number.isFinite(error) ? error.toPrecision(3) : 'overflow');

function subjectOf(args: BisectArguments): Subject {
  if (!existsSync(args.model)) throw new TrtDslError('file', `${args.model}: there is no such file or folder`);
  if (statSync(args.model).isDirectory()) return bertSubject(args);
  const { graph } = openGraph(args.model, args.weights);
  const feeds = Array.from({ length: args.input.length > 0 ? 1 : args.count }, (_, i) =>
    Object.fromEntries(feedsFor(graph.inputs, { ...args, seed: args.seed + i })),
  );
  return { graph, feeds, errorOf: relativeError, metric: 'relative L2 error of the outputs' };
}

/** A folder of a BERT, and lines of text. */
function bertSubject({ model, text, count }: BisectArguments): Subject {
  if (text === undefined) throw new TrtDslError('argument', `--text FILE is missing: lines of text to run ${model} on`);
  const bert = openBert(model);
  const feeds = textBatches(bert.tokenizer, readLines(text).slice(0, count));
  const graph = bert.graph('float32');
  const [output] = graph.outputs.keys();
  const vectors = (results: Parameters<ErrorOf>[0], of: readonly SampleFeeds[]) =>
    results.flatMap((outputs, i) => embeddingsOf(outputs[output!]!, of[i]!['attention_mask']!));
  const errorOf: ErrorOf = (found, due, of) => 1 - summaryOf(cosines(vectors(found, of), vectors(due, of))).mean;
  const metric = "1 − mean cosine of the texts' embeddings";
  return { graph, feeds, errorOf, metric, mask: 'attention_mask' };
}
