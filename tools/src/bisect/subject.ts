import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { openBert, type PretrainedBert } from '@trt-dsl/bert-model';
import { type Graph, TrtDslError, weightsChecksum } from '@trt-dsl/dsl';
import { WeightsError } from '@trt-dsl/weights';
import { type FeedOptions, feedsFor } from '../engines/feeds.ts';
import { openGraph } from '../graphs/model-file.ts';
import { type ErrorOf, relativeError } from './measure.ts';
import { cosines, embeddingsOf, readLines, summaryOf, textBatches } from './sentences.ts';
import type { SampleFeeds } from './units.ts';

/** How a command line names a model and the data to run it on. */
export interface SubjectOptions extends FeedOptions {
  readonly model: string;
  readonly weights?: string | undefined;
  readonly text?: string | undefined;
  readonly count: number;
}

/** A model, the data to run it on, and how two results are compared; its weights are read until it is disposed of. */
export interface Subject extends Disposable {
  readonly graph: Graph;
  readonly feeds: readonly SampleFeeds[];
  readonly errorOf: ErrorOf;
  readonly metric: string;
  /** the input that is 0 at padding */
  readonly mask?: string;
  /** checksums of its weights, as calibrations of this network have them: a BERT's with each head that it has */
  checksums(): Iterable<string>;
}

/**
 * The model that a command line names, in float32, and its data.
 * @throws TrtDslError 'file' for what is not there or cannot be read, 'argument' for data of the other kind of model
 */
export function subjectOf(args: SubjectOptions): Subject {
  if (isBert(args.model)) return bertSubject(args);
  if (!existsSync(args.model)) throw new TrtDslError('file', `${args.model}: there is no such file or folder`);
  if (args.text !== undefined)
    throw new TrtDslError('argument', `--text is for a BERT's folder or checkpoint; ${args.model} takes --input`);
  const { graph } = openGraph(args.model, args.weights);
  const feeds = Array.from({ length: args.input.length > 0 ? 1 : args.count }, (_, i) =>
    Object.fromEntries(feedsFor(graph.inputs, { ...args, seed: args.seed + i })),
  );
  const metric = 'relative L2 error of the outputs';
  const checksums = (): string[] => [weightsChecksum(graph)];
  return { graph, feeds, errorOf: relativeError, metric, checksums, [Symbol.dispose]: () => {} };
}

/** A folder; or a TensorFlow checkpoint, which is named by what its files begin with. */
function isBert(model: string): boolean {
  const found = statSync(model, { throwIfNoEntry: false });
  if (found) return found.isDirectory();
  const folder = dirname(model);
  return existsSync(folder) && readdirSync(folder).includes(`${basename(model)}.index`);
}

/** A BERT, and lines of text. */
function bertSubject({ model, text, count, input, size, range, random, weights }: SubjectOptions): Subject {
  const idle = Object.entries({ input: input[0], size, range: range[0], random: random || undefined, weights });
  const given = idle.filter(([, value]) => value !== undefined).map(([name]) => `--${name}`);
  if (given.length > 0)
    throw new TrtDslError('argument', `${given.join(', ')}: for a graph's file; a BERT is run on --text`);
  if (text === undefined) throw new TrtDslError('argument', `--text FILE is missing: lines of text to run ${model} on`);
  const bert = openBert({ weights: model, config: existsSync(model) ? model : dirname(model) });
  try {
    return bertOnText(bert, readLines(text).slice(0, count));
  } catch (error) {
    bert.close();
    throw error;
  }
}

function bertOnText(bert: PretrainedBert, lines: readonly string[]): Subject {
  const feeds = textBatches(bert.tokenizer, lines, 16, Math.min(128, bert.config.maxPositions));
  const graph = bert.graph('float32');
  const [output] = graph.outputs.keys();
  const vectors = (results: Parameters<ErrorOf>[0], of: readonly SampleFeeds[]) =>
    results.flatMap((outputs, i) => embeddingsOf(outputs[output!]!, of[i]!['attention_mask']!));
  const errorOf: ErrorOf = (found, due, of) => 1 - summaryOf(cosines(vectors(found, of), vectors(due, of))).mean;
  const metric = "1 − mean cosine of the texts' embeddings";
  const checksums = (): Iterable<string> => checksumsOf(bert);
  return { graph, feeds, errorOf, metric, mask: 'attention_mask', checksums, [Symbol.dispose]: bert.close };
}

function* checksumsOf(bert: PretrainedBert): Iterable<string> {
  yield weightsChecksum(bert.graph('float32'));
  for (const task of ['question-answering', 'pooled'] as const)
    try {
      yield weightsChecksum(bert.graph('float32', { task }));
    } catch (error) {
      if (!(error instanceof WeightsError)) throw error; // it has no such head
    }
}
