import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

const bin = fileURLToPath(new URL('../bin/bert-squad.js', import.meta.url));

/** Starts a command, interrupts it once it tells its progress, and returns what it ended with. */
async function interrupted(...argv: readonly string[]) {
  const child = spawn(process.execPath, [bin, ...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text) => {
    const before = stderr;
    stderr += text;
    if (stderr.includes('%') && !before.includes('%')) child.kill('SIGINT');
  });
  const [exitCode] = await once(child, 'close');
  return { exitCode, stderr };
}

test('perf hears an interruption while it warms up', { timeout: 60_000 }, async () => {
  const engine = join(temporaryFolder(), 'tiny.engine');
  await report('build', '-m', fixture('huggingface'), '-o', engine, '-b', '4', '-s', '64', '--backend', 'onnx');
  const output = `${engine}.times.json`;
  const ended = await interrupted('perf', '-e', engine, '-b', '4', '-s', '64', '--warm-up', '1000000', '-o', output);
  expect(ended).toEqual({ exitCode: 130, stderr: expect.stringContaining('interrupted') });
  expect(existsSync(output)).toBe(false);
});
