import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BertOptions, bertTasks, openBert } from '@trt-dsl/bert-model';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPython } from '../support/python.ts';

interface Expected {
  readonly shape: readonly [number, number];
  readonly ids: readonly number[];
  readonly mask: readonly number[];
  readonly types: readonly number[];
  readonly outputs: Readonly<Record<string, readonly number[]>>;
}

const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-heads-'));
beforeAll(async () => {
  const python = await findPython(['torch', 'transformers', 'safetensors']);
  execFileSync(python, [fileURLToPath(new URL('heads.py', import.meta.url)), folder], { stdio: 'pipe' });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a task's network with the weights that Hugging Face wrote, on what it was fed. */
async function run(task: NonNullable<BertOptions['task']>, options: BertOptions = {}, extra = {}) {
  const expected = JSON.parse(readFileSync(join(folder, task, 'expected.json'), 'utf8')) as Expected;
  using model = openBert(join(folder, task));
  using engine = await onnxBackend().compile(model.graph('float32', { task, ...options }));
  const feed = (data: readonly number[]) => ({ data: Int32Array.from(data), shape: expected.shape });
  const { ids, mask, types } = expected;
  const feeds = { input_ids: feed(ids), attention_mask: feed(mask), token_type_ids: feed(types), ...extra };
  return { expected, results: await engine.run(feeds) };
}

function close(found: ArrayLike<number | bigint>, wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  const worst = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(found[i]))), 0);
  expect(worst).toBeLessThan(2e-5);
}

describe('heads with the weights and the logits of Hugging Face', () => {
  test.each(bertTasks.filter((task) => task !== 'hidden'))('%s', async (task) => {
    const { expected, results } = await run(task);
    expect(Object.keys(results).sort()).toEqual(Object.keys(expected.outputs).sort());
    for (const [name, { data }] of Object.entries(results)) close(data, expected.outputs[name]!);
  });

  test('masked-lm at chosen positions only', async () => {
    const positions = [0, 5, 11 + 3, 22 + 9];
    const masked_positions = Int32Array.from(positions);
    const { expected, results } = await run('masked-lm', { maskedPositions: true }, { masked_positions });
    const all = expected.outputs['logits']!;
    expect(results['logits']!.shape).toEqual([4, 67]);
    close(
      results['logits']!.data,
      positions.flatMap((at) => all.slice(at * 67, (at + 1) * 67)),
    );
  });

  test('merged QKV and given positions change nothing', async () => {
    const [rows, columns] = [3, 11];
    const data = Int32Array.from({ length: rows * columns }, (_, i) => i % columns);
    const extra = { position_ids: { data, shape: [rows, columns] } };
    const { expected, results } = await run('pooled', { mergeQkv: true, positionIds: true }, extra);
    close(results['pooler_output']!.data, expected.outputs['pooler_output']!);
  });
});
