import type { Options } from 'yargs';
import { productNames } from '../options.ts';

/** Options of the commands that compile or run, each written once. */
export const backendNames = ['onnx', ...productNames] as const;

/** An option that may be given several times, one value each. */
export const several = { type: 'string', array: true, nargs: 1, default: [] as string[] } as const;

export const place = {
  root: { type: 'string', describe: "The folder of TensorRT's libraries, if not where setup or the loader have them" },
  plugins: { ...several, describe: 'A plugin library to load first (repeatable)' },
} as const satisfies Record<string, Options>;

export const weightsFile = {
  weights: {
    type: 'string',
    describe:
      "Weights by the constants' names, for a graph that only names them; by default the .safetensors beside it",
  },
} as const satisfies Record<string, Options>;

export const trust = {
  'host-code': {
    type: 'boolean',
    default: false,
    describe:
      'Let an engine of TensorRT run code that it brings, as --version-compatible ones do: only if you trust it',
  },
} as const satisfies Record<string, Options>;

export const feeds = {
  input: {
    ...several,
    describe:
      'name=file.npy, name=[[1, 2]], or a JSON, .npz, .safetensors file or folder that has several (repeatable)',
  },
  random: { type: 'boolean', default: false, describe: 'Make up the inputs that are not given; so too if none is' },
  size: { type: 'string', describe: 'Sizes of made-up inputs: batch=2,seq=16; 1 where not said' },
  range: {
    ...several,
    describe: 'Whole numbers that an input is made up of, high not included: input_ids=0:30522 (repeatable)',
  },
  seed: { type: 'number', default: 0, describe: 'Seed of the made-up inputs' },
} as const satisfies Record<string, Options>;
