import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Graph, type HostTensor, print, type Results } from '@trt-dsl/dsl';
import { onnxBackend, openOnnxWeights, writeOnnx } from '@trt-dsl/onnx-backend';
import { openWeights, tensorsOf, WeightsError, weightsOf, writeNpz } from '@trt-dsl/weights';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import { feedsOf } from './batch.ts';
import { type BertGraph, bertTasks } from './model.ts';
import { openBert } from './open.ts';

const fixtures = fileURLToPath(new URL('../../weights/fixtures/bert/', import.meta.url));
const config = join(fixtures, 'huggingface');
const squad = fileURLToPath(new URL('../../../examples/bert-squad/fixtures/huggingface', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'open-bert-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function starts(weights: string): Promise<readonly number[]> {
  using model = openBert({ weights: join(fixtures, weights), config });
  return await startsOf(model.graph('float32', { task: 'question-answering' }));
}

async function startsOf(graph: BertGraph<'question-answering'>): Promise<readonly number[]> {
  using engine = await onnxBackend({ threads: 1 }).compile(graph);
  const feed = (values: readonly number[]) => ({ data: Int32Array.from(values), shape: [1, 4] });
  const { start_logits } = await engine.run({
    input_ids: feed([1, 7, 3, 19]),
    token_type_ids: feed([0, 0, 1, 1]),
    attention_mask: feed([1, 1, 1, 0]),
  });
  return [...start_logits.data];
}

describe('openBert', () => {
  it('gives the same numbers from TensorFlow, the demo’s dictionary and Hugging Face', async () => {
    const [tensorflow, demo, torch] = [
      await starts('tensorflow'),
      await starts('demo.npz'),
      await starts('huggingface'),
    ];
    expect(tensorflow.every(Number.isFinite)).toBe(true);
    expect(new Set(tensorflow).size).toBe(4);
    expect(demo).toEqual(tensorflow);
    expect(torch).toEqual(tensorflow);
  });

  it('says what it found, and closes once', () => {
    const model = openBert(config);
    expect(model.naming).toBe('Hugging Face');
    expect(model.config).toMatchObject({ hiddenSize: 8, layers: 2, heads: 2 });
    model.close();
    model.close();
  });

  it('leaves no file open that is no BERT', () => {
    const path = join(folder, 'other.npz');
    writeNpz(path, [['w', openWeights(join(fixtures, 'demo.npz')).get('l0_output_dense_bias')]]);
    expect(() => openBert({ weights: path, config })).toThrow(/no BERT's word embeddings/);
    const open = readdirSync('/proc/self/fd').map((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`);
      } catch {
        return ''; // the listing's own
      }
    });
    expect(open).not.toContain(path);
  });

  it('leaves heads and optimizer slots over, and nothing else', () => {
    const path = join(folder, 'more.npz');
    writeNpz(path, [
      ...tensorsOf(openWeights(join(fixtures, 'demo.npz'))),
      ['l0_extra', openWeights(join(fixtures, 'demo.npz')).get('l0_output_dense_bias')],
    ]);
    using model = openBert({ weights: path, config });
    expect(() => model.graph('float32')).toThrow(/0 missing, 0 of another shape or type, 1 unused[\s\S]*l0_extra/);
    expect(model.graph('float32', { allowUnused: ['l0_*'] }).nodes.length).toBeGreaterThan(50);
    using slots = openBert({ weights: join(fixtures, 'tensorflow'), config });
    expect(slots.graph('float32').nodes.length).toBeGreaterThan(50);
  });

  it('reports everything that does not fit at once', () => {
    using model = openBert({ weights: join(fixtures, 'demo.npz'), config });
    let error: unknown;
    try {
      model.graph('float32', { task: 'masked-lm' });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(WeightsError);
    expect([...(error as WeightsError).missing].sort()).toEqual([
      'cls/predictions/output_bias',
      'cls/predictions/transform/LayerNorm/beta',
      'cls/predictions/transform/LayerNorm/gamma',
      'cls/predictions/transform/dense/bias',
      'cls/predictions/transform/dense/kernel',
    ]);
  });

  it('sends an ONNX file, or a folder that has nothing else, to importOnnx', () => {
    const exported = join(folder, 'exported');
    mkdirSync(exported);
    writeFileSync(join(exported, 'model.onnx'), '');
    writeFileSync(join(exported, 'config.json'), '{}');
    for (const path of [exported, join(exported, 'model.onnx')])
      expect(() => openBert(path)).toThrow(
        /model\.onnx is an ONNX model.*importOnnx\('.*model\.onnx'\) of @trt-dsl\/onnx-backend.*openBert\(\{ weights: weightsOf\(openOnnxWeights\('.*model\.onnx'\), /,
      );
  });

  it.each(['question-answering', 'masked-lm', 'pooled'] as const)(
    'opens ONNX written of its own graph for %s',
    async (task) => {
      using model = openBert(squad);
      const written = join(folder, `${task}.onnx`);
      const graph = model.graph('float32', { task });
      await writeOnnx(graph, written);
      using again = openBert({ weights: weightsOf(openOnnxWeights(written), written), config: squad });
      expect(again.naming).toBe('trt-dsl (ONNX of its graphs)');
      expect(print(again.graph('float32', { task }))).toBe(print(graph));
    },
  );

  it('says that a text is too long, where the config is given', () => {
    using model = openBert(squad);
    const { tokenizer, config } = model;
    const long = 'a '.repeat(1200);
    expect(() => feedsOf([tokenizer.encode(long)], config)).toThrow(
      'the text has 1202 tokens, the model 96 positions: encode with { maxLength: 96 }',
    );
    const feeds = feedsOf([tokenizer.encode(long, null, { maxLength: config.maxPositions })], config);
    expect(feeds.input_ids.shape).toEqual([1, 96]);
  });

  it('types the results by the task', () => {
    using model = openBert(squad);
    type Of<G> = G extends Graph<infer _, infer O> ? Results<O> : never;
    type Floats = HostTensor<'float32'>;
    const answers = model.graph('float32', { task: 'question-answering' });
    expectTypeOf<Of<typeof answers>>().toEqualTypeOf<{
      readonly start_logits: Floats;
      readonly end_logits: Floats;
    }>();
    const hidden = model.graph('float16', { attentionMask: false });
    expectTypeOf<Of<typeof hidden>>().toEqualTypeOf<{ readonly last_hidden_state: Floats }>();
    const any = model.graph('float32', { task: bertTasks[0]! });
    expectTypeOf<Of<typeof any>>().toEqualTypeOf<Results>();
    // @ts-expect-error no task of this name
    expect(() => model.graph('float32', { task: 'translation' })).toThrow(
      'there is no task "translation"; known are hidden, pooled, question-answering, masked-lm',
    );
    for (const graph of [answers, hidden, any]) expect(graph.outputs.size).toBeGreaterThan(0);
  });

  it('takes a file that is open, and leaves it open', () => {
    using file = openWeights(join(fixtures, 'demo.npz'));
    for (const weights of [file, file]) {
      using model = openBert({ weights, config });
      expect(model.naming).toBe('demo/BERT dictionary');
      for (const used of model.graph('float32').weights) expect(used.bytes().length).toBeGreaterThan(0);
    }
  });

  it('finds config and vocabulary beside the weights, around them, or where it is told', () => {
    const place = (name: string): string => {
      const made = join(folder, name);
      mkdirSync(made);
      return made;
    };
    const words = '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\n';
    const put = (at: string, what: 'config.json' | 'bert_config.json' | 'vocab.txt' | 'weights'): void => {
      if (what === 'vocab.txt') writeFileSync(join(at, what), words);
      else if (what === 'weights') cpSync(join(fixtures, 'tensorflow'), at, { recursive: true });
      else copyFileSync(join(config, 'config.json'), join(at, what));
    };
    const [google, around, apart, bare] = ['google', 'around', 'apart', 'bare'].map(place) as [
      string,
      string,
      string,
      string,
    ];
    for (const what of ['weights', 'bert_config.json', 'vocab.txt'] as const) put(google, what);
    const inside = place('around/checkpoint');
    put(inside, 'weights');
    for (const what of ['config.json', 'vocab.txt'] as const) put(around, what);
    for (const what of ['weights', 'vocab.txt'] as const) put(apart, what);
    for (const what of ['weights', 'config.json'] as const) put(bare, what);
    const checkpoint = (at: string): string => join(at, 'model.ckpt-3');
    for (const source of [
      google,
      checkpoint(google),
      `${checkpoint(google)}.index`,
      inside,
      { weights: checkpoint(google), config: join(google, 'bert_config.json') },
      { weights: checkpoint(apart), config },
      { weights: checkpoint(bare), tokenizer: around },
      { weights: checkpoint(bare), config: join(around, 'config.json') },
    ]) {
      using model = openBert(source);
      expect(model.tokenizer.encode('hello').ids, JSON.stringify(source)).toEqual([2, 5, 3]);
    }
    using none = openBert(checkpoint(bare));
    expect(() => none.tokenizer).toThrow(/bare: holds neither tokenizer\.json nor vocab\.txt/);
  });

  it('names what is missing beside the weights', () => {
    expect(() => openBert(join(fixtures, 'tensorflow'))).toThrow(/neither config\.json nor bert_config\.json/);
    expect(() => openBert({ weights: join(folder, 'none'), config })).toThrow(/none: there is no such file or folder/);
  });
});
