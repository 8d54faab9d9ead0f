export { type Bisection, bisect } from './bisect/bisect.ts';
export { castOnly, measureOn, quantizeOnly, relativeError } from './bisect/measure.ts';
export * from './bisect/sentences.ts';
export { castUnits, quantizedUnits } from './bisect/units.ts';
export {
  type Command,
  type CommandContext,
  defineCommand,
  type OptionTable,
  type Progress,
  type Report,
} from './command.ts';
export * from './models/minilm.ts';
export { type Program, runProgram, type Streams } from './program.ts';
export { findPython } from './python.ts';
export { withLock } from './setup/lock.ts';
export { version } from './version.ts';
export { requirePlace, writeFileWhole } from './write-file.ts';
