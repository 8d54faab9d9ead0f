import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import {
  type AnswerOptions,
  type FeatureOptions,
  type Prediction,
  readSquad,
  squadAnswers,
  squadFeatures,
  writePredictions,
} from '@trt-dsl/bert-model';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import { type CommandContext, type Report, requirePlace, utf8Of } from '@trt-dsl/tools';
import type { inferOptions } from '../commands/infer.ts';
import { type OpenEngine, openEngine, tokenizerOf } from '../engine-file.ts';
import type { Args } from '../options.ts';
import { fit, largestBatch, longestSequence } from '../profiles.ts';
import { type SpanScorer, scoreWindows } from '../spans.ts';

type InferArgs = Args<typeof inferOptions> & { readonly json?: boolean };

/** Everything that answering needs. */
interface Reader extends SpanScorer {
  readonly features: FeatureOptions;
  readonly answers: AnswerOptions;
}

/** One question, answered. */
interface Answered extends Prediction {
  readonly question: string;
  readonly windows: number;
  readonly milliseconds: number;
}

/** `bert-squad infer` */
export async function infer(args: InferArgs, context: CommandContext): Promise<Report> {
  requireOneSource(args);
  requirePlace(args.output, args['n-best-file'], args['null-odds-file']);
  using opened = await openEngine(args.engine, { cudaGraph: true });
  const reader = readerOf(opened, args);
  if (args['squad-json'] !== undefined) return await answerDataset(reader, args['squad-json'], args, context);
  const passage = passageOf(args);
  const questions = questionsOf(args);
  if (!questions) return await prompt(reader, passage, args, context);
  const answered: Answered[] = [];
  for (const question of questions) answered.push(await answer(reader, passage, question));
  return {
    json: { engine: args.engine, passage, questions: answered },
    text: answered.map(formatAnswer).join('\n\n'),
  };
}

function requireOneSource(args: InferArgs): void {
  const { passage, 'passage-file': file, 'squad-json': squad, output } = args;
  const given = [passage, file, squad].filter((source) => source !== undefined).length;
  if (given !== 1) throw new TrtDslError('argument', 'name one source: --passage, --passage-file or --squad-json');
  if (args.question && args['question-file'])
    throw new TrtDslError('argument', 'name --question or --question-file, one of them');
  if (squad === undefined && (output ?? args['n-best-file'] ?? args['null-odds-file']) !== undefined)
    throw new TrtDslError('argument', '--output, --n-best-file and --null-odds-file belong to --squad-json');
  if (squad !== undefined && output === undefined)
    throw new TrtDslError('argument', '--squad-json needs --output, the predictions.json to write');
}

function readerOf(opened: OpenEngine, args: InferArgs): Reader {
  const { about, engine } = opened;
  if (about.task !== 'question-answering')
    throw new TrtDslError('argument', `${opened.path}: was built with --task ${about.task}; it answers no questions`);
  const seq = args['sequence-length'] ?? Math.min(longestSequence(about.profiles), about.config.maxPositions);
  const batchSize = args['batch-size'] ?? largestBatch(about.profiles, seq);
  fit(about.profiles, { batch: batchSize, seq });
  const tokenizer = tokenizerOf(opened, args);
  return {
    engine,
    profiles: about.profiles,
    tokenizer,
    batchSize,
    features: {
      maxSequenceLength: seq,
      docStride: args['doc-stride'],
      maxQueryLength: args['max-query-length'],
      longQuestion: args['long-question'] ?? (args['squad-json'] === undefined ? 'refuse' : 'truncate'),
    },
    answers: {
      nBestSize: args['n-best-size'],
      maxAnswerLength: args['max-answer-length'],
      nullScoreDiffThreshold: args['null-score-diff-threshold'],
    },
  };
}

async function answer(reader: Reader, passage: string, question: string): Promise<Answered> {
  const start = performance.now();
  const windows = squadFeatures({ passage, question }, reader.tokenizer, reader.features);
  const logits = await scoreWindows(reader, windows);
  const prediction = squadAnswers({ passage }, windows, logits, reader.answers);
  return { question, ...prediction, windows: windows.length, milliseconds: performance.now() - start };
}

