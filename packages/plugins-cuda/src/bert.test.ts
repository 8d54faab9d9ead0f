import { type BertConfig, type BertKernels, bert, bertPacked } from '@trt-dsl/bert-model';
import {
  type Engine,
  type FloatType,
  fromNumbers,
  type Graph,
  type HostTensor,
  toNumbers,
  Weights,
} from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import type { Parameters } from '@trt-dsl/weights';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { autoKernels, bertKernels, embLayerNorm, qkvToContext, skipLayerNorm } from './index.ts';
import { normal } from './test-support/run.ts';

const config: BertConfig = {
  vocabSize: 50,
  hiddenSize: 64,
  layers: 2,
  heads: 2,
  intermediateSize: 96,
  activation: 'gelu',
  maxPositions: 24,
  typeVocabSize: 2,
  layerNormEpsilon: 1e-12,
  labels: 2,
};

/** Weights large enough for attention to choose, the same in every type: values are those of `rounded`. */
const parameters = <D extends FloatType>(dataType: D, rounded: FloatType, path = ''): Parameters<D> => ({
  dataType,
  scope: (name) => parameters(dataType, rounded, `${path}${name}/`),
  get(name, shape) {
    const seed = [...`${path}${name}`].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 99991, 7);
    const [middle, spread] = name === 'gamma' ? [1, 0.1] : shape.length === 1 ? [0, 0.1] : [0, 0.2];
    const values = normal(seed, 'float32', shape).values.map((value) => middle + spread * value);
    const data = fromNumbers(dataType, toNumbers(rounded, fromNumbers(rounded, values)));
    return Weights.of(dataType, shape, data, `${path}${name}`) as never;
  },
});

interface Sentence {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}
const sentence = fc
  .array(fc.tuple(fc.nat(config.vocabSize - 1), fc.nat(1)), { minLength: 1, maxLength: config.maxPositions })
  .map((tokens): Sentence => ({ ids: tokens.map(([id]) => id), types: tokens.map(([, type]) => type) }));
/** Some sentences, one of them a single token. */
const sentences = fc
  .tuple(fc.array(sentence, { maxLength: 3 }), fc.nat(config.vocabSize - 1), fc.array(sentence, { maxLength: 2 }))
  .map(([before, id, after]) => [...before, { ids: [id], types: [1] }, ...after]);

const int32 = (shape: readonly number[], data: readonly number[]): HostTensor => ({
  dataType: 'int32',
  shape,
  data: Int32Array.from(data),
});

/** `last_hidden_state` of the real tokens, sentence by sentence, from a padded engine. */
async function padded(engine: Engine, batch: readonly Sentence[]): Promise<readonly number[]> {
  const seq = Math.max(...batch.map(({ ids }) => ids.length));
  const pad = (values: readonly number[]): readonly number[] => [...values, ...Array(seq - values.length).fill(0)];
  const fill = (values: (one: Sentence) => readonly number[]): HostTensor =>
    int32(
      [batch.length, seq],
      batch.flatMap((one) => pad(values(one))),
    );
  const { last_hidden_state } = await engine.run({
    input_ids: fill(({ ids }) => ids),
    token_type_ids: fill(({ types }) => types),
    attention_mask: fill(({ ids }) => ids.map(() => 1)),
  });
  const data = last_hidden_state!.data as Float32Array;
  const { hiddenSize } = config;
  return batch.flatMap(({ ids }, b) => [...data.subarray(b * seq * hiddenSize, (b * seq + ids.length) * hiddenSize)]);
}

const startsOf = (batch: readonly Sentence[]): number[] => {
  const starts = [0];
  for (const { ids } of batch) starts.push(starts.at(-1)! + ids.length);
  return starts;
};

async function packed(
  engine: Engine,
  batch: readonly Sentence[],
  starts = startsOf(batch),
): Promise<readonly number[]> {
  const ids = batch.flatMap((one) => one.ids);
  const { last_hidden_state } = await engine.run({
    input_ids: int32([ids.length], ids),
    token_type_ids: int32(
      [ids.length],
      batch.flatMap((one) => one.types),
    ),
    cu_seqlens: int32([starts.length], starts),
  });
  return [...(last_hidden_state!.data as Float32Array)];
}

const distance = (a: readonly number[], b: readonly number[]): number => {
  expect(a.length).toBe(b.length);
  return Math.hypot(...a.map((value, i) => value - b[i]!));
};

