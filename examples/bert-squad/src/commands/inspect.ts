import { defineCommand } from '@trt-dsl/tools';
import { engineTasks } from '../engine-file.ts';
import { once, subjectOptions, whole } from '../options.ts';

export const inspectOptions = {
  ...subjectOptions,
  task: { choices: engineTasks, default: 'question-answering', describe: 'Network of --weights' },
  format: {
    choices: ['layers', 'listing', 'dot', 'svg'],
    describe: 'layers: what the engine runs; the others: the network before TensorRT. Without an engine: listing',
  },
  profile: { type: 'boolean', default: false, describe: 'Time each layer (TensorRT, needs the GPU)' },
  'batch-size': { alias: 'b', coerce: whole('--batch-size', 1), describe: 'Batch size to time; else the usual one' },
  'sequence-length': { alias: 's', coerce: whole('--sequence-length', 1), describe: 'Length to time; else the usual' },
  output: {
    alias: 'o',
    requiresArg: true,
    coerce: once('--output'),
    describe: 'File to write instead of the terminal',
  },
} as const;

export const inspect = defineCommand({
  command: 'inspect',
  describe: 'Show the layers of an engine, or the network before TensorRT',
  options: inspectOptions,
  examples: [
    ['$0 inspect -e bert.engine --profile', 'layers with types, shapes and times'],
    ['$0 inspect -m model.ckpt -c bert_base --precision fp16', 'the network as a listing'],
    ['$0 inspect -e bert.engine --format svg -o bert.svg', 'a drawing'],
  ],
  run: async (args, context) => (await import('../handlers/inspect.ts')).inspect(args, context),
});
