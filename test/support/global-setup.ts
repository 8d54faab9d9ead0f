import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../tools/src/cache.ts';
import { main } from '../../tools/src/cli.ts';
import { findAddons } from '../../tools/src/setup/addons.ts';

/** Where the report goes; progress and errors go to stderr. */
const nowhere = () => new PassThrough().resume();

/**
 * Before the first test: the tests' Python, TensorRT's headers, the TensorRT-RTX libraries and the three addons are
 * there, or the run fails and says why. What is there already is left alone, so that a second run starts at once.
 *
 * Addons are compiled where CI is set, and where there are none yet. Elsewhere one whose sources changed is left as it
 * is, because compiling is the wish of whoever changed them; a line says so.
 */
export default async function setUp(): Promise<void> {
  await setup('--no-addons');
  const addons = await findAddons(cacheFolder());
  const compile = process.env['CI'] !== undefined || addons.every(({ state }) => state === 'missing');
  await Promise.all([installPytorch(), compile && setup('--no-libraries')]); // the one loads, the other computes
  if (compile) return;
  const old = addons.filter(({ state }) => state !== 'built').map(({ product, state }) => `${product} is ${state}`);
  if (old.length > 0) process.stdout.write(`addons: ${old.join(', ')}; npx trt-dsl setup compiles them\n`);
}

async function setup(...options: readonly string[]): Promise<void> {
  const exitCode = await main(['setup', ...options], { stdout: nowhere(), stderr: process.stderr });
  if (exitCode !== 0) throw new Error(`npx trt-dsl setup ended with ${exitCode}; its message stands above`);
}

async function installPytorch(): Promise<void> {
  const script = fileURLToPath(new URL('../../tools/scripts/install-pytorch.sh', import.meta.url));
  const [exitCode] = await once(spawn(script, { stdio: ['ignore', 'inherit', 'inherit'] }), 'close');
  if (exitCode !== 0) throw new Error(`${script} ended with ${exitCode}; its message stands above`);
}
