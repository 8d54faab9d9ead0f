/** For tests of the `trt-dsl` command. */
import { PassThrough } from 'node:stream';
import { main } from '../../tools/src/cli.ts';

export { environment, temporaryFolder } from './temporary.ts';

/** Runs `trt-dsl` in this process and returns what it printed. */
export async function trtDsl(...argv: readonly string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exitCode = await main(argv, { stdout, stderr });
  const text = (stream: PassThrough): string => stream.read()?.toString() ?? '';
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}
