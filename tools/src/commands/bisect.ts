import { type RecipeName, recipes, type ScaleMethod, scaleMethods } from '@trt-dsl/dsl';
import { defineCommand } from '../command.ts';
import { feeds, weightsFile } from '../engines/engine-options.ts';

export const bisect = defineCommand({
  command: 'bisect <model>',
  describe: 'Rank layers by the accuracy that their lower precision costs; say which to exclude',
  positionals: {
    model: {
      type: 'string',
      demandOption: true,
      describe: "A BERT's folder or TensorFlow checkpoint, a graph's JSON or an ONNX file",
    },
  },
  options: {
    precision: {
      choices: ['float16', 'bfloat16', 'int8', 'float8'] as const,
      default: 'int8' as const,
      describe: 'What layers are lowered to: by casts, or by quantize and dequantize layers',
    },
    tolerance: {
      type: 'number',
      default: 0.01,
      describe: "The error allowed: 1 − mean cosine of a BERT's embeddings, else relative L2 of the outputs",
    },
    recipe: {
      choices: Object.keys(recipes) as RecipeName[],
      describe: 'int8, float8: which layers; gemm by default',
    },
    calibrator: {
      choices: Object.keys(scaleMethods) as ScaleMethod[],
      describe: 'int8, float8: how ranges are chosen; by default mse for int8, min-max for float8',
    },
    'calibration-cache': {
      type: 'string',
      describe: 'int8, float8: ranges that `bert-squad calibrate` wrote, instead of choosing them from the data',
    },
    text: { type: 'string', describe: 'A file of lines of text, for a BERT' },
    count: { type: 'number', default: 32, describe: 'How many lines of text, or batches of made-up inputs' },
    ...feeds,
    top: { type: 'number', default: 20, describe: 'How many layers the table shows' },
    out: { type: 'string', alias: 'o', describe: 'Write the patterns to exclude to this file, one a line' },
    ...weightsFile,
  },
  examples: [
    [
      '$0 bisect all-MiniLM-L6-v2 --text sentences.txt --precision int8 -o exclude.txt',
      'which layers INT8 has to spare',
    ],
    ['$0 bisect model.ckpt-8144 --text lines.txt --calibration-cache ranges.json', 'with the ranges of an engine'],
    ['$0 bisect model.onnx --precision float16 --size batch=4', 'where float16 overflows'],
  ],
  run: async (args, context) => (await import('../bisect/command.ts')).bisectModel(args, context),
});
