import { type Program, runProgram, type Streams } from '@trt-dsl/tools';
import { commands } from './commands/index.ts';

const program: Program = {
  name: 'bert-squad',
  describe: 'BERT answers questions about a passage: what NVIDIA\u2019s demo/BERT did, in TypeScript',
  commands,
};

/** The demo's flags of two letters behind one dash, which yargs would read as two flags. */
const twoLetters: Readonly<Record<string, string>> = {
  '-pf': '--passage-file',
  '-qf': '--question-file',
  '-sq': '--squad-json',
};

/** Runs `bert-squad` with the given arguments. @returns the exit code, see `runProgram` */
export const main = (argv: readonly string[], streams: Streams = process): Promise<number> =>
  runProgram(
    program,
    argv.map((argument) => twoLetters[argument] ?? argument),
    streams,
  );
