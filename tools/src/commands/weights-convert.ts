import { defineCommand } from '../command.ts';
import { formats } from '../weights/formats.ts';

export const weightsConvert = defineCommand({
  command: 'weights convert <from> <to>',
  describe: 'Write a checkpoint in another format: safetensors, .npz, a folder of .npy, TensorFlow',
  positionals: {
    from: { type: 'string', demandOption: true, describe: 'A checkpoint of any kind, or an ONNX file' },
    to: { type: 'string', demandOption: true, describe: 'The file, folder or TensorFlow prefix to write' },
  },
  options: {
    format: {
      choices: formats,
      describe: "By default what the name's ending says; a folder of .npy for a name that ends in /",
    },
    type: {
      choices: ['float32', 'float16', 'bfloat16'] as const,
      describe: 'Convert float tensors to this type; overflow is reported',
    },
    only: { type: 'string', describe: 'Names that fit this pattern, * for anything' },
    force: { type: 'boolean', default: false, describe: 'Replace a file that is there' },
  },
  examples: [
    ['$0 weights convert uncased_L-12_H-768_A-12 bert.safetensors', 'TensorFlow to safetensors'],
    ['$0 weights convert model.safetensors weights/ --type float16', 'a folder of .npy in float16'],
    ['$0 weights convert weights.npz model.ckpt', 'a TensorFlow checkpoint'],
  ],
  run: async (args, context) => (await import('../weights/convert.ts')).convertWeights(args, context),
});
