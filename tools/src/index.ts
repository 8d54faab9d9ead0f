export * from './bisect/sentences.ts';
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
