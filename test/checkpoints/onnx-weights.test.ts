import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BertTask, openBert } from '@trt-dsl/bert-model';
import { fromNumbers, type Graph, toNumbers } from '@trt-dsl/dsl';
import { importOnnx, onnxBackend, openOnnxWeights } from '@trt-dsl/onnx-backend';
import { weightsOf } from '@trt-dsl/weights';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Exported BERTs two ways: the network that the file has inside, and this one with the file's initializers.

interface Case {
  readonly inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>>;
}

/** tools/fixtures/make-onnx-bert.py's, whose files have no config. */
const config = {
  vocab_size: 60,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 24,
};
const folder = mkdtempSync(join(tmpdir(), 'onnx-weights-'));
beforeAll(() => writeFileSync(join(folder, 'config.json'), JSON.stringify(config)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../packages/onnx-backend/fixtures/${name}`, import.meta.url));

async function run(graph: Graph, { inputs }: Case): Promise<ReadonlyMap<string, readonly number[]>> {
  using engine = await onnxBackend({ threads: 1 }).compile(graph);
  const feeds = [...engine.inputs].map(([name, { dataType }]) => {
    const { shape, values } = inputs[name]!;
    return [name, { data: fromNumbers(dataType, values), shape }] as const;
  });
  const results = await engine.run(Object.fromEntries(feeds));
  return new Map(Object.entries(results).map(([name, { dataType, data }]) => [name, [...toNumbers(dataType, data)]]));
}

const files: readonly (readonly [name: string, task: BertTask, naming: string])[] = [
  ['torchscript-opset11', 'pooled', 'ONNX of Hugging Face BertModel'],
  ['torchscript-opset17', 'pooled', 'ONNX of Hugging Face BertModel'],
  ['dynamo-squad', 'question-answering', 'ONNX of Hugging Face'],
  ['dynamo-masked-lm', 'masked-lm', 'ONNX of Hugging Face'],
];

describe.each(files)('%s', (name, task, naming) => {
  const path = fixture(`${name}.onnx`);

  test('gives the same from its initializers as from its own network', async () => {
    using model = openBert({ weights: weightsOf(openOnnxWeights(path), path), config: folder });
    expect(model.naming).toBe(naming);
    const { cases } = JSON.parse(readFileSync(fixture(`${name}.json`), 'utf8')) as { cases: readonly Case[] };
    for (const one of cases) {
      const [due, found] = [await run(importOnnx(path), one), await run(model.graph('float32', { task }), one)];
      expect([...found.keys()].sort()).toEqual([...due.keys()].sort());
      for (const [output, values] of due) {
        const theirs = found.get(output)!;
        expect(theirs).toHaveLength(values.length);
        const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
        expect(worst, output).toBeLessThan(1e-5);
      }
    }
  });
});
