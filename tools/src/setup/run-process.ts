import { spawn } from 'node:child_process';
import { TrtDslError } from '@trt-dsl/dsl';

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** What to do when the program is missing or fails; ends the message. */
  readonly remedy: string;
}

/**
 * Runs a program to its end and returns what it printed on stdout.
 *
 * @throws {TrtDslError} `unsupported`: it is not installed; `backend`: it failed, with the last lines it printed
 */
export function runProcess(program: string, args: readonly string[], options: ProcessOptions): Promise<string> {
  const { cwd, env = process.env, signal, remedy } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], signal: signal as AbortSignal });
    let stdout = '';
    let both = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      both = (both + text).slice(-4_000);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      both = (both + text).slice(-4_000);
    });
    let aborted: Error | undefined;
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal?.aborted)
        aborted = error; // it still has to end, and may write until then
      else if (error.code !== 'ENOENT') reject(error);
      else reject(new TrtDslError('unsupported', `${program} is needed and is not installed; ${remedy}`));
    });
    child.on('close', (code, killedBy) => {
      if (aborted) return reject(aborted);
      if (code === 0) return resolve(stdout);
      const said = both.trim().split('\n').slice(-6).join('\n');
      reject(
        new TrtDslError('backend', `${program} ${args.join(' ')} ended with ${code ?? killedBy}: ${said}; ${remedy}`),
      );
    });
  });
}
