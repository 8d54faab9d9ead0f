import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import yargs, { type Argv } from 'yargs';
import { asWritten, checkArguments, UsageError } from './check-arguments.ts';
import type { Command } from './command.ts';
import { json } from './options.ts';
import { progressOn } from './progress.ts';
import { version } from './version.ts';

/** A command line: its name, what it is for, and its commands; one whose `command` begins with `$0` needs no name. */
export interface Program {
  readonly name: string;
  readonly describe: string;
  readonly commands: readonly Command[];
  /** what first words are about that several commands share: `weights` of `weights list <file>` */
  readonly groups?: Readonly<Record<string, string>>;
}

/** Where it prints: `process`, unless somebody else listens. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/**
 * Runs a program with the given arguments: prints the command's report on stdout, progress and errors on stderr.
 *
 * @returns the exit code: 0 done, 1 failed, 2 a wrong command line, 130 interrupted, or what the command reports
 */
export async function runProgram(
  program: Program,
  argv: readonly string[],
  streams: Streams = process,
): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await parse(program, argv, interrupt.signal, streams);
  } catch (error) {
    if (interrupt.signal.aborted) {
      streams.stderr.write(`${program.name}: interrupted; nothing half-done was left behind\n`);
      return exitCodes.interrupted;
    }
    return report(program, error, argv, streams);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function parse(
  { name, describe, commands, groups = {} }: Program,
  argv: readonly string[],
  signal: AbortSignal,
  streams: Streams,
): Promise<number> {
  let exitCode: number = exitCodes.done;
  const parser = yargs()
    .scriptName(name)
    .version(version)
    .parserConfiguration({ 'dot-notation': false, 'parse-numbers': false })
    .strict()
    .recommendCommands()
    .exitProcess(false)
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .fail((message, error) => {
      // yargs makes a YError of whatever a `coerce` throws.
      throw error && error.name !== 'YError'
        ? error
        : new UsageError(naming(message ?? error?.message, commands, argv));
    });
  const nameless = commands.find(({ command }) => command.startsWith('$0'));
  if (!nameless)
    parser.usage(`$0 <command>\n\n${describe}`).demandCommand(1, `no command is given; \`${name} --help\` lists them`);
  const add = (to: Argv, command: Command, spelt: string): Argv =>
    to.command(
      spelt,
      command.describe,
      (builder) => withOptions(builder, command),
      async (args) => {
        const checked = checkArguments({ ...command.options, ...json }, args);
        const progress = progressOn(streams.stderr);
        const result = await command.run(checked, { progress, signal }).finally(() => progress.clear());
        streams.stdout.write(`${checked['json'] ? JSON.stringify(result.json, null, 2) : result.text}\n`);
        exitCode = result.exitCode ?? exitCodes.done;
      },
    );
  const groupOf = ({ command }: Command): string | undefined =>
    Object.keys(groups).find((group) => command.startsWith(`${group} `));
  for (const command of commands) if (!groupOf(command)) add(parser, command, command.command);
  for (const [group, about] of Object.entries(groups))
    parser.command(group, about, (builder) => {
      for (const command of commands)
        if (groupOf(command) === group) add(builder, command, command.command.slice(group.length + 1));
      return builder.demandCommand(1, `no command of ${group} is given; \`${name} ${group} --help\` lists them`);
    });
  await parser.parseAsync([...argv], {}, (_error: unknown, _args: unknown, output: string) => {
    if (output) streams.stdout.write(`${output}\n`); // --help and --version
  });
  return exitCode;
}

/** yargs counts the arguments that are missing; this names what the command takes. */
function naming(message: string, commands: readonly Command[], argv: readonly string[]): string {
  if (!message.startsWith('Not enough non-option arguments')) return message;
  const words = argv.filter((word) => !word.startsWith('-')).join(' ');
  const isMeant = (name: string): boolean => name === '' || words === name || words.startsWith(`${name} `);
  const [meant] = commands
    .map(({ command }) => command.replace('$0', '').trim())
    .filter((command) => isMeant(command.replace(/\s*[<[].*/, '')));
  return meant === undefined ? message : `something is missing: ${meant}`;
}

function withOptions(builder: Argv, command: Command): Argv {
  for (const [name, options] of Object.entries(command.positionals ?? {})) builder.positional(name, options as object);
  for (const [name, option] of Object.entries({ ...command.options, ...json })) builder.option(name, asWritten(option));
  for (const [line, what] of command.examples) builder.example(line, what);
  return builder;
}

/** One line on stderr for what was foreseen; the stack too for what was not. With `--json` the error is JSON on stdout. */
function report(
  { name, commands }: Program,
  error: unknown,
  argv: readonly string[],
  { stdout, stderr }: Streams,
): number {
  const foreseen = error instanceof TrtDslError;
  const message = messageOf(error)
    .trim()
    .replace(/:\s*\n\s*/g, ': ')
    .replace(/\s*\n\s*/g, '; ');
  const help = commands.length > 1 ? `${name} <command> --help` : `${name} --help`;
  const hint = error instanceof UsageError && !message.includes('--help') ? `; \`${help}\` explains` : '';
  if (argv.includes('--json')) {
    const code = foreseen ? error.code : 'internal';
    stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  }
  stderr.write(`${name}: ${message}${hint}\n`);
  if (!foreseen && error instanceof Error) stderr.write(`${error.stack}\n`);
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}
