import { defineCommand } from '../command.ts';

export const weightsList = defineCommand({
  command: 'weights list <file>',
  describe: "List a checkpoint's tensors: names, types, shapes, sizes, checksums",
  positionals: { file: { type: 'string', demandOption: true, describe: 'A checkpoint of any kind, or an ONNX file' } },
  options: {
    only: { type: 'string', describe: 'Names that fit this pattern, * for anything' },
    checksum: { type: 'boolean', default: true, describe: '--no-checksum: do not read the tensors' },
  },
  examples: [
    ['$0 weights list uncased_L-12_H-768_A-12', 'a TensorFlow checkpoint'],
    ["$0 weights list model.safetensors --only '*.bias' --json", 'some of them, for programs'],
  ],
  run: async (args, context) => (await import('../weights/list.ts')).listWeights(args, context),
});
