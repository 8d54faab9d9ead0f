import type { InferredOptionTypes, Options } from 'yargs';

/** What a command has to say: `json` with `--json`, otherwise `text`; and the exit code, 0 unless told otherwise. */
export interface Report {
  readonly json: unknown;
  readonly text: string;
  readonly exitCode?: number;
}

/** What a command is given beside its arguments: where progress is shown, and a signal that Ctrl-C aborts. */
export interface CommandContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Shows on stderr how far something is; silent on stdout, which belongs to the report. */
export interface Progress {
  /** A line that stays. */
  note(line: string): void;
  /** How far `what` is, in bytes; rewritten in place on a terminal, and once every few seconds elsewhere. */
  bytes(what: string, done: number, total?: number): void;
  /** How far `what` is, from 0 to 1; shown as `bytes` are. */
  share(what: string, done: number): void;
  /** Takes back a line that would be rewritten: what is printed next begins at the terminal's left. */
  clear(): void;
}

export type OptionTable = { readonly [name: string]: Options };

/** A command as data. `run` imports its handler when it is called, so that `trt-dsl --help` loads none of them. */
export interface Command<O extends OptionTable = OptionTable> {
  /** As yargs spells it: `setup`, `inspect <file>`. */
  readonly command: string;
  readonly describe: string;
  /** The `<file>`s of `command`, by name. */
  readonly positionals?: OptionTable;
  readonly options: O;
  /** Whole command lines, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  readonly run: (args: InferredOptionTypes<O>, context: CommandContext) => Promise<Report>;
}

type Camel<S> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B> & string>}` : S;

/** Arguments as yargs hands them over: by the options' names, and `warm-up` also as `warmUp`. */
type Arguments<O extends OptionTable> = InferredOptionTypes<O> & {
  [K in keyof InferredOptionTypes<O> as Camel<K>]: InferredOptionTypes<O>[K];
};

/** A command whose `run` gets its arguments by the types of its options and positionals. */
export const defineCommand = <O extends OptionTable, P extends OptionTable = Record<never, never>>(
  command: Omit<Command<O>, 'positionals' | 'run'> & {
    readonly positionals?: P;
    readonly run: (args: Arguments<O> & Arguments<P>, context: CommandContext) => Promise<Report>;
  },
): Command => command as unknown as Command;
