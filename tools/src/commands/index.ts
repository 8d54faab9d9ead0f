import type { Command } from '../command.ts';
import { doctor } from './doctor.ts';
import { setup } from './setup.ts';

/** Every command, in the order of `trt-dsl --help`. A new one is a file beside this one and a line here. */
export const commands: readonly Command[] = [setup, doctor];
