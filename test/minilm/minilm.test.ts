import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openBert } from '@trt-dsl/bert-model';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { fetchMiniLM } from '@trt-dsl/tools';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Embedded, embed } from '../../examples/sentence-similarity/src/embed.ts';
import { findPython } from '../support/python.ts';
import { texts } from './texts.ts';

const script = fileURLToPath(new URL('reference.py', import.meta.url));
let expected: readonly { readonly ids: readonly number[]; readonly embedding: readonly number[] }[];
let folder: string;

beforeAll(async () => {
  folder = await fetchMiniLM();
  const python = await findPython(['torch', 'transformers']);
  const input = JSON.stringify({ model: folder, texts });
  expected = JSON.parse(execFileSync(python, [script], { input, encoding: 'utf8', maxBuffer: 2 ** 26 }));
});

async function embedAll(batchSize: number): Promise<Embedded[]> {
  using model = openBert(folder);
  using engine = await onnxBackend().compile(model.graph('float32'));
  return await embed(model, engine, texts, batchSize);
}

describe('all-MiniLM-L6-v2 against PyTorch', () => {
  test.each([
    ['alone', 1],
    ['in batches of 5', 5],
    ['in one padded batch', texts.length],
  ])('embeddings of sentences %s differ by at most 2e-5', async (_, batchSize) => {
    const embedded = await embedAll(batchSize);
    embedded.forEach(({ text, ids, embedding }, i) => {
      expect(ids, text).toEqual(expected[i]!.ids);
      const worst = Math.max(...embedding.map((value, k) => Math.abs(value - expected[i]!.embedding[k]!)));
      expect(worst, text).toBeLessThan(2e-5);
    });
  });

  test('the reference tells sentences apart', () => {
    const [a, b] = expected as [(typeof expected)[0], (typeof expected)[0]];
    expect(a.embedding.reduce((sum, value, i) => sum + value * b.embedding[i]!, 0)).toBeLessThan(0.9);
  });
});
