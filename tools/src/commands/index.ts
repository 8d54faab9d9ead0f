import type { Command } from '../command.ts';
import { bisect } from './bisect.ts';
import { build } from './build.ts';
import { compare } from './compare.ts';
import { doctor } from './doctor.ts';
import { inspect } from './inspect.ts';
import { run } from './run.ts';
import { setup } from './setup.ts';
import { weightsConvert } from './weights-convert.ts';
import { weightsDiff } from './weights-diff.ts';
import { weightsList } from './weights-list.ts';

/** Every command, in the order of `trt-dsl --help`. A new one is a file beside this one and a line here. */
export const commands: readonly Command[] = [
  setup,
  doctor,
  build,
  run,
  inspect,
  compare,
  bisect,
  weightsList,
  weightsDiff,
  weightsConvert,
];

/** What the first words are about that several commands share. */
export const groups: Readonly<Record<string, string>> = {
  weights: 'List, compare and convert checkpoints',
};
