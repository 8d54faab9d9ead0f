import { defineCommand } from '@trt-dsl/tools';
import { once, real } from '../options.ts';

const predictions = {
  predictions: { type: 'string', demandOption: true, describe: 'predictions.json that `infer` wrote' },
} as const;

export const evaluateOptions = {
  'squad-json': {
    demandOption: true,
    requiresArg: true,
    coerce: once('--squad-json'),
    describe: 'SQuAD 1.1 or 2.0 file with the answers (-sq as well)',
  },
  'null-odds-file': {
    requiresArg: true,
    coerce: once('--null-odds-file'),
    describe: 'SQuAD 2.0: null_odds.json, for the best threshold',
  },
  'null-odds-threshold': {
    coerce: real('--null-odds-threshold'),
    describe: 'SQuAD 2.0: questions with greater null odds count as not answered; 1 by default',
  },
  'reference-f1': {
    coerce: real('--reference-f1'),
    describe: 'Fail if F1 is more than 0.5 below this, as the demo does',
  },
} as const;

export const evaluate = defineCommand({
  command: 'evaluate <predictions>',
  describe: 'Exact match and F1, as the official scripts count them',
  positionals: predictions,
  options: evaluateOptions,
  examples: [
    ['$0 evaluate predictions.json -sq dev-v1.1.json', 'exact match and F1'],
    ['$0 evaluate predictions.json -sq dev-v1.1.json --reference-f1 90.7', 'fails below 90.2'],
  ],
  run: async (args, context) => (await import('../handlers/evaluate.ts')).evaluate(args, context),
});