describe.each(['float16', 'bfloat16'] as const)('BERT in %s', (type) => {
  const engines: Engine[] = [];
  let [truth, plain, kernels, real] = [] as unknown as [Engine, Engine, Engine, Engine];
  /** what an element is off without kernels, root mean square: a batch of one token may be closer by chance */
  let usual = 0;
  beforeAll(async () => {
    const backend = onnxBackend({ threads: 1 });
    const weights = parameters(type, type);
    const graphs: readonly Graph[] = [
      bert(parameters('float32', type), config),
      bert(weights, config),
      bert(weights, config, { kernels: { skipLayerNorm, embLayerNorm, qkvToContext } }),
      bertPacked(weights, config, { kernels: bertKernels }),
    ];
    for (const graph of graphs) engines.push(await backend.compile(graph));
    [truth, plain, kernels, real] = engines as unknown as [Engine, Engine, Engine, Engine];
    const ids = Array.from({ length: config.maxPositions }, (_, i) => (i * 7) % config.vocabSize);
    const batch = [0, 1].map((type): Sentence => ({ ids, types: ids.map(() => type) }));
    const exact = await padded(truth, batch);
    usual = distance(await padded(plain, batch), exact) / Math.sqrt(exact.length);
  });
  afterAll(() => {
    for (const engine of engines) engine.close();
  });

  test('is as close to float32 with the kernels as without, padded and packed, for any lengths', () =>
    fc.assert(
      fc.asyncProperty(sentences, async (batch) => {
        const exact = await padded(truth, batch);
        const allowed = 1.5 * Math.max(distance(await padded(plain, batch), exact), usual * Math.sqrt(exact.length));
        const [a, b] = [await padded(kernels, batch), await packed(real, batch)];
        expect(distance(a, exact)).toBeLessThan(allowed);
        expect(distance(b, exact)).toBeLessThan(allowed);
        expect(distance(a, b)).toBeLessThan(allowed);
      }),
      { numRuns: 15 },
    ));

  test('a boundary of packed sequences makes a difference', async () => {
    const batch = [3, 5, 1]
      .map((length, b) => normal(b, 'float32', [length]).values)
      .map(
        (values): Sentence => ({
          ids: values.map((value) => Math.floor(Math.abs(value) * 20) % 50),
          types: values.map(() => 0),
        }),
      );
    const right = await packed(real, batch);
    expect(distance(right, await packed(real, batch, [0, 8, 9]))).toBeGreaterThan(1);
  });
});

test('the plugins of a BERT of two layers, whole and in part', () => {
  const count = (kernels: BertKernels): Readonly<Record<string, number>> => {
    const names: Record<string, number> = {};
    for (const node of bert(parameters('float16', 'float16'), config, { kernels }).nodes)
      if (node.op === 'plugin') names[node.attributes.plugin] = (names[node.attributes.plugin] ?? 0) + 1;
    return names;
  };
  expect(count(bertKernels)).toEqual({ TrtDslEmbLayerNorm: 1, TrtDslQkvToContext: 2, TrtDslSkipLayerNorm: 4 });
  expect(count({ skipLayerNorm })).toEqual({ TrtDslSkipLayerNorm: 4 });
});

test('kernels are chosen by name', () => {
  const graph = (kernels: BertKernels) => bert(parameters('float16', 'float16'), config, { kernels });
  expect(graph(autoKernels('none')).nodes.some(({ op }) => op === 'plugin')).toBe(false);
  expect(Object.keys(autoKernels(['qkvToContext']))).toEqual(['qkvToContext']);
  for (const name of Object.keys(autoKernels())) expect(Object.keys(bertKernels)).toContain(name);
  for (const wrong of [['layerNorm'], 'all', 3])
    expect(() => autoKernels(wrong as never)).toThrow(
      /expected 'auto', 'none' or a list of embLayerNorm, skipLayerNorm/,
    );
});

test('in float32, which has no kernel for attention, BERT takes the others', async () => {
  const batch = [
    { ids: [4, 8, 15, 16], types: [0, 0, 1, 1] },
    { ids: [23], types: [0] },
  ];
  const backend = onnxBackend({ threads: 1 });
  const weights = parameters('float32', 'float32');
  using plain = await backend.compile(bert(weights, config));
  using kernels = await backend.compile(bert(weights, config, { kernels: bertKernels }));
  expect(distance(await padded(kernels, batch), await padded(plain, batch))).toBeLessThan(1e-4);
  expect(() => bertPacked(weights, config, { kernels: bertKernels })).toThrow(/float16 or bfloat16/);
});

test('packed logits of a question answering head are those of the padded ones', async () => {
  const weights = parameters('float16', 'float16');
  const task = 'question-answering';
  const backend = onnxBackend({ threads: 1 });
  using plain = await backend.compile(bert(weights, config, { task, attentionMask: false }));
  using kernels = await backend.compile(bertPacked(weights, config, { task, kernels: bertKernels }));
  const one = [
    { ids: [7, 9, 11], types: [0, 1, 1] },
    { ids: [30, 2, 49], types: [0, 0, 1] },
  ];
  const shape = [2, 3];
  const feeds = (shape: readonly number[]) => ({
    input_ids: int32(
      shape,
      one.flatMap(({ ids }) => ids),
    ),
    token_type_ids: int32(
      shape,
      one.flatMap(({ types }) => types),
    ),
  });
  const wanted = await plain.run(feeds(shape));
  const found = await kernels.run({ ...feeds([6]), cu_seqlens: int32([3], [0, 3, 6]) });
  for (const name of ['start_logits', 'end_logits'] as const)
    expect(distance([...found[name].data], [...wanted[name].data])).toBeLessThan(0.05);
});

test('what a kernel computes has the name that it has without: a calibration cache serves both', () => {
  const namesWith = (kernels: BertKernels) => linearInputs(bert(parameters('float16', 'float16'), config, { kernels }));
  const plain = namesWith({});
  expect(plain).toHaveLength(1 + 3 * 2 + 1);
  expect(namesWith(bertKernels)).toEqual(plain);
});

/** The names of the tensors that linear layers take. */
const linearInputs = (graph: Graph): readonly string[] => [
  ...new Set(graph.nodes.filter(({ op }) => op === 'matmul').map(({ inputs }) => inputs[0]!.name)),
];
