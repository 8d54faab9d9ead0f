import { defineCommand } from '@trt-dsl/tools';
import { demoFlags } from '../demo-flags.ts';
import { engineTasks } from '../engine-file.ts';
import {
  backendOption,
  builderOptions,
  calibrationOptions,
  modelOptions,
  networkOptions,
  once,
  pluginsOption,
} from '../options.ts';

export const buildOptions = {
  ...modelOptions,
  output: { alias: 'o', demandOption: true, requiresArg: true, coerce: once('--output'), describe: 'Engine to write' },
  'batch-size': {
    alias: 'b',
    type: 'string',
    array: true,
    default: ['1'],
    describe: 'Passages at once: 8 takes 1 to 8; or smallest:usual:largest (several: a profile for each × length)',
  },
  'sequence-length': {
    alias: 's',
    type: 'string',
    array: true,
    default: ['128'],
    describe: 'Tokens of question and passage: 128, or smallest:usual:largest (several)',
  },
  ...networkOptions,
  ...calibrationOptions,
  ...pluginsOption,
  task: {
    choices: engineTasks,
    default: 'question-answering',
    describe: 'pooled: last hidden state and pooler instead of answers, for `compare`',
  },
  ...backendOption,
  ...builderOptions,
  fallback: {
    type: 'boolean',
    default: true,
    describe: '--no-fallback: fail where the best backend fails, instead of taking the next',
  },
  trial: {
    type: 'boolean',
    default: true,
    describe: '--no-trial: write the engine without running it first, which refuses outputs that are not finite',
  },
  ...demoFlags,
} as const;

export const build = defineCommand({
  command: 'build',
  describe: 'Build an engine from a checkpoint',
  options: buildOptions,
  examples: [
    ['$0 build -m model.ckpt-8144 -c bert_base -o bert.engine -b 1 8 -s 128 384 --precision fp16', 'four profiles'],
    ['$0 build -m hugging_face_folder -o bert.engine -b 1:8:32 -s 16:128:384', 'one profile of ranges'],
    ['$0 build -m model.ckpt -o bert.engine --precision int8 --calibration-data train-v1.1.json', 'INT8 products'],
    ['$0 build -m model.ckpt -o bert.engine --precision fp8 --calibration-cache ranges.json', 'FP8, without data'],
    ['$0 build -m model.ckpt -o bert.engine --precision fp16 --plugins auto', 'with plugins'],
    ['$0 build -m weights.npz -c bert_base -o bert.engine --backend onnx', 'for the CPU'],
  ],
  run: async (args, context) => (await import('../handlers/build.ts')).build(args, context),
});
