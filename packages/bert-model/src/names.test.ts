import { Weights } from '@trt-dsl/dsl';
import { type SourceKey, WeightStore, weightsOf } from '@trt-dsl/weights';
import { describe, expect, it } from 'vitest';
import { bertNames, detectNaming, heads, namesInFile } from './names.ts';

/** For each kind of checkpoint a key by which it is known, and where it keeps weights of every sort. */
const kinds: Readonly<Record<string, { mark: string; places: Readonly<Record<string, string>> }>> = {
  'TensorFlow (google-research/bert)': {
    mark: 'bert/embeddings/word_embeddings',
    places: {
      'embeddings/position_embeddings': 'bert/embeddings/position_embeddings',
      'embeddings/LayerNorm/gamma': 'bert/embeddings/LayerNorm/gamma',
      'encoder/layer_11/attention/self/query/kernel': 'bert/encoder/layer_11/attention/self/query/kernel',
      'pooler/dense/bias': 'bert/pooler/dense/bias',
      'cls/predictions/transform/LayerNorm/beta': 'cls/predictions/transform/LayerNorm/beta',
      'cls/predictions/output_bias': 'cls/predictions/output_bias',
      'cls/seq_relationship/output_weights': 'cls/seq_relationship/output_weights',
      'cls/squad/output_bias': 'cls/squad/output_bias',
      'classifier/output_weights': 'output_weights',
    },
  },
  'demo/BERT dictionary': {
    mark: 'bert_embeddings_word_embeddings',
    places: {
      'embeddings/LayerNorm/beta': 'bert_embeddings_layernorm_beta',
      'encoder/layer_0/attention/self/query/kernel': 'l0_attention_self_query_kernel',
      'encoder/layer_23/attention/output/LayerNorm/gamma': 'l23_attention_output_layernorm_gamma',
      'encoder/layer_3/output/dense/bias': 'l3_output_dense_bias',
      'pooler/dense/kernel': 'bert_pooler_dense_kernel',
      'cls/squad/output_weights': 'cls_squad_output_weights',
    },
  },
  'Hugging Face': {
    mark: 'bert.embeddings.word_embeddings.weight',
    places: {
      'embeddings/token_type_embeddings': 'bert.embeddings.token_type_embeddings.weight',
      'embeddings/LayerNorm/gamma': 'bert.embeddings.LayerNorm.weight',
      'encoder/layer_11/attention/self/query/kernel': 'bert.encoder.layer.11.attention.self.query.weight ᵀ',
      'encoder/layer_0/output/LayerNorm/beta': 'bert.encoder.layer.0.output.LayerNorm.bias',
      'pooler/dense/kernel': 'bert.pooler.dense.weight ᵀ',
      'cls/predictions/transform/dense/kernel': 'cls.predictions.transform.dense.weight ᵀ',
      'cls/predictions/output_bias': 'cls.predictions.bias',
      'cls/predictions/output_weights': 'cls.predictions.decoder.weight',
      'cls/seq_relationship/output_weights': 'cls.seq_relationship.weight',
      'cls/squad/output_weights': 'qa_outputs.weight',
      'cls/squad/output_bias': 'qa_outputs.bias',
      'classifier/output_weights': 'classifier.weight',
    },
  },
  'Hugging Face (gamma, beta)': {
    mark: 'bert.embeddings.LayerNorm.gamma',
    places: {
      'encoder/layer_0/output/LayerNorm/beta': 'bert.encoder.layer.0.output.LayerNorm.beta',
      'encoder/layer_0/output/dense/kernel': 'bert.encoder.layer.0.output.dense.weight ᵀ',
      'cls/predictions/transform/LayerNorm/gamma': 'cls.predictions.transform.LayerNorm.gamma',
    },
  },
  'Hugging Face BertModel': {
    mark: 'embeddings.word_embeddings.weight',
    places: {
      'embeddings/LayerNorm/gamma': 'embeddings.LayerNorm.weight',
      'encoder/layer_1/intermediate/dense/kernel': 'encoder.layer.1.intermediate.dense.weight ᵀ',
      'pooler/dense/bias': 'pooler.dense.bias',
    },
  },
  'ONNX of Hugging Face': {
    mark: 'bert.encoder.layer.0.attention.self.query.weight_in_out',
    places: {
      'embeddings/token_type_embeddings': 'bert.embeddings.token_type_embeddings.weight',
      'encoder/layer_11/attention/self/query/kernel': 'bert.encoder.layer.11.attention.self.query.weight_in_out',
      'encoder/layer_0/output/LayerNorm/beta': 'bert.encoder.layer.0.output.LayerNorm.bias',
      'cls/predictions/output_weights': 'cls.predictions.decoder.weight_in_out ᵀ',
      'cls/seq_relationship/output_weights': 'cls.seq_relationship.weight_in_out ᵀ',
      'cls/squad/output_weights': 'qa_outputs.weight_in_out ᵀ',
      'cls/squad/output_bias': 'qa_outputs.bias',
    },
  },
  'ONNX of Hugging Face BertModel': {
    mark: 'encoder.layer.0.attention.self.query.weight_in_out',
    places: {
      'encoder/layer_1/intermediate/dense/kernel': 'encoder.layer.1.intermediate.dense.weight_in_out',
      'pooler/dense/bias': 'pooler.dense.bias',
    },
  },
  'trt-dsl (ONNX of its graphs)': {
    mark: 'embeddings/word_embeddings',
    places: {
      'embeddings/LayerNorm/gamma': 'embeddings/LayerNorm/gamma',
      'encoder/layer_1/attention/self/query/kernel': 'encoder/layer_1/attention/self/query/kernel',
      'cls/squad/output_weights': 'cls/squad/output_weights',
    },
  },
  'Hugging Face BertModel (gamma, beta)': {
    mark: 'embeddings.LayerNorm.gamma',
    places: { 'encoder/layer_1/output/LayerNorm/gamma': 'encoder.layer.1.output.LayerNorm.gamma' },
  },
};

