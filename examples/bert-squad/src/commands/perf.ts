import { defineCommand } from '@trt-dsl/tools';
import { once, real, runnableOptions, whole } from '../options.ts';

export const perfOptions = {
  ...runnableOptions,
  engines: {
    requiresArg: true,
    coerce: once('--engines'),
    describe: 'Folder that keeps the engines built from weights, one a cell; those that are there are not built again',
  },
  'batch-size': {
    alias: 'b',
    type: 'string',
    array: true,
    describe: 'Batch sizes; 1 2 4 8 12 16 24 32 64 128 by default, of an engine those that it takes',
  },
  'sequence-length': {
    alias: 's',
    type: 'string',
    array: true,
    describe: 'Sequence lengths; 128 384 by default, of an engine those that it takes',
  },
  'warm-up': { coerce: whole('--warm-up', 0), default: 10, describe: 'Runs before the first that counts' },
  iterations: {
    alias: 'i',
    coerce: whole('--iterations', 1),
    default: 200,
    describe: 'Runs that count, for each cell',
  },
  duration: {
    coerce: real('--duration'),
    describe: 'Seconds after which a cell ends, even with fewer runs than --iterations',
  },
  'cuda-graph': { type: 'boolean', default: true, describe: '--no-cuda-graph: enqueue layer by layer (TensorRT)' },
  'squad-json': {
    requiresArg: true,
    coerce: once('--squad-json'),
    describe: 'Windows of this file as inputs, instead of random ids (-sq as well)',
  },
  seed: { alias: 'r', coerce: whole('--seed', 0), default: 12345, describe: 'Seed of the random inputs' },
  markdown: { type: 'boolean', default: false, describe: 'Print the table as Markdown' },
  output: { alias: 'o', requiresArg: true, coerce: once('--output'), describe: 'JSON file, written after each cell' },
} as const;

export const perf = defineCommand({
  command: 'perf',
  describe: 'Time an engine, or engines that are built for it',
  options: perfOptions,
  examples: [
    ['$0 perf -e bert.engine', 'every default size that the engine takes'],
    ['$0 perf -m model.ckpt -c bert_base --precision fp16 -b 1 8 32 128 -s 128 384 --markdown', 'an engine a cell'],
    [
      '$0 perf --random-weights large --backend tensorrt --precision fp16 -b 1 -s 128 --timing-cache t.cache',
      'speed only',
    ],
  ],
  run: async (args, context) => (await import('../handlers/perf.ts')).perf(args, context),
});
