import { recipes, type ScaleMethod, scaleMethods, TrtDslError } from '@trt-dsl/dsl';
import type { InferredOptionTypes, Options } from 'yargs';
import { backendNames } from './backends.ts';
import { precisions, quantizedPrecisions, randomModels } from './model.ts';
import { type PluginsArgument, pluginNames } from './plugins.ts';

/** The arguments that a table of options gives. */
export type Args<O extends { readonly [name: string]: Options }> = InferredOptionTypes<O>;

/** Refuses the options of these names, if there are any. @throws TrtDslError 'argument' that says why */
export function refuseOptions(names: readonly string[], why: string): void {
  if (names.length > 0) throw new TrtDslError('argument', `${names.map((name) => `--${name}`).join(', ')}: ${why}`);
}

/** A number option's `coerce`: whole, and not below `least`. */
export const whole =
  (name: string, least: number) =>
  (value: unknown): number => {
    const number = typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : NaN;
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new TrtDslError('argument', `${name} is ${String(value)}; expected one whole number from ${least}`);
  };

/** A number option's `coerce`: finite. */
export const real =
  (name: string) =>
  (value: unknown): number => {
    const number = typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : NaN;
    if (Number.isFinite(number)) return number;
    throw new TrtDslError('argument', `${name} is ${String(value)}; expected one number`);
  };

/** One text, not several: yargs makes a list of a flag that is given twice. */
export const once =
  (name: string) =>
  (value: unknown): string => {
    if (typeof value === 'string' && value !== '') return value;
    throw new TrtDslError(
      'argument',
      `${name} ${Array.isArray(value) ? `is given ${value.length} times; expected once` : 'has no value'}`,
    );
  };

/** Where the weights, the config and the vocabulary lie. */
export const modelOptions = {
  weights: {
    alias: 'm',
    requiresArg: true,
    coerce: once('--weights'),
    describe: 'TensorFlow checkpoint, .npz, folder of .npy, .safetensors or Hugging Face folder',
  },
  'config-dir': {
    alias: 'c',
    requiresArg: true,
    coerce: once('--config-dir'),
    describe: 'Folder of config.json or bert_config.json, or that file; by default where the weights are',
  },
  'vocab-file': {
    alias: 'v',
    requiresArg: true,
    coerce: once('--vocab-file'),
    describe: 'vocab.txt, or a folder with a tokenizer; by default that of the config',
  },
  cased: { type: 'boolean', default: false, describe: 'The vocabulary keeps case and accents' },
  'random-weights': {
    choices: randomModels,
    describe: 'Weights drawn at random in the sizes of BERT-base or BERT-large: good for speed only',
  },
} as const satisfies Record<string, Options>;

const named = <K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] => Object.keys(table) as K[];

/** How a network is computed. What is behind `precision` goes with int8 and fp8, whose `quantize` makes Q/DQ layers of it. */
export const networkOptions = {
  precision: {
    choices: [...precisions, ...quantizedPrecisions],
    describe: 'Type that the network computes in, fp32 by default; int8 and fp8: its products, calibrated',
  },
  'calibration-cache': {
    requiresArg: true,
    coerce: once('--calibration-cache'),
    describe: "int8, fp8: ranges that `calibrate` wrote, or a cache in TensorRT's format",
  },
  recipe: {
    choices: named(recipes),
    describe: 'int8, fp8: which products; gemm by default, accurate for int8 on ONNX Runtime',
  },
  exclude: {
    type: 'string',
    array: true,
    describe: 'int8, fp8: layers to leave alone: a path, * any characters, or a file of such lines (several)',
  },
  rest: { choices: precisions, describe: 'int8, fp8: type of everything else; fp16 by default' },
} as const satisfies Record<string, Options>;

