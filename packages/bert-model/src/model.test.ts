import { findPoints, print, quantizedTensors, Weights } from '@trt-dsl/dsl';
import type { Parameters } from '@trt-dsl/weights';
import { describe, expect, test } from 'vitest';
import { type BertConfig, bertBase } from './config.ts';
import { mergedColumns } from './merge.ts';
import { bert, bertTasks } from './model.ts';

const config: BertConfig = { ...bertBase, hiddenSize: 8, heads: 2, layers: 1, intermediateSize: 16, vocabSize: 30 };

/** Weights of any name, which remembers what was asked for. */
function recorder(asked: Map<string, string>, path = ''): Parameters<'float16'> {
  return {
    dataType: 'float16',
    scope: (name) => recorder(asked, `${path}${name}/`),
    get(name, shape) {
      asked.set(`${path}${name}`, String(shape));
      return Weights.from({ name, dataType: 'float16', shape, read: () => new Uint8Array(0) });
    },
  };
}

describe('bert', () => {
  test('reads like the paper', () => {
    expect(print(bert(recorder(new Map()), config, { task: 'question-answering' }))).toMatchInlineSnapshot(`
      "network bert
        %0 = input input_ids                            int32[batch, seq]
        %1 = input token_type_ids                       int32[batch, seq]
        %2 = input attention_mask                       int32[batch, seq]
      embeddings/
        %3 = gather(@word_embeddings, %0) axis=0        float16[batch, seq, 8]  # words
        %4 = gather(@token_type_embeddings, %1) axis=0  float16[batch, seq, 8]  # token_types
        %5 = sum(%3, %4)                                float16[batch, seq, 8]
        %6 = slice(@position_embeddings) start=[0, 0] size=[seq, 8] stride=[1, 1]  float16[seq, 8]  # positions
        %7 = sum(%5, %6)                                float16[batch, seq, 8]
      embeddings/LayerNorm/
        %8 = layerNorm(%7, @gamma, @beta) epsilon=1e-12  float16[batch, seq, 8]
      mask/
        %9 = shuffle(%2) reshape=[batch, 1, 1, seq]     int32[batch, 1, 1, seq]  # unsqueeze
        %10 = cast(%9) dataType=float16                 float16[batch, 1, 1, seq]
        %11 = sub(%10, @1)                              float16[batch, 1, 1, seq]
        %12 = prod(%11, @30000)                         float16[batch, 1, 1, seq]
      encoder/layer_0/attention/self/query/
        %13 = matmul(%8, @kernel)                       float16[batch, seq, 8]
        %14 = sum(%13, @bias)                           float16[batch, seq, 8]
        %15 = shuffle(%14) reshape=[batch, seq, 2, 4] secondTranspose=[0, 2, 1, 3]  float16[batch, 2, seq, 4]  # heads
      encoder/layer_0/attention/self/key/
        %16 = matmul(%8, @kernel)                       float16[batch, seq, 8]
        %17 = sum(%16, @bias)                           float16[batch, seq, 8]
        %18 = shuffle(%17) reshape=[batch, seq, 2, 4] secondTranspose=[0, 2, 1, 3]  float16[batch, 2, seq, 4]  # heads
      encoder/layer_0/attention/self/value/
        %19 = matmul(%8, @kernel)                       float16[batch, seq, 8]
        %20 = sum(%19, @bias)                           float16[batch, seq, 8]
        %21 = shuffle(%20) reshape=[batch, seq, 2, 4] secondTranspose=[0, 2, 1, 3]  float16[batch, 2, seq, 4]  # heads
      encoder/layer_0/attention/self/
        %22 = attention(%15, %18, %21, %12) scale=0.5   float16[batch, 2, seq, 4]
        %23 = shuffle(%22) firstTranspose=[0, 2, 1, 3] reshape=[batch, seq, 8]  float16[batch, seq, 8]  # context
      encoder/layer_0/attention/output/dense/
        %24 = matmul(%23, @kernel)                      float16[batch, seq, 8]
        %25 = sum(%24, @bias)                           float16[batch, seq, 8]
      encoder/layer_0/attention/output/
        %26 = sum(%25, %8)                              float16[batch, seq, 8]
      encoder/layer_0/attention/output/LayerNorm/
        %27 = layerNorm(%26, @gamma, @beta) epsilon=1e-12  float16[batch, seq, 8]
      encoder/layer_0/intermediate/dense/
        %28 = matmul(%27, @kernel)                      float16[batch, seq, 16]
        %29 = sum(%28, @bias)                           float16[batch, seq, 16]
      encoder/layer_0/intermediate/
        %30 = geluErf(%29)                              float16[batch, seq, 16]  # gelu
      encoder/layer_0/output/dense/
        %31 = matmul(%30, @kernel)                      float16[batch, seq, 8]
        %32 = sum(%31, @bias)                           float16[batch, seq, 8]
      encoder/layer_0/output/
        %33 = sum(%32, %27)                             float16[batch, seq, 8]
      encoder/layer_0/output/LayerNorm/
        %34 = layerNorm(%33, @gamma, @beta) epsilon=1e-12  float16[batch, seq, 8]
      cls/squad/
        %35 = matmul(%34, @output_weights) transposeB=true  float16[batch, seq, 2]
        %36 = sum(%35, @output_bias)                    float16[batch, seq, 2]
        %37 = slice(%36) start=[0, 0, 0] size=[batch, seq, 1] stride=[1, 1, 1]  float16[batch, seq, 1]  # split
        %38 = slice(%36) start=[0, 0, 1] size=[batch, seq, 1] stride=[1, 1, 1]  float16[batch, seq, 1]  # split_1
        %39 = shuffle(%37) reshape=[batch, seq]         float16[batch, seq]  # start
        %40 = shuffle(%38) reshape=[batch, seq]         float16[batch, seq]  # end
      /
        %41 = cast(%39) dataType=float32                float32[batch, seq]
        %42 = cast(%40) dataType=float32                float32[batch, seq]
        output start_logits = %41                       float32[batch, seq]
        output end_logits = %42                         float32[batch, seq]
      "
    `);
  });

  test("asks for Google's names", () => {
    const asked = new Map<string, string>();
    bert(recorder(asked), config, { task: 'pooled' });
    expect(Object.fromEntries(asked)).toMatchObject({
      'embeddings/word_embeddings': '30,8',
      'embeddings/LayerNorm/gamma': '8',
      'encoder/layer_0/attention/self/query/kernel': '8,8',
      'encoder/layer_0/attention/output/dense/bias': '8',
      'encoder/layer_0/intermediate/dense/kernel': '8,16',
      'encoder/layer_0/output/dense/kernel': '16,8',
      'encoder/layer_0/output/LayerNorm/beta': '8',
      'pooler/dense/kernel': '8,8',
    });
    expect(asked.size).toBe(5 + 16 + 2);
  });

  test.each(bertTasks)('%s has float32 outputs', (task) => {
    const { outputs } = bert(recorder(new Map()), config, { task });
    expect([...outputs.values()].every(({ dataType }) => dataType === 'float32')).toBe(true);
  });

  test('inputs follow the options', () => {
    const names = (options: object) => [...bert(recorder(new Map()), config, options).inputs.keys()];
    expect(names({})).toEqual(['input_ids', 'token_type_ids', 'attention_mask']);
    expect(names({ attentionMask: false, positionIds: true })).toEqual(['input_ids', 'token_type_ids', 'position_ids']);
    expect(names({ task: 'masked-lm', maskedPositions: true }).at(-1)).toBe('masked_positions');
    expect(bert(recorder(new Map()), config, { idType: 'int64' }).inputs.get('input_ids')?.dataType).toBe('int64');
  });

  test('with the sequence in front turns once and back once, and leaves heads where they are', () => {
    const { nodes } = bert(recorder(new Map()), config, { sequenceFirst: true });
    const shuffles = nodes.flatMap(({ op, name, outputs }) =>
      op === 'shuffle' && name.startsWith('encoder/') ? [`${name}: ${outputs[0]}`] : [],
    );
    expect(shuffles).toMatchInlineSnapshot(`
      [
        "encoder/sequence_first: float16[seq, batch, 8]",
        "encoder/layer_0/attention/self/query/heads: float16[batch, 2, seq, 4]",
        "encoder/layer_0/attention/self/key/heads: float16[batch, 2, seq, 4]",
        "encoder/layer_0/attention/self/value/heads: float16[batch, 2, seq, 4]",
        "encoder/layer_0/attention/self/context: float16[seq, batch, 8]",
        "encoder/batch_first: float16[batch, seq, 8]",
      ]
    `);
    const kernels = { qkvToContext: () => expect.unreachable() };
    const make = () => bert(recorder(new Map()), config, { sequenceFirst: true, kernels });
    expect(make).toThrow('sequenceFirst: the kernel qkvToContext takes [batch, seq, 3 · hidden]; use one of them');
  });

  test('a tensor that is quantized has one name, with one product for query, key and value or three, in either order', () => {
    const names = (options: object): string[] => {
      const graph = bert(recorder(new Map()), { ...config, hiddenSize: 32, intermediateSize: 64 }, options);
      return [...quantizedTensors(findPoints(graph, { recipe: 'full' })).keys()];
    };
    expect(names({})).toHaveLength(7); // embeddings, query, key, value, context, attention's output, GELU
    for (const mergeQkv of [false, true])
      for (const sequenceFirst of [false, true]) expect(names({ mergeQkv, sequenceFirst })).toEqual(names({}));
  });
});

test('mergedColumns puts matrices side by side', () => {
  const part = (from: number) =>
    Weights.fromNumbers('float32', [2, 2], [from, from + 1, from + 2, from + 3], `w${from}`);
  const merged = mergedColumns([part(0), part(10)]);
  expect(merged.shape).toEqual([2, 4]);
  expect([...merged.array()]).toEqual([0, 1, 10, 11, 2, 3, 12, 13]);
});
