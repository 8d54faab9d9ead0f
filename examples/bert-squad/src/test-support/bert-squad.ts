/** For tests of the commands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { main } from '../cli.ts';

const folder = fileURLToPath(new URL('../../fixtures', import.meta.url));
/** A file of the tiny model that tools/fixtures/make-tiny-bert.py makes. */
export const fixture = (name: string): string => join(folder, name);

/** The tiny model as three kinds of checkpoint. */
export const checkpoints = [
  ['TensorFlow checkpoint', fixture('tensorflow/model.ckpt-1')],
  ['.npy folder', fixture('npy')],
  ['Hugging Face folder', fixture('huggingface')],
] as const;

/** Runs `bert-squad` in this process and returns what it printed. */
export async function bertSquad(...argv: readonly string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exitCode = await main(argv, { stdout, stderr });
  const text = (stream: PassThrough): string => stream.read()?.toString() ?? '';
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs a command that has to succeed, with --json; returns the parsed JSON. */
export async function report(...argv: readonly string[]) {
  const { exitCode, stdout, stderr } = await bertSquad(...argv, '--json');
  expect({ exitCode, stderr }, argv.join(' ')).toEqual({ exitCode: 0, stderr: expect.any(String) });
  return JSON.parse(stdout);
}

/** Runs a command that has to fail with 1 and one line; returns the line. */
export async function failure(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await bertSquad(...argv);
  const lines = stderr.trimEnd().split('\n');
  expect({ exitCode, stdout }, `${argv.join(' ')}\n${stderr}`).toEqual({ exitCode: 1, stdout: '' });
  expect(lines, stderr).toHaveLength(1);
  expect(lines[0]).toMatch(/^bert-squad: /);
  return lines[0]!;
}

/** An empty folder until the test, or the file of tests, ends. */
export function temporaryFolder(end: (remove: () => void) => void = onTestFinished): string {
  const made = mkdtempSync(join(tmpdir(), 'bert-squad-test-'));
  end(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
