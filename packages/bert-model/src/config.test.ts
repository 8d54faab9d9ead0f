import { TrtDslError } from '@trt-dsl/dsl';
import { describe, expect, test } from 'vitest';
import { bertBase, parseConfig } from './config.ts';

const google = {
  attention_probs_dropout_prob: 0.1,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  hidden_size: 768,
  initializer_range: 0.02,
  intermediate_size: 3072,
  max_position_embeddings: 512,
  num_attention_heads: 12,
  num_hidden_layers: 12,
  type_vocab_size: 2,
  vocab_size: 30522,
};
const parse = (change: object) => parseConfig(JSON.stringify({ ...google, ...change }), 'bert_config.json');

describe('parseConfig', () => {
  test("reads Google's file", () => expect(parse({})).toEqual(bertBase));

  test("reads Hugging Face's file", () => {
    const config = parse({
      architectures: ['BertForQuestionAnswering'],
      hidden_act: 'gelu_new',
      id2label: { 0: 'no', 1: 'maybe', 2: 'yes' },
      layer_norm_eps: 1e-5,
      model_type: 'bert',
      position_embedding_type: 'absolute',
      torch_dtype: 'float16',
      transformers_version: '4.49.0',
    });
    expect(config).toEqual({
      ...bertBase,
      activation: 'gelu_tanh',
      labels: 3,
      labelNames: ['no', 'maybe', 'yes'],
      layerNormEpsilon: 1e-5,
    });
  });

  test.each([
    [{ hiden_size: 768 }, /bert_config\.json: unknown key "hiden_size"/],
    [{ num_hidden_layers: undefined }, /"num_hidden_layers" is missing/],
    [{ hidden_size: '768' }, /"hidden_size" is "768", no integer above 0/],
    [{ vocab_size: 0 }, /"vocab_size" is 0/],
    [{ num_attention_heads: 7 }, /hidden_size 768 is not divisible by num_attention_heads 7/],
    [{ hidden_act: 'swish' }, /"hidden_act" is "swish", none of gelu/],
    [{ layer_norm_eps: -1 }, /"layer_norm_eps" is -1/],
    [{ model_type: 'roberta' }, /"model_type" is "roberta"; only "bert"/],
    [{ position_embedding_type: 'relative_key' }, /"position_embedding_type"/],
    [{ is_decoder: true }, /"is_decoder" is true/],
    [{ constructor: 1 }, /unknown key "constructor"/],
    [{ num_labels: '3' }, /"num_labels" is "3", no integer above 0/],
    [{ id2label: 'yes' }, /"id2label" is "yes", no object/],
    [{ id2label: { 0: 1 } }, /"id2label" is {"0":1}, no object/],
  ])('refuses %j', (change, message) => {
    expect(() => parse(change)).toThrow(TrtDslError);
    expect(() => parse(change)).toThrow(message);
  });

  test.each(['', '{', '[]', 'null', '3'])('refuses %j as JSON', (text) => {
    expect(() => parseConfig(text, 'config.json')).toThrow(/^config\.json: no JSON/);
  });
});
