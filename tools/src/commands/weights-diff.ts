import { defineCommand } from '../command.ts';

const file = { type: 'string', demandOption: true, describe: 'A checkpoint of any kind, or an ONNX file' } as const;

export const weightsDiff = defineCommand({
  command: 'weights diff <a> <b>',
  describe: 'Say in what two checkpoints differ: missing, other shapes, other values',
  positionals: { a: file, b: file },
  options: {
    only: { type: 'string', describe: 'Names that fit this pattern, * for anything' },
    tolerance: { type: 'number', default: 0, describe: 'Largest difference of two values that counts as none' },
    bert: {
      type: 'boolean',
      default: false,
      describe: "Compare two BERTs by the model's names, whatever each file calls them and however kernels lie",
    },
  },
  examples: [
    ['$0 weights diff before after', 'exit code 1 where they differ'],
    ['$0 weights diff uncased_L-12_H-768_A-12 model.safetensors --bert', 'a TensorFlow checkpoint and its conversion'],
  ],
  run: async (args, context) => (await import('../weights/diff.ts')).diffWeights(args, context),
});
