import { bert, bertBase, randomParameters } from '@trt-dsl/bert-model';
import { tensorrt } from '@trt-dsl/trt-bindings';
import { expect, test } from 'vitest';
import { disagreements } from './inferred.ts';

// npm run bench -- rtx-build does this for base and large in every type, with times.

test('BERT-base in float16, dynamic batch and sequence, becomes a TensorRT-RTX plan without a GPU', async () => {
  const graph = bert(randomParameters('float16'), bertBase, { task: 'question-answering' });
  expect(disagreements(graph)).toEqual([]);
  const started = process.cpuUsage();
  using engine = await tensorrt({ product: 'rtx' }).compile(graph, {
    profiles: [{ batch: [1, 8, 32], seq: [8, 128, 384] }],
  });
  expect(process.cpuUsage(started).user / 1e6).toBeLessThan(60); // seconds of processor time; it takes 3
  expect([...engine.inputs.keys()]).toEqual(['input_ids', 'token_type_ids', 'attention_mask']);
  expect([...engine.outputs.keys()]).toEqual(['start_logits', 'end_logits']);
  // 109 million weights of two bytes
  expect(engine.serialize().length).toBeGreaterThan(200e6);
});
