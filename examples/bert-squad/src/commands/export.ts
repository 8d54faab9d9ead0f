import { defineCommand } from '@trt-dsl/tools';
import { engineTasks } from '../engine-file.ts';
import { once, subjectOptions } from '../options.ts';

export const exportOptions = {
  ...subjectOptions,
  task: { choices: engineTasks, default: 'question-answering', describe: 'Network of --weights' },
  output: {
    alias: 'o',
    demandOption: true,
    requiresArg: true,
    coerce: once('--output'),
    describe: 'File to write: .onnx, or .json for the graph',
  },
  format: { choices: ['onnx', 'json'], describe: "By default what the output's name says" },
  'external-weights': {
    type: 'boolean',
    default: false,
    describe: 'ONNX: weights in a file beside it; JSON: names of weights only',
  },
} as const;

export const exportCommand = defineCommand({
  command: 'export',
  describe: 'Write the network as ONNX, or the graph as JSON',
  options: exportOptions,
  examples: [
    ['$0 export -m model.ckpt -c bert_base -o bert.onnx', 'for other tools'],
    ['$0 export -e bert.engine -o bert.json --external-weights', 'the graph, without weights'],
  ],
  run: async (args, context) => (await import('../handlers/export.ts')).exportNetwork(args, context),
});
