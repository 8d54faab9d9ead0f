import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BertSource, type BertTask, openBert } from '@trt-dsl/bert-model';
import { fromNumbers, type Graph, toNumbers } from '@trt-dsl/dsl';
import { importOnnx, onnxBackend, openOnnxWeights } from '@trt-dsl/onnx-backend';
import { openWeights, tensorsOf, weightsOf, writeTensorflowBundle } from '@trt-dsl/weights';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPython } from '../support/python.ts';

// One BERT, of base's and of large's layout, from everything in which BERTs are kept; see bert.py and sources.py.

interface Expected {
  readonly inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>>;
  readonly outputs: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}
type Logits = Readonly<Record<string, readonly number[]>>;

const folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));
beforeAll(async () => {
  const python = await findPython(['torch', 'transformers', 'safetensors', 'onnx', 'numpy']);
  execFileSync(python, [fileURLToPath(new URL('sources.py', import.meta.url)), folder], { stdio: 'pipe' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const expectedOf = (layout: string): Expected =>
  JSON.parse(readFileSync(join(folder, layout, 'expected.json'), 'utf8'));

async function run(graph: Graph, { inputs }: Expected): Promise<Logits> {
  using engine = await onnxBackend({ threads: 1 }).compile(graph);
  const feeds = [...engine.inputs].map(([name, { dataType }]) => {
    const { shape, values } = inputs[name]!;
    return [name, { data: fromNumbers(dataType, values), shape }] as const;
  });
  const results = await engine.run(Object.fromEntries(feeds));
  return Object.fromEntries(
    Object.entries(results).map(([name, { dataType, data }]) => [name, [...toNumbers(dataType, data)]]),
  );
}

async function logitsOf(source: string | BertSource, task: BertTask, expected: Expected): Promise<Logits> {
  using model = openBert(source);
  return run(model.graph('float32', { task }), expected);
}

function within(found: Logits, due: Logits, tolerance: number): void {
  for (const [name, values] of Object.entries(due)) {
    expect(found[name]).toHaveLength(values.length);
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - found[name]![i]!)), 0);
    expect(worst, name).toBeLessThan(tolerance);
  }
}

/** Each task, the class of Hugging Face's that has its head, and what it calls the outputs. */
const tasks: readonly (readonly [task: BertTask, kind: string, outputs: Readonly<Record<string, string>>])[] = [
  ['question-answering', 'BertForQuestionAnswering', { start_logits: 'start_logits', end_logits: 'end_logits' }],
  ['masked-lm', 'BertForMaskedLM', { logits: 'logits' }],
  ['masked-lm', 'BertForPreTraining', { logits: 'prediction_logits' }],
  ['next-sentence', 'BertForPreTraining', { logits: 'seq_relationship_logits' }],
  ['sequence-classification', 'BertForSequenceClassification', { logits: 'logits' }],
];

describe.each(['base', 'large'])('%s', (layout) => {
  const at = (name: string): string => join(folder, layout, name);
  const config = join(fixtures, layout, 'bert_config.json');
  /** Sources that have every head. */
  const sources: Readonly<Record<string, string | BertSource>> = {
    'TensorFlow, by its folder': join(fixtures, layout),
    'TensorFlow, by its prefix': { weights: join(fixtures, layout, 'model.ckpt-7'), config },
    '.npy files': { weights: at('npy'), config },
    '.npz with merged QKV': { weights: at('merged.npz'), config },
    'TensorFlow, written here': { weights: at('written.ckpt'), config },
  };

  test.each(tasks)('%s of %s: the same from every source, and as PyTorch computes it', async (task, kind, names) => {
    writeTensorflowBundle(at('written.ckpt'), tensorsOf(openWeights(join(fixtures, layout))));
    const expected = expectedOf(layout);
    const torch = await logitsOf(at(join('huggingface', kind)), task, expected);
    const due = Object.entries(names).map(([name, theirs]) => [name, expected.outputs[kind]![theirs]!] as const);
    within(torch, Object.fromEntries(due), 1e-4);
    for (const [name, source] of Object.entries(sources)) {
      const found = await logitsOf(source, task, expected);
      expect([name, Object.keys(found)]).toEqual([name, Object.keys(torch)]);
      within(found, torch, 1e-5);
    }
  });

  test('an exported ONNX file: the same, by its network and by its initializers, and as PyTorch computes it', async () => {
    const expected = expectedOf(layout);
    const found = await run(importOnnx(at('squad.onnx')), expected);
    within(found, expected.outputs['BertForQuestionAnswering']!, 1e-4);
    within(found, await logitsOf(join(fixtures, layout), 'question-answering', expected), 1e-5);
    const weights = weightsOf(openOnnxWeights(at('squad.onnx')), at('squad.onnx'));
    within(await logitsOf({ weights, config }, 'question-answering', expected), found, 1e-5);
  });

  test('a decoder with weights of its own is not the word embeddings', async () => {
    const expected = expectedOf(layout);
    const found = await logitsOf(at('untied'), 'masked-lm', expected);
    within(found, expected.outputs['untied']!, 1e-4);
    const tied = expected.outputs['BertForMaskedLM']!['logits']!;
    expect(Math.max(...tied.map((value, i) => Math.abs(value - found['logits']![i]!)))).toBeGreaterThan(0.1);
  });
});
