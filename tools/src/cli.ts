import { commands, groups } from './commands/index.ts';
import { runProgram, type Streams } from './program.ts';

export type { Streams } from './program.ts';

/** Runs `trt-dsl` with the given arguments; see `runProgram`. */
export const main = (argv: readonly string[], streams: Streams = process): Promise<number> =>
  runProgram(
    { name: 'trt-dsl', describe: 'Hand-authored networks for NVIDIA TensorRT', commands, groups },
    argv,
    streams,
  );
