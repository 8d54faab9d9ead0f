import { TrtDslError } from '@trt-dsl/dsl';
import type { Naming, Part, SourceKey } from '@trt-dsl/weights';

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

/** Where a file keeps a tensor, while it is spelt. */
interface Place {
  readonly key: string;
  readonly transpose: boolean;
  readonly part?: Part;
}

/** One step from the model's name to the file's; `transpose` where the file keeps kernels as `[out, in]`. */
type Step = readonly [find: RegExp, put: string, transpose?: 'transpose'];

const spell = (path: string, steps: readonly Step[]): Place =>
  steps.reduce<Place>(
    (at, [find, put, transpose]) =>
      find.test(at.key) ? { key: at.key.replace(find, put), transpose: at.transpose || transpose === 'transpose' } : at,
    { key: path, transpose: false },
  );

/** Another place of a tensor that a file may have instead. */
type Elsewhere = (path: string, steps: readonly Step[]) => Place | undefined;

/** The output's weights of masked words are the word embeddings' where the file has none of their own. */
const tiedDecoder: Elsewhere = (path, steps) =>
  path === 'cls/predictions/output_weights' ? spell('embeddings/word_embeddings', steps) : undefined;

/**
 * A naming by steps. The model's own names are the scopes of its layers, Google's without `bert/`:
 * `encoder/layer_0/attention/self/query/kernel` `[in, out]`.
 */
const naming = (name: string, steps: readonly Step[], elsewhere: readonly Elsewhere[] = []): Naming => ({
  name,
  ignore: bookkeeping,
  rename: (path): readonly SourceKey[] => [
    spell(path, steps),
    ...[...elsewhere, tiedDecoder].flatMap((find) => find(path, steps) ?? []),
  ],
});

