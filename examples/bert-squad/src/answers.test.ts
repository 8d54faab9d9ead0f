import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSquad, type SquadDataset } from '@trt-dsl/bert-model';
import { findPython } from '@trt-dsl/tools';
import { expect, test } from 'vitest';
import { fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

interface Expected {
  readonly windows: number;
  readonly nBest: readonly {
    readonly text: string;
    readonly span: readonly [number, number];
    readonly probability: number;
  }[];
}

/** Texts that go wrong where characters are counted wrongly, and texts of several windows. */
const golden = JSON.parse(
  readFileSync(new URL('../../../packages/bert-model/fixtures/squad/answers.json', import.meta.url), 'utf8'),
) as { readonly texts: Readonly<Record<string, readonly [question: string, passage: string]>> };
const known: SquadDataset = readSquad(fixture('squad.json'));
const everything = known.examples.map(({ passage }) => passage).join(' ');

const cases = [
  ...known.examples.map(({ question, passage }) => ({ question, passage })),
  ...Object.values(golden.texts).map(([question, passage]) => ({ question, passage })),
  // windows of 64 tokens cut these into pieces, and some cut an answer
  ...known.examples.slice(0, 8).map(({ question }) => ({ question, passage: everything })),
];

test.each([
  ['windows of 64, 16 apart', { sequenceLength: 64, docStride: 16, nBestSize: 8, maxAnswerLength: 30 }],
  ['windows of 96, 40 apart, short answers', { sequenceLength: 96, docStride: 40, nBestSize: 5, maxAnswerLength: 4 }],
])(
  'answers and n-best equal those of PyTorch: %s',
  async (_, options) => {
    const folder = temporaryFolder();
    const python = await findPython(['torch', 'transformers']);
    const script = fileURLToPath(new URL('test-support/answers.py', import.meta.url));
    const input = JSON.stringify({ model: fixture('huggingface'), cases, ...options });
    const expected = JSON.parse(
      execFileSync(python, [script], { input, encoding: 'utf8', maxBuffer: 2 ** 26 }),
    ) as Expected[];

    const engine = join(folder, 'tiny.engine');
    await report('build', '-m', fixture('npy'), '-o', engine, '-b', '1:3:3', '-s', '16:64:96', '--backend', 'onnx');
    let severalWindows = 0;
    for (const [i, { question, passage }] of cases.entries()) {
      const { questions } = await report(
        ...['infer', '-e', engine, '-p', passage, '-q', question, '-s', `${options.sequenceLength}`],
        ...['--doc-stride', `${options.docStride}`, '--n-best-size', `${options.nBestSize}`],
        ...['--max-answer-length', `${options.maxAnswerLength}`],
      );
      const [answered] = questions;
      const { windows, nBest } = expected[i]!;
      if (windows > 1) severalWindows++;
      expect(answered.windows, question).toBe(windows);
      expect(answered.text, question).toBe(nBest[0]?.text ?? '');
      const ours = answered.nBest as Expected['nBest'];
      expect(
        ours.map(({ text }) => text),
        question,
      ).toEqual(nBest.map(({ text }) => text));
      ours.forEach(({ probability, span }, k) => {
        expect(probability).toBeCloseTo(nBest[k]!.probability, 4);
        expect(passage.slice(...span)).toBe(nBest[k]!.text);
      });
    }
    expect(severalWindows).toBeGreaterThan(8);
  },
  240_000,
);
