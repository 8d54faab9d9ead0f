import { backendNames, precisions } from '@trt-dsl/example-bert-squad';
import { defineCommand, type OptionTable, type Program, runProgram, type Streams } from '@trt-dsl/tools';

export const options = {
  model: {
    alias: 'm',
    type: 'string',
    requiresArg: true,
    describe:
      'Checkpoint with a masked-LM head: any that bert-squad builds from; by default BERT of Hugging Face’s cache',
  },
  'config-dir': { alias: 'c', type: 'string', requiresArg: true, describe: 'Folder of its config and vocabulary' },
  'vocab-file': { alias: 'v', type: 'string', requiresArg: true, describe: 'vocab.txt' },
  cased: { type: 'boolean', default: false, describe: 'The vocabulary keeps case and accents' },
  top: { alias: 'n', type: 'number', default: 10, describe: 'Words for each blank' },
  precision: { choices: precisions, default: 'fp32', describe: 'Type that the network computes in' },
  backend: { choices: backendNames, describe: 'What runs it; by default the best of this machine' },
} as const satisfies OptionTable;

const positionals = {
  text: { type: 'string', demandOption: true, describe: 'Text with [MASK] where a word is to be found (several)' },
} as const satisfies OptionTable;

const program: Program = {
  name: 'fill-mask',
  describe: 'A masked language model fills the blanks of a text',
  commands: [
    defineCommand({
      command: '$0 <text>',
      describe: 'A masked language model fills the blanks of a text',
      positionals,
      options,
      examples: [
        ['$0 "The capital of France, [MASK], contains the Eiffel Tower."', 'ten words with their probabilities'],
        ['$0 -m bert_base.ckpt -c bert_base "[MASK] met [MASK]." --json', 'two blanks, for a program'],
      ],
      run: async (args, context) => (await import('./run.ts')).run(args, context),
    }),
  ],
};

/** Runs `fill-mask` with the given arguments. @returns the exit code, see `runProgram` */
export const main = (argv: readonly string[], streams: Streams = process): Promise<number> =>
  runProgram(program, argv, streams);
