import { readFileSync } from 'node:fs';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';

/** The sizes and choices that make one BERT (Devlin et al. 2018, table of base and large). */
export interface BertConfig {
  /** rows of the word table */
  readonly vocabSize: number;
  /** width of every layer, H */
  readonly hiddenSize: number;
  /** number of encoder layers, L */
  readonly layers: number;
  /** attention heads, A; divides the hidden size */
  readonly heads: number;
  /** width inside the feed-forward part, 4 H */
  readonly intermediateSize: number;
  readonly activation: 'gelu' | 'gelu_tanh' | 'relu';
  /** rows of the position table: the longest sequence */
  readonly maxPositions: number;
  /** rows of the token type table */
  readonly typeVocabSize: number;
  readonly layerNormEpsilon: number;
  /** classes of a classification head */
  readonly labels: number;
  /** names of the classes, where the file gives them */
  readonly labelNames?: readonly string[];
}

export const bertBase: BertConfig = {
  vocabSize: 30522,
  hiddenSize: 768,
  layers: 12,
  heads: 12,
  intermediateSize: 3072,
  activation: 'gelu',
  maxPositions: 512,
  typeVocabSize: 2,
  layerNormEpsilon: 1e-12,
  labels: 2,
};
export const bertLarge: BertConfig = { ...bertBase, hiddenSize: 1024, layers: 24, heads: 16, intermediateSize: 4096 };

/** The keys of bert_config.json (Google) and config.json (Hugging Face) that say what the network is. */
const sizes = {
  vocab_size: 'vocabSize',
  hidden_size: 'hiddenSize',
  num_hidden_layers: 'layers',
  num_attention_heads: 'heads',
  intermediate_size: 'intermediateSize',
  max_position_embeddings: 'maxPositions',
  type_vocab_size: 'typeVocabSize',
} as const;

const activations: { readonly [name: string]: BertConfig['activation'] } = {
  gelu: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  relu: 'relu',
};

/** Keys that have to have one value, for anything else is another network. */
const fixed: { readonly [key: string]: readonly unknown[] } = {
  model_type: ['bert'],
  position_embedding_type: ['absolute', null],
  is_decoder: [false, null],
  add_cross_attention: [false, null],
  is_encoder_decoder: [false, null],
  pruned_heads: [null],
};

/** Keys that concern training, or bookkeeping; nothing here depends on them. */
const ignored = new Set(
  `_name_or_path _commit_hash _attn_implementation architectures attention_probs_dropout_prob auto_map bos_token_id
  chunk_size_feed_forward classifier_dropout directionality dtype embedding_size eos_token_id finetuning_task
  gradient_checkpointing hidden_dropout_prob initializer_range layer_norm_eps hidden_act id2label label2id num_labels
  output_attentions output_hidden_states output_past pad_token_id pooler_fc_size pooler_num_attention_heads
  pooler_num_fc_layers pooler_size_per_head pooler_type problem_type return_dict sep_token_id task_specific_params
  tie_word_embeddings tokenizer_class torch_dtype torchscript transformers_version use_bfloat16 use_cache
  use_return_dict cls_token_id mask_token_id unk_token_id`.split(/\s+/),
);

/**
 * A BertConfig from the text of Hugging Face's config.json or Google's bert_config.json.
 * @param file named in errors
 * @throws TrtDslError 'file' for no JSON, an unknown key, a missing or impossible value, or a network that is no BERT
 */
export function parseConfig(text: string, file: string): BertConfig {
  const wrong = (message: string): never => {
    throw new TrtDslError('file', `${file}: ${message}`);
  };
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new TrtDslError('file', `${file}: no JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) wrong('no JSON object');
  for (const [key, value] of Object.entries(json)) {
    if (!(Object.hasOwn(sizes, key) || Object.hasOwn(fixed, key) || ignored.has(key)))
      wrong(
        `unknown key "${key}"; a BERT is configured by ${Object.keys(sizes).join(', ')}, hidden_act, layer_norm_eps`,
      );
    const allowed = Object.hasOwn(fixed, key) ? fixed[key] : undefined;
    const empty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    if (allowed && !empty && !allowed.includes(value))
      wrong(
        `"${key}" is ${JSON.stringify(value)}; only ${JSON.stringify(allowed[0])} is a BERT that this model can build`,
      );
  }
  const config: Record<string, number> = {};
  for (const [key, name] of Object.entries(sizes)) {
    const value = json[key] ?? (key === 'type_vocab_size' ? 2 : undefined);
    if (!Number.isSafeInteger(value) || (value as number) < 1)
      wrong(value === undefined ? `"${key}" is missing` : `"${key}" is ${JSON.stringify(value)}, no integer above 0`);
    config[name] = value as number;
  }
  if (config['hiddenSize']! % config['heads']! !== 0)
    wrong(`hidden_size ${config['hiddenSize']} is not divisible by num_attention_heads ${config['heads']}`);
  const named = json['hidden_act'] ?? 'gelu';
  const activation = typeof named === 'string' && Object.hasOwn(activations, named) ? activations[named] : undefined;
  if (!activation)
    return wrong(`"hidden_act" is ${JSON.stringify(named)}, none of ${Object.keys(activations).join(', ')}`);
  const layerNormEpsilon = json['layer_norm_eps'] ?? 1e-12;
  if (typeof layerNormEpsilon !== 'number' || !(layerNormEpsilon > 0))
    return wrong(`"layer_norm_eps" is ${JSON.stringify(layerNormEpsilon)}, no number above 0`);
  const names = json['id2label'] ?? {};
  const labelNames: unknown[] = typeof names === 'object' ? Object.values(names) : [undefined];
  if (!labelNames.every((label) => typeof label === 'string'))
    return wrong(`"id2label" is ${JSON.stringify(names)}, no object of a name for each class`);
  const labels = json['num_labels'] ?? (labelNames.length || 2);
  if (!Number.isSafeInteger(labels) || (labels as number) < 1)
    return wrong(`"num_labels" is ${JSON.stringify(labels)}, no integer above 0`);
  return {
    ...(config as unknown as BertConfig),
    activation,
    layerNormEpsilon,
    labels: labels as number,
    ...(labelNames.length > 0 && { labelNames }),
  };
}

/** The BertConfig in a file; see `parseConfig`. */
export function readConfig(file: string): BertConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TrtDslError('file', `${file}: ${messageOf(error)}`, { cause: error });
  }
  return parseConfig(text, file);
}