/** How ranges are found. */
export const calibrationOptions = {
  'calibration-data': {
    requiresArg: true,
    coerce: once('--calibration-data'),
    describe: 'Lines of text, SQuAD JSON, or token arrays (JSON, .npy), which the network reads in float32',
  },
  'calibration-num': {
    alias: 'n',
    coerce: whole('--calibration-num', 1),
    describe: 'Sequences of the data that are read, its first; 100 by default',
  },
  'calibration-batch': {
    coerce: whole('--calibration-batch', 1),
    describe: 'Sequences read at once; 8 by default; the ranges do not depend on it',
  },
  'calibration-backend': {
    choices: backendNames,
    describe: 'What runs the network over the data; onnx by default, which gives the same ranges on every machine',
  },
  calibrator: {
    choices: named(scaleMethods),
    coerce: (value: unknown) => (value === 'minmax' ? 'min-max' : (value as ScaleMethod)),
    describe: 'How ranges are chosen; by default mse for int8, min-max for fp8',
  },
  smooth: { type: 'boolean', describe: 'Move outliers of activations into the kernels first (SmoothQuant)' },
} as const satisfies Record<string, Options>;

/** `--plugins`' `coerce`: one of two words, or names. */
function pluginsArgument(value: unknown): PluginsArgument {
  const words = [...new Set([value].flat())] as string[];
  const word = words.find((each) => each === 'auto' || each === 'none');
  if (word === undefined) return words as unknown as PluginsArgument;
  if (words.length === 1) return word as 'auto' | 'none';
  throw new TrtDslError('argument', `--plugins ${words.join(' ')}: "${word}" goes alone, or else name layers`);
}

export const pluginsOption = {
  plugins: {
    array: true,
    requiresArg: true,
    choices: ['auto', 'none', ...pluginNames],
    coerce: pluginsArgument,
    describe:
      'Layers that are plugins of plugins-cuda (several), or auto: those that make the network faster; by default auto with TensorRT 10 and 11 if their library is built, else none',
  },
} as const satisfies Record<string, Options>;

export const backendOption = {
  backend: { choices: backendNames, describe: 'What builds and runs the engine; by default the best of this machine' },
} as const satisfies Record<string, Options>;

/** How TensorRT builds. */
export const builderOptions = {
  workspace: {
    alias: 'w',
    coerce: whole('--workspace', 1),
    describe: 'MiB of scratch memory a tactic may use; all there is by default',
  },
  'timing-cache': {
    requiresArg: true,
    coerce: once('--timing-cache'),
    describe: 'File of tactic timings: read if it is there, written after the build; makes a second build quick',
  },
  'optimization-level': {
    choices: [0, 1, 2, 3, 4, 5],
    type: 'number',
    describe: '0 builds fastest, 5 runs fastest; TensorRT takes 3 by itself',
  },
  tf32: { type: 'boolean', default: false, describe: 'Let float32 products run in TF32: faster, 1e-4 less exact' },
} as const satisfies Record<string, Options>;

export const engineOption = {
  engine: { alias: 'e', requiresArg: true, coerce: once('--engine'), describe: 'Engine that `build` wrote' },
} as const satisfies Record<string, Options>;

/** What a command looks at: an engine, or a model and what its network computes in. */
export const subjectOptions = {
  ...engineOption,
  ...modelOptions,
  ...networkOptions,
  ...pluginsOption,
} as const satisfies Record<string, Options>;

/** What a command runs: an engine, or one that it builds of a model. */
export const runnableOptions = {
  ...subjectOptions,
  ...backendOption,
  ...builderOptions,
} as const satisfies Record<string, Options>;

/** How passages are cut and answers chosen. */
export const squadOptions = {
  'doc-stride': {
    coerce: whole('--doc-stride', 1),
    default: 128,
    describe: 'Tokens from one window of a long passage to the next',
  },
  'max-query-length': { coerce: whole('--max-query-length', 1), default: 64, describe: 'Longest question in tokens' },
  'n-best-size': { coerce: whole('--n-best-size', 1), default: 20, describe: 'Answers kept for each question' },
  'max-answer-length': { coerce: whole('--max-answer-length', 1), default: 30, describe: 'Longest answer in tokens' },
} as const satisfies Record<string, Options>;
