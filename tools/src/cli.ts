import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import yargs, { type Argv } from 'yargs';
import type { Command } from './command.ts';
import { commands } from './commands/index.ts';
import { json } from './options.ts';
import { progressOn } from './progress.ts';

/** The command line itself was wrong. */
class UsageError extends TrtDslError {
  constructor(message: string) {
    super('argument', message);
  }
}

/** Where it prints: `process`, unless somebody else listens. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/**
 * Runs `trt-dsl` with the given arguments: prints the command's report on stdout, progress and errors on stderr.
 *
 * @returns the exit code: 0 done, 1 failed, 2 a wrong command line, 130 interrupted, or what the command reports
 */
export async function main(argv: readonly string[], streams: Streams = process): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await parse(argv, interrupt.signal, streams);
  } catch (error) {
    if (interrupt.signal.aborted) {
      streams.stderr.write('trt-dsl: interrupted; nothing half-done was left behind\n');
      return exitCodes.interrupted;
    }
    return report(error, argv, streams);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function parse(argv: readonly string[], signal: AbortSignal, streams: Streams): Promise<number> {
  let exitCode: number = exitCodes.done;
  const parser = yargs()
    .scriptName('trt-dsl')
    .usage('$0 <command>\n\nHand-authored networks for NVIDIA TensorRT')
    .strict()
    .demandCommand(1, 'no command is given; `trt-dsl --help` lists them')
    .recommendCommands()
    .exitProcess(false)
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
  for (const command of commands) {
    parser.command(
      command.command,
      command.describe,
      (builder) => describe(builder, command),
      async (args) => {
        const result = await command.run(args, { progress: progressOn(streams.stderr), signal });
        streams.stdout.write(`${args['json'] ? JSON.stringify(result.json, null, 2) : result.text}\n`);
        exitCode = result.exitCode ?? exitCodes.done;
      },
    );
  }
  await parser.parseAsync([...argv], {}, (_error: unknown, _args: unknown, output: string) => {
    if (output) streams.stdout.write(`${output}\n`); // --help and --version
  });
  return exitCode;
}

function describe(builder: Argv, command: Command): Argv {
  for (const [name, options] of Object.entries(command.positionals ?? {})) builder.positional(name, options as object);
  builder.options({ ...command.options, ...json });
  for (const [line, what] of command.examples) builder.example(line, what);
  return builder;
}

/** One line on stderr for what was foreseen; the stack too for what was not. With `--json` the error is JSON on stdout. */
function report(error: unknown, argv: readonly string[], { stdout, stderr }: Streams): number {
  const foreseen = error instanceof TrtDslError;
  const message = messageOf(error)
    .trim()
    .replace(/:?\s*\n\s*/g, ': ');
  const hint =
    error instanceof UsageError && !message.includes('--help') ? '; `trt-dsl <command> --help` explains' : '';
  if (argv.includes('--json')) {
    const code = foreseen ? error.code : 'internal';
    stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  }
  stderr.write(`trt-dsl: ${message}${hint}\n`);
  if (!foreseen && error instanceof Error) stderr.write(`${error.stack}\n`);
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}
