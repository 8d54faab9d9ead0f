import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type BertConfig,
  type BertTask,
  bert,
  bertBase,
  bertLarge,
  hasTokenizer,
  type ModuleOptions,
  openBert,
  randomParameters,
  readTokenizer,
  Tokenizer,
  type TokenizerOptions,
  Vocabulary,
} from '@trt-dsl/bert-model';
import { type FloatType, type Graph, type QuantizedType, TrtDslError } from '@trt-dsl/dsl';
import { WeightsError } from '@trt-dsl/weights';

/** What a network computes in, as the command line spells it. */
export const precisions = ['fp32', 'fp16', 'bf16'] as const;
export type Precision = (typeof precisions)[number];
export const dataTypeOf: Readonly<Record<Precision, FloatType>> = {
  fp32: 'float32',
  fp16: 'float16',
  bf16: 'bfloat16',
};

/** Types that a network's products can compute in, everything else being in one of `precisions`. */
export const quantizedPrecisions = ['int8', 'fp8'] as const;
export type QuantizedPrecision = (typeof quantizedPrecisions)[number];
export const quantizedTypeOf: Readonly<Record<QuantizedPrecision, QuantizedType>> = { int8: 'int8', fp8: 'float8' };
export const isQuantized = (precision: Precision | QuantizedPrecision): precision is QuantizedPrecision =>
  Object.hasOwn(quantizedTypeOf, precision);

export const randomModels = ['base', 'large'] as const;
export type RandomModel = (typeof randomModels)[number];

/** Where a model comes from, as the command line names it. */
export interface ModelArgs {
  readonly weights?: string | undefined;
  readonly 'config-dir'?: string | undefined;
  readonly 'vocab-file'?: string | undefined;
  readonly cased?: boolean | undefined;
  readonly 'random-weights'?: RandomModel | undefined;
}

/** What an engine's description says of the weights that it was made of. */
export type WeightsOrigin =
  | { readonly weights: string; readonly config: string; readonly naming: string }
  | { readonly random: RandomModel };

/** A BERT whose weights can be read. */
export interface Model extends Disposable {
  readonly config: BertConfig;
  readonly origin: WeightsOrigin;
  /** The network in a precision, written as options say. @throws WeightsError if the weights are not those of such a network */
  graph(precision: Precision, task: BertTask, options?: ModuleOptions): Graph;
  /** The tokenizer; null if none was named and none lies beside the config. @throws TrtDslError if it is malformed */
  tokenizer(): Tokenizer | null;
}

/** What a command that takes engines too says that it could be given instead of a model. */
export const orEngine = 'an --engine (-e), or ';

/** Opens the weights that a command names. @param instead what else it could name, for the error @throws TrtDslError 'argument' if it names none or two */
export function openModel(args: ModelArgs, instead = ''): Model {
  const { weights, 'random-weights': random } = args;
  if ((weights === undefined) === (random === undefined))
    throw new TrtDslError('argument', `name ${instead}the model by --weights (-m) or by --random-weights, one of them`);
  return weights === undefined ? randomModel(random!, args) : openWeighted(weights, args);
}

function openWeighted(weights: string, args: ModelArgs): Model {
  requireWeights(weights);
  const config = args['config-dir'] ?? (isFolder(weights) ? weights : dirname(weights));
  const model = openBert({ weights, config });
  const folder = isFolder(config) ? config : dirname(config);
  return {
    config: model.config,
    origin: { weights: resolve(weights), config: resolve(config), naming: model.naming },
    graph: (precision, task, options = {}) => {
      try {
        return model.graph(dataTypeOf[precision], { task, ...options });
      } catch (error) {
        throw withoutHead(error, weights, task);
      }
    },
    tokenizer: () =>
      fitting(
        args['vocab-file'] ? vocabularyAt(args['vocab-file'], args.cased) : beside(folder, args.cased),
        model.config,
      ),
    [Symbol.dispose]: () => model.close(),
  };
}

/** Says which task needs no head, where weights lack that of question answering and nothing else. */
function withoutHead(error: unknown, path: string, task: BertTask): unknown {
  if (!(error instanceof WeightsError) || task !== 'question-answering') return error;
  const { missing, mismatched, unused } = error;
  if (mismatched.length + unused.length > 0 || !missing.every((name) => name.startsWith('cls/squad/'))) return error;
  const what = 'there is no head for question answering in it; --task pooled goes without';
  return new TrtDslError('weights', `${path}: ${what}`, { cause: error });
}

function randomModel(random: RandomModel, args: ModelArgs): Model {
  const config = { base: bertBase, large: bertLarge }[random];
  return {
    config,
    origin: { random },
    graph: (precision, task, options = {}) =>
      bert(randomParameters(dataTypeOf[precision]), config, { task, ...options }),
    tokenizer: () => fitting(args['vocab-file'] ? vocabularyAt(args['vocab-file'], args.cased) : null, config),
    [Symbol.dispose]: () => {},
  };
}

/** A TensorFlow checkpoint is named by what its files begin with. @throws TrtDslError 'file' if nothing is there */
function requireWeights(path: string): void {
  const folder = dirname(path);
  if (existsSync(path) || (isFolder(folder) && readdirSync(folder).some((name) => name.startsWith(basename(path)))))
    return;
  throw new TrtDslError('file', `${path}: there is no file, folder or TensorFlow checkpoint of that name`);
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const caseOptions = (cased: boolean | undefined): TokenizerOptions => (cased ? { lowercase: false } : {});

/** The tokenizer of a vocab.txt, with the settings beside it if there are any, or of a folder. */
export function vocabularyAt(path: string, cased?: boolean): Tokenizer {
  if (isFolder(path)) return readTokenizer(path, caseOptions(cased));
  const folder = dirname(path);
  if (basename(path) === 'vocab.txt' && existsSync(join(folder, 'tokenizer_config.json')))
    return readTokenizer(folder, caseOptions(cased));
  return Tokenizer.fromVocabFile(path, caseOptions(cased));
}

const beside = (folder: string, cased: boolean | undefined): Tokenizer | null =>
  hasTokenizer(folder) ? readTokenizer(folder, caseOptions(cased)) : null;

/** The tokenizer, if the network has a row for each of its tokens. @throws TrtDslError 'argument' */
export function fitting<T extends Tokenizer | null>(tokenizer: T, { vocabSize }: BertConfig): T {
  if (tokenizer && tokenizer.size > vocabSize)
    throw new TrtDslError(
      'argument',
      `${tokenizer.vocabulary.source} has ${tokenizer.size} tokens, but the network's embedding ${vocabSize} rows: it is another model's vocabulary`,
    );
  return tokenizer;
}

/** A tokenizer as plain data. */
export interface TokenizerData {
  /** by id; null where an id has no token */
  readonly vocabulary: readonly (string | null)[];
  readonly options: TokenizerOptions;
}

export function tokenizerData({ vocabulary, options }: Tokenizer): TokenizerData {
  const tokens = new Array<string | null>(vocabulary.size).fill(null);
  for (const [token, id] of vocabulary.entries()) tokens[id] = token;
  return { vocabulary: tokens, options };
}

export const tokenizerFrom = ({ vocabulary, options }: TokenizerData, source: string): Tokenizer =>
  new Tokenizer(
    new Vocabulary(
      vocabulary.flatMap((token, id) => (token === null ? [] : [[token, id] as const])),
      source,
    ),
    options,
  );
