import { TrtDslError } from '@trt-dsl/dsl';
import type { Options } from 'yargs';
import { once, whole } from './options.ts';

/** Flags of the demo's builder.py that are spelt otherwise here. */
export const demoFlags = {
  fp16: { type: 'boolean', default: false, describe: "The demo's flag; is --precision fp16" },
  int8: { type: 'boolean', default: false, describe: "The demo's flag; is --precision int8" },
  strict: { type: 'boolean', default: false, describe: "The demo's flag; every network is strictly typed now" },
  'squad-json': {
    alias: 'j',
    requiresArg: true,
    coerce: once('--squad-json'),
    describe: "The demo's flag; is --calibration-data",
  },
  'calib-num': { coerce: whole('--calib-num', 1), describe: "The demo's flag; is --calibration-num" },
  'calib-path': {
    alias: 'p',
    requiresArg: true,
    coerce: once('--calib-path'),
    describe: "The demo's flag; is --calibration-cache",
  },
} as const satisfies Record<string, Options>;

const renamed = {
  'squad-json': ['calibration-data', 'which also takes lines of text and token arrays'],
  'calib-num': ['calibration-num', 'how many sequences are run'],
  'calib-path': ['calibration-cache', "a file of this project, or one in TensorRT's format"],
} as const;

/** The arguments that flags of the demo become. */
interface Arguments {
  readonly fp16: boolean;
  readonly int8: boolean;
  readonly strict: boolean;
  readonly precision?: string | undefined;
  readonly rest?: string | undefined;
  readonly 'squad-json'?: string | undefined;
  readonly 'calib-num'?: number | undefined;
  readonly 'calib-path'?: string | undefined;
}

/**
 * The arguments with the demo's flags as what they mean now, and a word on each that was given.
 * @throws TrtDslError 'argument' where one contradicts another argument
 */
export function withoutDemoFlags<A extends Arguments>(given: A): { readonly args: A; readonly notes: string[] } {
  const args = { ...given } as Record<string, unknown>;
  const notes: string[] = [];
  const become = (flag: string, name: string, value: unknown): void => {
    if (args[name] !== undefined && args[name] !== value)
      throw new TrtDslError('argument', `--${flag} contradicts --${name} ${args[name]}`);
    args[name] = value;
  };
  if (given.int8) {
    become('int8', 'precision', 'int8');
    notes.push(
      '--int8 is --precision int8 now: Q/DQ layers in the network, TensorRT 11 having neither flag nor calibrators',
    );
  }
  if (given.fp16) {
    become('fp16', given.int8 ? 'rest' : 'precision', 'fp16');
    notes.push(
      `--fp16 is ${given.int8 ? '--rest' : '--precision'} fp16 now: layers compute in float16, sums of norms and softmax in float32`,
    );
  }
  if (given.strict) notes.push('--strict: always so now; a network is strongly typed, and no builder changes a type');
  for (const [flag, [name, about]] of Object.entries(renamed)) {
    const value = given[flag as keyof typeof renamed];
    if (value === undefined) continue;
    become(flag, name, value);
    notes.push(`--${flag} is --${name} now: ${about}`);
  }
  return { args: args as unknown as A, notes };
}
