import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Feed, fromNumbers, type Graph } from '@trt-dsl/dsl';
import { describe, expect, it } from 'vitest';
import { backend } from '../test-support/run.ts';
import { importOnnx } from './import-onnx.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

interface Recorded {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}
interface Case {
  readonly inputs: Record<string, Recorded>;
  readonly outputs: Record<string, Recorded>;
}

const largestDifference = (a: ArrayLike<number | bigint>, b: readonly number[]): number =>
  b.reduce((most, value, i) => Math.max(most, Math.abs(Number(a[i]) - value)), 0);

async function expectCases(graph: Graph, cases: readonly Case[]): Promise<void> {
  using engine = await backend.compile(graph);
  for (const { inputs, outputs } of cases) {
    const feeds: Record<string, Feed> = {};
    for (const [name, { shape, values }] of Object.entries(inputs))
      feeds[name] = { data: fromNumbers('int64', values), shape };
    const results = await engine.run(feeds);
    for (const [name, { shape, values }] of Object.entries(outputs)) {
      expect(results[name]!.shape).toEqual(shape);
      expect(largestDifference(results[name]!.data, values)).toBeLessThan(1e-5);
    }
  }
}

const exported = ['torchscript-opset11', 'torchscript-opset17', 'dynamo-squad', 'dynamo-masked-lm'];

describe.each(exported)('%s', (name) => {
  const { cases } = JSON.parse(readFileSync(fixture(`${name}.json`), 'utf8')) as { cases: readonly Case[] };
  it("gives PyTorch's numbers", async () => {
    await expectCases(importOnnx(fixture(`${name}.onnx`)), cases);
  });
  it('keeps the names of sizes and inputs', () => {
    const graph = importOnnx(readFileSync(fixture(`${name}.onnx`)));
    expect([...graph.inputs].map(([input, tensor]) => `${input} ${tensor}`)).toEqual(
      ['input_ids', 'attention_mask', 'token_type_ids'].map((input) => `${input} int64[batch, seq]`),
    );
  });
});

it('recognizes layer normalization and GELU where an exporter spells them out', () => {
  const counts = (name: string): Record<string, number> => {
    const count: Record<string, number> = {};
    for (const node of importOnnx(fixture(`${name}.onnx`)).nodes) count[node.op] = (count[node.op] ?? 0) + 1;
    return count;
  };
  for (const name of exported.slice(0, 2)) {
    expect(counts(name)).toMatchObject({ layerNorm: 5, matmul: 17, softmax: 2, activation: 3 });
    expect(counts(name)['reduce']).toBeUndefined();
  }
});
