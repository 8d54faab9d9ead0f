import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { feedsOf, openBert } from '@trt-dsl/bert-model';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../../examples/bert-squad/fixtures/huggingface', import.meta.url));

it('the example of the README works', async () => {
  // README
  using model = openBert(folder); //                    config.json, model.safetensors, vocab.txt
  const graph = model.graph('float32', { task: 'question-answering' });
  using engine = await onnxBackend().compile(graph);
  const question = model.tokenizer.encode('What is TensorRT?', 'TensorRT is a high performance platform.');
  const { start_logits, end_logits } = await engine.run(feedsOf([question], model.config));
  // end of README
  expect(start_logits.shape).toEqual([1, question.ids.length]);
  expect(end_logits.shape).toEqual(start_logits.shape);
  expect(start_logits.data.every(Number.isFinite)).toBe(true);

  const [, lines] = /\/\/ README\n([\s\S]*?) {2}\/\/ end of README/.exec(
    readFileSync(fileURLToPath(import.meta.url), 'utf8'),
  )!;
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(lines!.replaceAll(/^ {2}/gm, ''));
});
