import { defineCommand } from '@trt-dsl/tools';
import { engineOption, once, real, squadOptions, whole } from '../options.ts';

export const inferOptions = {
  engine: { ...engineOption.engine, demandOption: true },
  passage: { alias: 'p', type: 'string', array: true, describe: 'Passage to find answers in' },
  'passage-file': {
    requiresArg: true,
    coerce: once('--passage-file'),
    describe: 'File that holds the passage (-pf as well)',
  },
  question: { alias: 'q', type: 'string', array: true, describe: 'Question about the passage (several)' },
  'question-file': {
    requiresArg: true,
    coerce: once('--question-file'),
    describe: 'File with a question on each line (-qf as well)',
  },
  'squad-json': {
    requiresArg: true,
    coerce: once('--squad-json'),
    describe: 'SQuAD 1.1 or 2.0 file whose questions to answer (-sq as well)',
  },
  output: { alias: 'o', requiresArg: true, coerce: once('--output'), describe: 'predictions.json to write' },
  'n-best-file': { requiresArg: true, coerce: once('--n-best-file'), describe: 'nbest_predictions.json to write' },
  'null-odds-file': { requiresArg: true, coerce: once('--null-odds-file'), describe: 'null_odds.json to write' },
  'null-score-diff-threshold': {
    coerce: real('--null-score-diff-threshold'),
    default: 0,
    describe: 'SQuAD 2.0: no answer wins if it scores more than this above the best answer',
  },
  'vocab-file': {
    alias: 'v',
    requiresArg: true,
    coerce: once('--vocab-file'),
    describe: 'Vocabulary; by default the one that the engine was built with',
  },
  'batch-size': {
    alias: 'b',
    coerce: whole('--batch-size', 1),
    describe: 'Windows at once; by default as many as the engine takes',
  },
  'sequence-length': {
    alias: 's',
    coerce: whole('--sequence-length', 8),
    describe: 'Tokens of a window; by default as many as the engine takes',
  },
  ...squadOptions,
  'long-question': {
    choices: ['refuse', 'truncate'],
    describe: 'What to do with a question longer than --max-query-length; SQuAD files are truncated by default',
  },
} as const;

export const infer = defineCommand({
  command: 'infer',
  describe: 'Answer questions about a passage, or those of a SQuAD file',
  options: inferOptions,
  examples: [
    ['$0 infer -e bert.engine -p "TensorRT is fast." -q "What is fast?"', 'one question'],
    ['$0 infer -e bert.engine -pf passage.txt', 'asks for questions'],
    ['$0 infer -e bert.engine -sq dev-v1.1.json -o predictions.json', "SQuAD's own file"],
  ],
  run: async (args, context) => (await import('../handlers/infer.ts')).infer(args, context),
});