/** A naming for the BERT inside a wrapping module: every key begins with the attribute that holds it. */
const inside = (prefix: string, { rename, ...naming }: Naming): Naming => ({
  ...naming,
  rename: (path) => [rename(path) ?? []].flat().map((place) => ({ ...place, key: `${prefix}${place.key}` })),
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
  [/^cls\/predictions\/output_weights$/, 'cls/predictions/decoder/weight'],
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
/** The output's bias of masked words, which some releases save only as the decoder layer's. */
const decoderBias: Elsewhere = (path) =>
  path === 'cls/predictions/output_bias' ? { key: 'cls.predictions.decoder.bias', transpose: false } : undefined;

/** What follows the name of a kernel that lies as `[in, out]`; without it, the name is the same kernel's once more. */
const inOut = '_in_out';
/**
 * Initializers of an exported ONNX file, as openOnnxWeights names them: Hugging Face's names, but a kernel that the
 * exporter turned round for its product is `….weight_in_out`, `[in, out]`; one that it did not stays Hugging Face's.
 */
const exported: readonly Step[] = [
  [/^cls\/squad\/output_weights$/, 'qa_outputs/weight_in_out', 'transpose'],
  [/^cls\/predictions\/output_weights$/, 'cls/predictions/decoder/weight_in_out', 'transpose'],
  [/^(cls\/seq_relationship|classifier)\/output_weights$/, '$1/weight_in_out', 'transpose'],
  [/\/kernel$/, '/weight_in_out'],
  ...huggingFace,
];
const notTurned =
  (steps: readonly Step[]): Elsewhere =>
  (path) =>
    spell(path, steps);
/** The decoder by the name of its bias, where nodes have no scopes. */
const decoderByBias: Elsewhere = (path) =>
  path === 'cls/predictions/output_weights' ? { key: 'cls.predictions.weight_in_out', transpose: true } : undefined;
/** Tied word embeddings, which are kept once, by the name of the decoder. */
const tiedEmbeddings: Elsewhere = (path) =>
  path === 'embeddings/word_embeddings' ? { key: 'cls.predictions.decoder.weight', transpose: false } : undefined;
/** Keys of an exported file that are no parameters: constants, and kernels by the names that the exporter gave them. */
const anonymous: readonly RegExp[] = [/^[^.]*$/, /^(\/|onnx::)/];

/** In ONNX written of a graph of this package: constants that no checkpoint has. */
const written: readonly RegExp[] = [/^:/, /^mask\//];

/** The dictionary of trt_helper and of NVIDIA's demo/BERT: `l0_attention_self_query_kernel`, `[in, out]`. */
const demo: readonly Step[] = [
  [/^encoder\/layer_(\d+)\//, 'l$1_'],
  [/^(embeddings|pooler)\//, 'bert_$1_'],
  [/LayerNorm/, 'layernorm'],
  [/\//g, '_'],
];
/** Query, key and value side by side: `l0_attention_self_qkv_kernel` `[in, 3 · out]`, `…_qkv_bias` `[3 · out]`. */
const mergedQkv: Elsewhere = (path, steps) => {
  const [, before, which, what] = /^(.*\/)(query|key|value)\/(kernel|bias)$/.exec(path) ?? [];
  if (before === undefined) return undefined;
  const index = ['query', 'key', 'value'].indexOf(which!);
  return { ...spell(`${before}qkv/${what}`, steps), part: { axis: what === 'kernel' ? 1 : 0, index, of: 3 } };
};

const onnx = (name: string, more: readonly Step[], elsewhere: readonly Elsewhere[]): Naming => ({
  ...naming(name, [...exported, ...more], [notTurned([...huggingFace, ...more]), ...elsewhere]),
  ignore: [...bookkeeping, ...anonymous],
});

/** Every known naming, with a key that no other has before it; what the key begins with is the wrapping module's. */
const namings: readonly { readonly mark: RegExp; readonly naming: Naming }[] = [
  {
    mark: /^(.*\.)?bert\.encoder\.layer\.0\.attention\.self\.query\.weight_in_out$/,
    naming: onnx('ONNX of Hugging Face', [], [decoderBias, decoderByBias, tiedEmbeddings]),
  },
  {
    mark: /^(.*\.)?encoder\.layer\.0\.attention\.self\.query\.weight_in_out$/,
    naming: onnx('ONNX of Hugging Face BertModel', [withoutPrefix], []),
  },
  { mark: /^bert\/embeddings\/word_embeddings$/, naming: naming('TensorFlow (google-research/bert)', google) },
  { mark: /^bert_embeddings_word_embeddings$/, naming: naming('demo/BERT dictionary', demo, [mergedQkv]) },
  {
    mark: /^bert\.embeddings\.LayerNorm\.gamma$/,
    naming: naming('Hugging Face (gamma, beta)', [...huggingFace, ...oldNorm], [decoderBias]),
  },
  {
    mark: /^embeddings\.LayerNorm\.gamma$/,
    naming: naming('Hugging Face BertModel (gamma, beta)', [...huggingFace, withoutPrefix, ...oldNorm]),
  },
  {
    mark: /^bert\.embeddings\.word_embeddings\.weight$/,
    naming: naming('Hugging Face', huggingFace, [decoderBias]),
  },
  {
    mark: /^embeddings\.word_embeddings\.weight$/,
    naming: naming('Hugging Face BertModel', [...huggingFace, withoutPrefix]),
  },
  {
    mark: /^embeddings\/word_embeddings$/,
    naming: { ...naming('trt-dsl (ONNX of its graphs)', []), ignore: [...bookkeeping, ...written] },
  },
];

/**
 * The naming by which a checkpoint's keys are BERT's.
 * @throws TrtDslError 'weights' if it is none that is known
 */
export function detectNaming(keys: readonly string[], file: string): Naming {
  for (const { mark, naming } of namings) {
    const match = keys.map((key) => mark.exec(key)).find((found) => found !== null);
    if (!match) continue;
    const turned = keys.filter((key) => key.endsWith(inOut)).map((key) => key.slice(0, -inOut.length));
    return inside(match[1] ?? '', { ...naming, ignore: [...(naming.ignore ?? []), ...turned] });
  }
  const some = keys.slice(0, 5).join(', ');
  throw new TrtDslError(
    'weights',
    `${file}: no BERT's word embeddings among its ${keys.length} keys (${some}${keys.length > 5 ? ', …' : ''}); known are ` +
      'google-research/bert (bert/embeddings/word_embeddings), Hugging Face (bert.embeddings.word_embeddings.weight), ' +
      'the demo/BERT dictionary (bert_embeddings_word_embeddings) and ONNX files of Hugging Face’s, by openOnnxWeights ' +
      '(bert.encoder.layer.0.attention.self.query.weight_in_out) or of our own (embeddings/word_embeddings)',
  );
}

const layer = [
  ...['attention/self/query', 'attention/self/key', 'attention/self/value'],
  ...['attention/output/dense', 'intermediate/dense', 'output/dense'],
].flatMap((dense) => [`${dense}/kernel`, `${dense}/bias`]);
const norm = (scope: string): readonly string[] => [`${scope}/LayerNorm/gamma`, `${scope}/LayerNorm/beta`];
const before = ['word', 'position', 'token_type'].map((table) => `embeddings/${table}_embeddings`);
const after = [
  ...['pooler/dense/kernel', 'pooler/dense/bias'],
  ...['cls/predictions/transform/dense/kernel', 'cls/predictions/transform/dense/bias'],
  ...norm('cls/predictions/transform'),
  'cls/predictions/output_weights',
  'cls/predictions/output_bias',
  ...['cls/seq_relationship', 'cls/squad', 'classifier'].flatMap((head) => [
    `${head}/output_weights`,
    `${head}/output_bias`,
  ]),
];

/** The model's names of all weights that a BERT with so many layers can have, whatever its heads. */
export const bertNames = (layers: number): readonly string[] => [
  ...before,
  ...norm('embeddings'),
  ...Array.from({ length: layers }, (_, i) => `encoder/layer_${i}`).flatMap((scope) => [
    ...layer.map((name) => `${scope}/${name}`),
    ...norm(`${scope}/attention/output`),
    ...norm(`${scope}/output`),
  ]),
  ...after,
];

/**
 * The names of BERT's weights that a file has, and where it keeps each. Layers are counted until one is not there; what
 * has two names, as tied embeddings have, is told once.
 */
export function namesInFile(
  naming: Naming,
  file: { has(key: string): boolean },
): readonly { readonly path: string; readonly source: SourceKey }[] {
  const place = (path: string): SourceKey | undefined =>
    [naming.rename(path) ?? []].flat().find(({ key }) => file.has(key));
  let layers = 0;
  while (layer.some((name) => place(`encoder/layer_${layers}/${name}`))) layers++;
  const told = new Set<string>();
  return bertNames(layers).flatMap((path) => {
    const source = place(path);
    const id = JSON.stringify([source?.key, source?.part]);
    if (!source || told.has(id)) return [];
    told.add(id);
    return [{ path, source }];
  });
}
