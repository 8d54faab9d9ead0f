import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { main } from '../../tools/src/cli.ts';

const installPytorch = fileURLToPath(new URL('../../tools/scripts/install-pytorch.sh', import.meta.url));

/**
 * Before the first test: the tests' Python, TensorRT's headers, the TensorRT-RTX libraries and the three addons are
 * there, or the run fails and says why. What is there already is left alone, so that a second run starts at once.
 *
 * `TRT_DSL_TESTS_OFFLINE=1` skips it: tests that need what is missing then fail one by one.
 */
export default async function setUp(): Promise<void> {
  if (process.env['TRT_DSL_TESTS_OFFLINE'] === '1') return;
  execFileSync(installPytorch, { stdio: ['ignore', 'inherit', 'inherit'] });
  const exitCode = await main(['setup']);
  if (exitCode !== 0) throw new Error(`npx trt-dsl setup ended with ${exitCode}; its message stands above`);
}