function formatAnswer({ question, text, span, nBest, windows, milliseconds }: Answered): string {
  const percent = (probability: number): string => `${(100 * probability).toFixed(1).padStart(5)} %`;
  const where = span ? `characters ${span[0]} to ${span[1]}` : 'none';
  const others = nBest.slice(1, 4).map(({ text: other, probability }) => `  ${percent(probability)}  ${other}`);
  return [
    `Question: ${question}`,
    `Answer:   ${text || '(no answer)'}`,
    `  ${percent(nBest[0]?.probability ?? 0)}  ${where}; ${windows} window${windows === 1 ? '' : 's'}, ${milliseconds.toFixed(1)} ms`,
    ...others,
  ].join('\n');
}

async function answerDataset(
  reader: Reader,
  path: string,
  args: InferArgs,
  { progress, signal }: CommandContext,
): Promise<Report> {
  const dataset = readSquad(path);
  const start = performance.now();
  const windows = dataset.examples.map((example) => squadFeatures(example, reader.tokenizer, reader.features));
  const all = windows.flat();
  const told = (done: number) => progress.share(`${done} of ${all.length} windows`, done / all.length);
  const logits = await scoreWindows(reader, all, told, signal);
  let from = 0;
  const predictions = new Map(
    dataset.examples.map((example, i) => {
      const own = logits.slice(from, from + windows[i]!.length);
      from += own.length;
      const options = { ...reader.answers, mayBeImpossible: dataset.hasImpossible };
      return [example.id, squadAnswers(example, windows[i]!, own, options)];
    }),
  );
  const milliseconds = performance.now() - start;
  const { output: predictionsPath, 'n-best-file': nBest, 'null-odds-file': nullOdds } = args;
  writePredictions(predictions, {
    ...(predictionsPath && { predictions: predictionsPath }),
    ...(nBest && { nBest }),
    ...(nullOdds && { nullOdds }),
  });
  const questions = dataset.examples.length;
  const perQuestion = milliseconds / Math.max(questions, 1);
  return {
    json: {
      engine: args.engine,
      squad: path,
      version: dataset.version,
      questions,
      windows: all.length,
      milliseconds,
      millisecondsPerQuestion: perQuestion,
      predictions: predictionsPath,
    },
    text: `${predictionsPath}: answers to ${questions} questions in ${all.length} windows; ${(milliseconds / 1000).toFixed(2)} s, ${perQuestion.toFixed(2)} ms a question`,
  };
}

function passageOf(args: InferArgs): string {
  const passage = args.passage?.join(' ') ?? readText(args['passage-file']!, 'passage');
  if (passage.trim() === '')
    throw new TrtDslError('argument', `${args['passage-file'] ?? '--passage'}: the passage is empty`);
  return passage;
}

function questionsOf(args: InferArgs): readonly string[] | undefined {
  const file = args['question-file'];
  const questions = args.question ?? (file === undefined ? undefined : readText(file, 'questions').split(/\r?\n/));
  const asked = questions?.filter((question) => question.trim() !== '');
  if (asked?.length === 0) throw new TrtDslError('argument', `${file ?? '--question'}: there is no question`);
  return asked;
}

function readText(path: string, what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new TrtDslError('file', `${path}: cannot read the ${what}: ${messageOf(error)}`, { cause: error });
  }
  const text = utf8Of(bytes);
  if (text === undefined)
    throw new TrtDslError('file', `${path}: cannot read the ${what}: it holds binary data, no text in UTF-8`);
  return text;
}

/** Asks for questions until there is none: an empty line or the end of the input. */
async function prompt(reader: Reader, passage: string, args: InferArgs, { signal }: CommandContext): Promise<Report> {
  if (args.json) throw new TrtDslError('argument', '--json needs --question or --question-file');
  const { stdin, stdout } = process;
  const lines = createInterface({ input: stdin, output: stdout, prompt: 'Question (empty to end): ' });
  const answered: Answered[] = [];
  signal.addEventListener('abort', () => lines.close());
  try {
    lines.prompt();
    for await (const line of lines) {
      if (line.trim() === '') break;
      try {
        const result = await answer(reader, passage, line);
        answered.push(result);
        stdout.write(`${formatAnswer(result)}\n\n`);
      } catch (error) {
        if (!(error instanceof TrtDslError)) throw error;
        stdout.write(`${error.message}\n\n`);
      }
      lines.prompt();
    }
  } finally {
    lines.close();
  }
  return {
    json: { questions: answered },
    text: `${answered.length} question${answered.length === 1 ? '' : 's'} answered`,
  };
}
