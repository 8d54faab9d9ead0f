import type { Command } from '@trt-dsl/tools';
import { build } from './build.ts';
import { calibrate } from './calibrate.ts';
import { compare } from './compare.ts';
import { evaluate } from './evaluate.ts';
import { exportCommand } from './export.ts';
import { infer } from './infer.ts';
import { inspect } from './inspect.ts';
import { perf } from './perf.ts';

/** Every command, in the order in which one needs them. */
export const commands: readonly Command[] = [build, calibrate, infer, evaluate, perf, compare, inspect, exportCommand];
