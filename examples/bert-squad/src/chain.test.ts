import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bertSquad, checkpoints, fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

const squad = fixture('squad.json');

describe.each(checkpoints)('from a %s', (_, weights) => {
  test('build, infer, evaluate, perf and compare run through on ONNX Runtime', async () => {
    const folder = temporaryFolder();
    const engine = join(folder, 'tiny.engine');
    const predictions = join(folder, 'predictions.json');

    const built = await report(
      ...['build', '-m', weights, '-o', engine, '--backend', 'onnx'],
      ...['-b', '1', '8', '-s', '64', '96'],
    );
    expect(built).toMatchObject({
      precision: 'fp32',
      backend: { name: 'onnx' },
      checksum: expect.stringMatching(/^sha256:/),
    });
    expect(built.profiles).toHaveLength(4);

    const one = await report('infer', '-e', engine, '-pf', fixture('passage.txt'), '-q', 'What is TensorRT?');
    expect(one.questions[0].text).toBe('a high performance deep learning inference platform');
    expect(one.questions[0].span).toEqual([12, 63]);
    expect(one.questions[0].milliseconds).toBeGreaterThan(0);

    const all = await report('infer', '-e', engine, '-sq', squad, '-o', predictions);
    expect(all).toMatchObject({ questions: 13, windows: 13 });
    const scores = await report('evaluate', predictions, '-sq', squad, '--reference-f1', '100');
    expect(scores).toMatchObject({ exact_match: 100, f1: 100, total: 13, passed: true });

    const timed = await report('perf', '-e', engine, '-b', '1', '8', '-s', '64', '-i', '5', '--warm-up', '1');
    expect(timed.cells.map(({ batch, seq }: { batch: number; seq: number }) => [batch, seq])).toEqual([
      [1, 64],
      [8, 64],
    ]);
    for (const { host, gpu } of timed.cells) {
      expect(gpu).toBeNull();
      expect(host.runs).toBe(5);
      expect(host.least).toBeLessThanOrEqual(host.median);
      expect(host.median).toBeLessThanOrEqual(host.p99);
    }

    const compared = await report('compare', '-e', engine, '-b', '5', '-s', '64');
    expect(compared).toMatchObject({ passed: true, inputs: { batch: 5, seq: 64 }, reference: { with: 'pytorch' } });
    for (const { shape, relativeL2, cosine } of compared.outputs) {
      expect(shape).toEqual([5, 64]);
      expect(relativeL2).toBeLessThan(1e-5);
      expect(cosine).toBeCloseTo(1, 9);
    }
  });

  test('compare shows the pooler’s norm, with real inputs, in every type', async () => {
    for (const precision of ['fp32', 'bf16'])
      expect(
        await report(
          ...['compare', '-m', weights, '--task', 'pooled', '--precision', precision, '--backend', 'onnx'],
          ...['-b', '4', '-s', '80', '-sq', squad],
        ),
      ).toMatchObject({ passed: true, poolerNorm: { ours: expect.any(Number), reference: expect.any(Number) } });
  });
});

test('SQuAD 2.0: questions without an answer, null odds, threshold', async () => {
  const folder = temporaryFolder();
  const [engine, predictions, odds, nBest] = ['e', 'p.json', 'o.json', 'n.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const squad2 = fixture('squad-v2.json');
  await report('build', '-m', fixture('npy'), '-o', engine, '-b', '1:4:4', '-s', '16:64:96', '--backend', 'onnx');
  const files = ['-o', predictions, '--null-odds-file', odds, '--n-best-file', nBest];
  await report('infer', '-e', engine, '-sq', squad2, ...files);
  const scores = await report('evaluate', predictions, '-sq', squad2, '--null-odds-file', odds);
  expect(scores).toMatchObject({ version: '2.0', exact: 100, f1: 100, NoAns_total: 2 });
  expect(Object.keys(JSON.parse(readFileSync(nBest, 'utf8')))).toHaveLength(15);

  await report('infer', '-e', engine, '-sq', squad2, ...files, '--null-score-diff-threshold', '1000');
  const always = await report('evaluate', predictions, '-sq', squad2);
  expect(always).toMatchObject({ HasAns_f1: 100, NoAns_f1: 0 });
});

test('evaluate fails below the reference', async () => {
  const folder = temporaryFolder();
  const [engine, predictions] = [join(folder, 'e'), join(folder, 'p.json')];
  await report('build', '-m', fixture('npy'), '-o', engine, '-s', '64', '--backend', 'onnx');
  await report('infer', '-e', engine, '-sq', squad, '-o', predictions, '--max-answer-length', '1');
  const { exitCode, stdout } = await bertSquad('evaluate', predictions, '-sq', squad, '--reference-f1', '90');
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/failed: F1 .* is below 90/);
});

test('a comparison beyond the tolerance fails', async () => {
  const args = ['-m', fixture('huggingface'), '--backend', 'onnx', '--precision', 'fp16', '--with', 'onnxruntime'];
  const passed = await bertSquad('compare', ...args);
  expect(passed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('passed') });
  const failed = await bertSquad('compare', ...args, '--tolerance', '1e-6');
  expect(failed).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('FAILED') });
});

test('perf keeps the engines that it builds, and refuses those of other weights', async () => {
  const folder = temporaryFolder();
  const args = ['--engines', folder, '--backend', 'onnx', '-b', '2', '-s', '32', '-i', '3', '--warm-up', '0'];
  const first = await report(
    'perf',
    '-m',
    fixture('npy'),
    ...args,
    '-sq',
    squad.replace('squad.json', 'squad-v2.json'),
  );
  expect(first.cells[0]).toMatchObject({ inputs: 'squad', buildSeconds: expect.any(Number) });
  const second = await report('perf', '-m', fixture('npy'), ...args);
  expect(second.cells[0]).toMatchObject({ inputs: 'random', buildSeconds: null });
  const other = await bertSquad('perf', '-m', fixture('huggingface'), ...args);
  expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is asked for in weights, see') });
});

test('perf --markdown is a Markdown table', async () => {
  const { stdout } = await bertSquad(
    ...['perf', '-m', fixture('npy'), '--backend', 'onnx', '--markdown'],
    ...['-b', '1', '2', '-s', '32', '-i', '2', '--warm-up', '0', '--duration', '1'],
  );
  expect(stdout).toMatch(/^\| batch × seq \| host avg .*\n\| --- \| ---: .*\n\| 1 × 32 \| .*\n\| 2 × 32 \| /);
});
