import { calibrationFormats } from '@trt-dsl/dsl';
import { defineCommand } from '@trt-dsl/tools';
import { engineTasks } from '../engine-file.ts';
import { quantizedPrecisions } from '../model.ts';
import { calibrationOptions, modelOptions, once, whole } from '../options.ts';

export const calibrateOptions = {
  ...modelOptions,
  ...calibrationOptions,
  'calibration-data': { ...calibrationOptions['calibration-data'], demandOption: true },
  output: {
    alias: 'o',
    demandOption: true,
    requiresArg: true,
    coerce: once('--output'),
    describe: 'Calibration cache to write',
  },
  format: {
    choices: calibrationFormats,
    default: 'trt-dsl',
    describe: "trt-dsl: JSON that also knows its network; tensorrt: the text that TensorRT's calibrators write",
  },
  precision: { choices: quantizedPrecisions, default: 'int8', describe: 'What the ranges are for' },
  'sequence-length': {
    alias: 's',
    coerce: whole('--sequence-length', 4),
    describe: 'Tokens of a sequence of data, at most; 128 by default',
  },
  task: { choices: engineTasks, default: 'question-answering', describe: 'Network to calibrate' },
} as const;

export const calibrate = defineCommand({
  command: 'calibrate',
  describe: 'Find the ranges that INT8 and FP8 need, by running the float network over data',
  options: calibrateOptions,
  examples: [
    ['$0 calibrate -m model.ckpt -c bert_base --calibration-data train-v1.1.json -s 384 -o ranges.json', 'of SQuAD'],
    ['$0 calibrate -m model.ckpt -c bert_base --calibration-data lines.txt --smooth -o ranges.json', 'of text'],
    ['$0 calibrate -m weights.npz --calibration-data ids.npy --format tensorrt -o calib.cache', "TensorRT's format"],
  ],
  run: async (args, context) => (await import('../handlers/calibrate.ts')).calibrateModel(args, context),
});
