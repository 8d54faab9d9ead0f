import { defineCommand } from '@trt-dsl/tools';
import { engineTasks } from '../engine-file.ts';
import { once, real, runnableOptions, whole } from '../options.ts';

export const compareOptions = {
  ...runnableOptions,
  task: { choices: engineTasks, default: 'question-answering', describe: 'Network of --weights without an engine' },
  with: {
    choices: ['pytorch', 'onnxruntime'],
    default: 'pytorch',
    describe: 'What to compare with; pytorch needs a Python that has torch, transformers and safetensors',
  },
  'batch-size': { alias: 'b', coerce: whole('--batch-size', 1), describe: 'Rows; the usual batch size by default' },
  'sequence-length': { alias: 's', coerce: whole('--sequence-length', 1), describe: 'Length; the usual by default' },
  'squad-json': { requiresArg: true, coerce: once('--squad-json'), describe: 'Windows of this file, not random ids' },
  seed: { alias: 'r', coerce: whole('--seed', 0), default: 12345, describe: 'Seed of the random ids' },
  tolerance: {
    coerce: real('--tolerance'),
    describe:
      'Greatest relative L2; by default 1e-5 in fp32, 1.2 × the reference’s own error in half types, 0.13 to 0.39 in fp8 and int8, by recipe',
  },
  output: { alias: 'o', requiresArg: true, coerce: once('--output'), describe: 'JSON file to write as well' },
} as const;

export const compare = defineCommand({
  command: 'compare',
  describe: "Hold an engine's outputs against PyTorch's or ONNX Runtime's, on the same inputs",
  options: compareOptions,
  examples: [
    ['$0 compare -e bert.engine', 'against PyTorch, with the weights that it was built of'],
    ['$0 compare -e bert.engine --with onnxruntime --tolerance 1e-3', 'needs no Python'],
    ['$0 compare -m hugging_face_folder --backend tensorrt --precision fp16 -b 8 -s 128', 'builds for it'],
  ],
  run: async (args, context) => (await import('../handlers/compare.ts')).compare(args, context),
});
