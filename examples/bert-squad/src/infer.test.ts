import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

async function tinyEngine(...options: readonly string[]): Promise<string> {
  const engine = join(temporaryFolder(), 'tiny.engine');
  await report('build', '-m', fixture('huggingface'), '-o', engine, '--backend', 'onnx', ...options);
  return engine;
}

test('without a question it asks for them, until an empty line', async () => {
  const engine = await tinyEngine('-s', '64');
  const bin = fileURLToPath(new URL('../bin/bert-squad.js', import.meta.url));
  const child = spawn(process.execPath, [bin, 'infer', '-e', engine, '-pf', fixture('passage.txt')]);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stdin.end(`What is TensorRT?\n${'what '.repeat(80)}\nWhat imports models?\n\nnever asked\n`);
  const [exitCode] = await once(child, 'close');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Answer:   a high performance deep learning inference platform');
  expect(stdout).toMatch(/the question has \d+ tokens, more than maxQueryLength 64/);
  expect(stdout).toContain('Answer:   parsers');
  expect(stdout).toContain('2 questions answered');
  expect(stdout).not.toContain('never asked');
});

test('questions of a file; the demo’s -v, -b and -s; windows in batches and alone give the same', async () => {
  const engine = await tinyEngine('-b', '1:4:4', '-s', '16:32:96');
  const folder = temporaryFolder();
  const questions = join(folder, 'questions.txt');
  writeFileSync(questions, 'Where does the Eiffel Tower stand?\r\n\nHow high is the tower?\n');
  const passage = JSON.parse(readFileSync(fixture('squad.json'), 'utf8')).data.map(
    ({ paragraphs }: { paragraphs: { context: string }[] }) => paragraphs[0]!.context,
  );
  const args = [
    'infer',
    '-e',
    engine,
    '-p',
    passage.join(' '),
    '-qf',
    questions,
    '-v',
    fixture('huggingface/vocab.txt'),
  ];
  const options = ['-s', '32', '--doc-stride', '8'];
  const alone = await report(...args, ...options, '-b', '1');
  const batched = await report(...args, ...options, '-b', '3');
  expect(alone.questions).toHaveLength(2);
  expect(alone.questions[0].windows).toBeGreaterThan(4);
  const strip = (answers: { nBest: { text: string }[] }[]) => answers.map(({ nBest }) => nBest.map(({ text }) => text));
  expect(strip(batched.questions)).toEqual(strip(alone.questions));
});
