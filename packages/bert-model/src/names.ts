import { TrtDslError } from '@trt-dsl/dsl';
import type { Naming, SourceKey } from '@trt-dsl/weights';

/** Keys that are no part of the network: optimizer slots and counters, and buffers of Hugging Face's modules. */
const bookkeeping: readonly RegExp[] = [
  /(^|[/._])(adam|lamb)_[mv]$/i,
  /\/(Adam|AdamWeightDecay|LAMB)(_1)?$/,
  /(^|[/.])(global_step|step|beta1_power|beta2_power|loss_scale|current_loss_scale|good_steps|save_counter)$/,
  /(^|\.)(position_ids|token_type_ids)$/,
  /^_CHECKPOINTABLE_OBJECT_GRAPH$/,
];

/** Keys of heads: a checkpoint often has others than the task that is built needs. */
export const heads: readonly RegExp[] = [/(^|[._/])(pooler|cls|qa_outputs|classifier)[._/]/, /^output_(weights|bias)$/];

/** One step from the model's name to the file's; `transpose` where the file keeps kernels as `[out, in]`. */
type Step = readonly [find: RegExp, put: string, transpose?: 'transpose'];

/**
 * A naming by steps. The model's own names are the scopes of its layers, Google's without `bert/`:
 * `encoder/layer_0/attention/self/query/kernel` `[in, out]`.
 */
const naming = (name: string, steps: readonly Step[]): Naming => ({
  name,
  ignore: bookkeeping,
  rename: (path) =>
    steps.reduce<SourceKey>(
      (at, [find, put, transpose]) =>
        find.test(at.key)
          ? { key: at.key.replace(find, put), transpose: at.transpose === true || transpose === 'transpose' }
          : at,
      { key: path, transpose: false },
    ),
});

/** google-research/bert, and NVIDIA's checkpoints fine-tuned on SQuAD. */
const google: readonly Step[] = [
  [/^(embeddings|encoder|pooler)\//, 'bert/$1/'],
  [/^classifier\//, ''],
];

/** Hugging Face's state dict of a model with a head. */
const huggingFace: readonly Step[] = [
  [/^cls\/squad\/output_(weight|bias)s?$/, 'qa_outputs/$1'],
  [/^cls\/predictions\/output_bias$/, 'cls/predictions/bias'],
  [/^(cls\/seq_relationship|classifier)\/output_(weight|bias)s?$/, '$1/$2'],
  [/^(embeddings|encoder|pooler)\//, 'bert/$1/'],
  [/_embeddings$/, '$&/weight'],
  [/\/LayerNorm\/gamma$/, '/LayerNorm/weight'],
  [/\/LayerNorm\/beta$/, '/LayerNorm/bias'],
  [/\/kernel$/, '/weight', 'transpose'],
  [/\/layer_(\d+)\//, '/layer/$1/'],
  [/\//g, '.'],
];
const withoutPrefix: Step = [/^bert\./, ''];
/** Checkpoints converted before 2019 kept TensorFlow's names of LayerNorm's weights. */
const oldNorm: readonly Step[] = [
  [/\.LayerNorm\.weight$/, '.LayerNorm.gamma'],
  [/\.LayerNorm\.bias$/, '.LayerNorm.beta'],
];

/** The dictionary of trt_helper and of NVIDIA's demo/BERT: `l0_attention_self_query_kernel`, `[in, out]`. */
const demo: readonly Step[] = [
  [/^encoder\/layer_(\d+)\//, 'l$1_'],
  [/^(embeddings|pooler)\//, 'bert_$1_'],
  [/LayerNorm/, 'layernorm'],
  [/\//g, '_'],
];

/** Every known naming, with a key that no other has. */
const namings: readonly { readonly mark: RegExp; readonly naming: Naming }[] = [
  { mark: /^bert\/embeddings\/word_embeddings$/, naming: naming('TensorFlow (google-research/bert)', google) },
  { mark: /^bert_embeddings_word_embeddings$/, naming: naming('demo/BERT dictionary', demo) },
  {
    mark: /^bert\.embeddings\.LayerNorm\.gamma$/,
    naming: naming('Hugging Face (gamma, beta)', [...huggingFace, ...oldNorm]),
  },
  {
    mark: /^embeddings\.LayerNorm\.gamma$/,
    naming: naming('Hugging Face BertModel (gamma, beta)', [...huggingFace, withoutPrefix, ...oldNorm]),
  },
  { mark: /^bert\.embeddings\.word_embeddings\.weight$/, naming: naming('Hugging Face', huggingFace) },
  {
    mark: /^embeddings\.word_embeddings\.weight$/,
    naming: naming('Hugging Face BertModel', [...huggingFace, withoutPrefix]),
  },
];

/**
 * The naming by which a checkpoint's keys are BERT's.
 * @throws TrtDslError 'weights' if it is none that is known
 */
export function detectNaming(keys: readonly string[], file: string): Naming {
  const found = namings.find(({ mark }) => keys.some((key) => mark.test(key)));
  if (found) return found.naming;
  const some = keys.slice(0, 5).join(', ');
  throw new TrtDslError(
    'weights',
    `${file}: no BERT's word embeddings among its ${keys.length} keys (${some}${keys.length > 5 ? ', …' : ''}); known are ` +
      'google-research/bert (bert/embeddings/word_embeddings), Hugging Face (bert.embeddings.word_embeddings.weight) and ' +
      'the demo/BERT dictionary (bert_embeddings_word_embeddings)',
  );
}