const placesOf = (keys: readonly string[], path: string): SourceKey[] =>
  [detectNaming(keys, 'file').rename(path) ?? []].flat();
const spelt = ({ key, transpose }: SourceKey): string => `${key}${transpose ? ' ᵀ' : ''}`;
const ones = (name: string, shape: readonly number[]): [string, Weights] => [
  name,
  Weights.fromNumbers(
    'float32',
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    name,
  ) as Weights,
];

describe.each(Object.entries(kinds))('%s', (name, { mark, places }) => {
  it('is known by its keys', () => {
    expect(detectNaming(['something', mark], 'file').name).toBe(name);
  });

  it.each(Object.entries(places))('keeps %s as %s', (path, place) => {
    expect(spelt(placesOf([mark], path)[0]!)).toBe(place);
  });

  it('has a place of its own for every weight of a BERT', () => {
    const keys = bertNames(3).map((path) => placesOf([mark], path)[0]!.key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(3 + 2 + 3 * 16 + 2 + 6 + 6);
  });
});

describe('tensors that lie elsewhere', () => {
  const hf = kinds['Hugging Face']!.mark;

  it('takes the decoder of masked words where there is one, else the word embeddings', () => {
    expect(placesOf([hf], 'cls/predictions/output_weights').map(spelt)).toEqual([
      'cls.predictions.decoder.weight',
      'bert.embeddings.word_embeddings.weight',
    ]);
    expect(placesOf([hf], 'cls/predictions/output_bias').map(({ key }) => key)).toEqual([
      'cls.predictions.bias',
      'cls.predictions.decoder.bias',
    ]);
    const google = [kinds['TensorFlow (google-research/bert)']!.mark];
    expect(placesOf(google, 'cls/predictions/output_weights').at(-1)).toEqual({
      key: 'bert/embeddings/word_embeddings',
      transpose: false,
    });
  });

  it('finds an exported BERT inside a module, its kernels in either layout, and embeddings by the decoder’s name', () => {
    const keys = ['model.bert.encoder.layer.0.attention.self.query.weight_in_out'];
    expect(placesOf(keys, 'pooler/dense/kernel').map(spelt)).toEqual([
      'model.bert.pooler.dense.weight_in_out',
      'model.bert.pooler.dense.weight ᵀ',
    ]);
    expect(placesOf(keys, 'cls/predictions/output_weights').map(spelt)).toEqual([
      'model.cls.predictions.decoder.weight_in_out ᵀ',
      'model.cls.predictions.decoder.weight',
      'model.cls.predictions.weight_in_out ᵀ',
      'model.bert.embeddings.word_embeddings.weight',
    ]);
    expect(placesOf(keys, 'embeddings/word_embeddings').map(spelt)).toContain('model.cls.predictions.decoder.weight');
  });

  it('makes tied weights one tensor', () => {
    const file = weightsOf([ones(hf, [5, 2])]);
    const store = WeightStore.of(file, 'float32', { naming: detectNaming(file.keys(), 'file') });
    const table = store.get('embeddings/word_embeddings', [5, 2]);
    expect(store.get('cls/predictions/output_weights', [5, 2])).toBe(table);
  });

  it('cuts query, key and value out of the merged kernel and bias of the demo', () => {
    const file = weightsOf([
      ones('bert_embeddings_word_embeddings', [1, 1]),
      ones('l0_attention_self_qkv_kernel', [2, 6]),
      ones('l0_attention_self_qkv_bias', [6]),
    ]);
    const store = WeightStore.of(file, 'float32', { naming: detectNaming(file.keys(), 'file') });
    const self = store.scope('encoder/layer_0/attention/self');
    const numbers = (name: string, shape: readonly number[]): number[] => [
      ...(self.get(name, shape).array() as Float32Array),
    ];
    expect(numbers('query/kernel', [2, 2])).toEqual([0, 1, 6, 7]);
    expect(numbers('key/kernel', [2, 2])).toEqual([2, 3, 8, 9]);
    expect(numbers('value/kernel', [2, 2])).toEqual([4, 5, 10, 11]);
    expect(numbers('value/bias', [2])).toEqual([4, 5]);
    expect(store.unused()).toEqual(['bert_embeddings_word_embeddings']);
  });
});

describe('keys that are no weights of the network', () => {
  const naming = detectNaming(['bert/embeddings/word_embeddings'], 'file');
  const ignored = (key: string): boolean => (naming.ignore as readonly RegExp[]).some((pattern) => pattern.test(key));

  it.each([
    'bert/pooler/dense/kernel/adam_m',
    'bert/pooler/dense/kernel/adam_v',
    'bert/pooler/dense/kernel/AdamWeightDecay_1',
    'cls/squad/output_weights/lamb_m',
    'bert/pooler/dense/bias/Adam',
    'l0_output_dense_kernel_adam_m',
    'global_step',
    'beta1_power',
    'good_steps',
    'current_loss_scale',
    'bert.embeddings.position_ids',
    'embeddings.position_ids',
    '_CHECKPOINTABLE_OBJECT_GRAPH',
  ])('%s is ignored', (key) => {
    expect(ignored(key)).toBe(true);
  });

  it('of an ONNX file are constants, and kernels by another name, but no parameters', () => {
    const wrapped = 'model.bert.encoder.layer.0.attention.self.query.weight';
    const file = weightsOf(
      [
        `${wrapped}_in_out`,
        wrapped,
        'onnx::MatMul_283',
        'val_50',
        '/model/Constant_output_0',
        'model.bert.extra.weight',
      ].map((key) => ones(key, [1, 1])),
    );
    const store = WeightStore.of(file, 'float32', { naming: detectNaming(file.keys(), 'file') });
    expect(store.unused()).toEqual([`${wrapped}_in_out`, 'model.bert.extra.weight']);
  });

  it('no weight is', () => {
    for (const { mark } of Object.values(kinds))
      for (const path of bertNames(2))
        for (const { key } of placesOf([mark], path)) expect([key, ignored(key)]).toEqual([key, false]);
  });

  it.each([
    'bert/pooler/dense/kernel',
    'cls/squad/output_bias',
    'cls.predictions.bias',
    'qa_outputs.weight',
    'classifier.bias',
    'output_weights',
    'pooler.dense.bias',
    'cls_squad_output_bias',
  ])('%s is a head’s, which a task may leave over', (key) => {
    expect(heads.some((pattern) => pattern.test(key))).toBe(true);
  });

  it('the encoder’s are no head’s', () => {
    for (const { mark } of Object.values(kinds))
      for (const path of bertNames(1).filter((name) => /^(encoder|embeddings)/.test(name)))
        for (const { key } of placesOf([mark], path)) {
          // Where embeddings are tied and kept once, it is by the head's name.
          const isTied = path === 'embeddings/word_embeddings' && key === 'cls.predictions.decoder.weight';
          expect([key, heads.some((head) => head.test(key))]).toEqual([key, isTied]);
        }
  });
});

describe('namesInFile', () => {
  it('counts the layers, and tells tied weights once', () => {
    const keys = [
      'bert.embeddings.word_embeddings.weight',
      'bert.encoder.layer.0.output.dense.bias',
      'bert.encoder.layer.1.output.dense.bias',
    ];
    const naming = detectNaming(keys, 'file');
    expect(namesInFile(naming, { has: (key) => keys.includes(key) }).map(({ path }) => path)).toEqual([
      'embeddings/word_embeddings',
      'encoder/layer_0/output/dense/bias',
      'encoder/layer_1/output/dense/bias',
    ]);
  });
});

describe('what is no BERT', () => {
  it('is refused with some of its keys and the names that would be known', () => {
    expect(() => detectNaming(['a', 'b', 'c', 'd', 'e', 'f'], 'gpt.safetensors')).toThrow(
      /gpt\.safetensors: no BERT's word embeddings among its 6 keys \(a, b, c, d, e, …\); known are google-research/,
    );
  });
});
