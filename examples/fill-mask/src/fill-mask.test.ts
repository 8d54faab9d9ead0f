import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { findPython } from '@trt-dsl/tools';
import { describe, expect, onTestFinished, test } from 'vitest';
import { main } from './cli.ts';
import type { Blank } from './fill-mask.ts';
import { findMaskedModel } from './find-model.ts';

const fixtures = fileURLToPath(new URL('../../bert-squad/fixtures/', import.meta.url));
const model = `${fixtures}huggingface`;

async function fillMask(...argv: readonly string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exitCode = await main(argv, { stdout, stderr });
  const text = (stream: PassThrough): string => stream.read()?.toString() ?? '';
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

const blanksOf = async (...argv: readonly string[]): Promise<Blank[]> =>
  JSON.parse((await fillMask(...argv, '--json', '--backend', 'onnx')).stdout).blanks;

const texts = [
  'The capital of France, [MASK], contains the Eiffel Tower.',
  'The Eiffel [MASK] stands in [MASK].',
  '[MASK]',
  'Ünïcödé 東京 🍰 [MASK] and words that [MASK] the vocabulary [MASK] lacks',
];

test('tokens and probabilities equal those of PyTorch, from each kind of checkpoint', async () => {
  const python = await findPython(['torch', 'transformers']);
  const script = fileURLToPath(new URL('reference.py', import.meta.url));
  const input = JSON.stringify({ model, texts });
  const expected = JSON.parse(execFileSync(python, [script], { input, encoding: 'utf8' })) as [string, number][][][];
  for (const weights of [model, `${fixtures}npy`, `${fixtures}tensorflow/model.ckpt-1`])
    for (const [i, text] of texts.entries()) {
      const blanks = await blanksOf(text, '-m', weights);
      const ours = blanks.map(({ candidates }) => candidates.map(({ token }) => token));
      expect(ours, text).toEqual(expected[i]!.map((best) => best.map(([token]) => token)));
      blanks.forEach(({ candidates }, b) => {
        candidates.forEach(({ probability }, k) => {
          expect(probability).toBeCloseTo(expected[i]![b]![k]![1], 5);
        });
      });
    }
});

describe('fill-mask', () => {
  test('prints ten tokens, best first', async () => {
    const { exitCode, stdout } = await fillMask(texts[0]!, '-m', model);
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(10);
    expect(stdout).toMatch(/^ *9\d\.\d\d % {2}paris\n/);
  });

  test('[mask] in any case is a blank; each candidate’s text fills its own', async () => {
    const [tower, paris] = await blanksOf('The Eiffel [mask] stands in [Mask].', '-m', model, '--top', '2');
    expect(tower!.candidates[0]!.text).toBe('The Eiffel tower stands in [MASK].');
    expect(paris!.candidates[0]!.text).toBe('The Eiffel [MASK] stands in paris.');
    expect(paris!.candidates).toHaveLength(2);
  });

  test.each([
    [['no blank here', '-m', model], 1, /the text has no \[MASK\]/],
    [[`[MASK]${' a'.repeat(100)}`, '-m', model], 1, /the text has 103 tokens, the network reads 96/],
    [['[MASK]', '-m', model, '--top', '0'], 1, /--top is 0/],
    [['[MASK]', '-m', `${fixtures}nowhere`], 1, /nowhere/],
    [['[MASK]', '-m', model, '--bogus'], 2, /bogus/],
    [[], 2, /something is missing: <text>/],
  ])('%j ends with %i and one line', async (argv, code, message) => {
    const { exitCode, stderr } = await fillMask(...argv);
    expect(exitCode).toBe(code);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('--help shows examples', async () => {
    const { stdout } = await fillMask('--help');
    expect(stdout).toContain('fill-mask "The capital of France, [MASK]');
    expect(stdout).toContain('--json');
  });
});

test('without a model, the one in Hugging Face’s cache is taken, or how to get it is told', () => {
  const home = mkdtempSync(join(tmpdir(), 'fill-mask-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  expect(() => findMaskedModel({ HF_HOME: home })).toThrow(/no --model is named, .*hf download bert-base-uncased/);
  const snapshots = join(home, 'hub', 'models--google-bert--bert-base-uncased', 'snapshots');
  mkdirSync(snapshots, { recursive: true });
  cpSync(model, join(snapshots, 'abc'), { recursive: true });
  expect(findMaskedModel({ HF_HOME: home })).toBe(join(snapshots, 'abc'));
});
