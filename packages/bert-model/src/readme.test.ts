import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attentionBias, dense, detectNaming, embeddings, encoder, feedsOf, heads, openBert } from '@trt-dsl/bert-model';
import { dim, Network } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { Block, type Naming, type SourceKey, WeightStore } from '@trt-dsl/weights';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../../examples/bert-squad/fixtures/huggingface', import.meta.url));
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const source = readFileSync(fileURLToPath(import.meta.url), 'utf8');
const blocks = [...source.matchAll(/^ {2}\/\/ README\n([\s\S]*?) {2}\/\/ end of README/gm)];
const shown = (block: number): string => blocks[block]![1]!.replaceAll(/^ {2}/gm, '');

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

  expect(readme).toContain(shown(0));
});

it("a head of one's own stands on the modules, and its weights beside BERT's", async () => {
  using model = openBert(folder);
  const { config, file } = model;
  // README
  const trunk = detectNaming(file.keys(), folder); // where the file keeps BERT's weights; your own are added
  const own: Record<string, SourceKey> = {
    'head/kernel': { key: 'qa_outputs.weight', transpose: true },
    'head/bias': { key: 'qa_outputs.bias' },
  };
  const naming: Naming = { name: 'tagger', rename: (path) => own[path] ?? trunk.rename(path) };
  const graph = WeightStore.of(file, 'float32', { naming, ignore: heads }).strict((weights) => {
    const net = new Block(new Network('tagger'), weights);
    const ids = [dim('batch'), dim('seq')] as const;
    const input_ids = net.addInput('input_ids', 'int32', ids);
    const token_type_ids = net.addInput('token_type_ids', 'int32', ids);
    const attention_mask = net.addInput('attention_mask', 'int32', ids);
    const words = { inputIds: input_ids, tokenTypeIds: token_type_ids };
    const embedded = embeddings(net.scope('embeddings'), words, config);
    const mask = { bias: attentionBias(net, attention_mask), kind: 'mask' } as const;
    const encoded = encoder(net.scope('encoder'), embedded, mask, config);
    const logits = dense(net.scope('head'), encoded, [config.hiddenSize, 2]);
    return net.graph({ inputs: { input_ids, token_type_ids, attention_mask }, outputs: { logits } });
  });
  // end of README
  const feeds = feedsOf([model.tokenizer.encode('What is TensorRT?', 'A platform.')]);
  using engine = await onnxBackend().compile(graph);
  using built = await onnxBackend().compile(model.graph('float32', { task: 'question-answering' }));
  const { logits } = await engine.run(feeds);
  const { start_logits } = await built.run(feeds);
  expect(logits.data.filter((_, i) => i % 2 === 0)).toEqual(start_logits.data);
  expect(readme).toContain(shown(1));
});
