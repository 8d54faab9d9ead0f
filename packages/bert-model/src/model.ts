import { dim, type FloatType, type Graph, type IndexType, Network, type Tensor } from '@trt-dsl/dsl';
import { Block, type Parameters } from '@trt-dsl/weights';
import { attentionBias } from './attention.ts';
import type { BertConfig } from './config.ts';
import { embeddings } from './embeddings.ts';
import { encoder } from './encoder.ts';
import { classifier, maskedLanguageModel, nextSentence, pooler, questionAnswering } from './heads.ts';
import type { Mask, ModuleOptions } from './kernels.ts';

/** What a BERT is built for; each has its outputs, all float32. */
export type BertTask = keyof typeof tasks;

/** How the graph is built. */
export interface BertOptions extends ModuleOptions {
  /** `hidden` by default */
  readonly task?: BertTask;
  /** an input `attention_mask` `[batch, seq]`; true by default. Without it every token counts. */
  readonly attentionMask?: boolean;
  /** an input `position_ids` `[batch, seq]`; false by default, positions then count from 0 */
  readonly positionIds?: boolean;
  /** with task `masked-lm`, an input `masked_positions` `[masked]` that chooses tokens; false by default */
  readonly maskedPositions?: boolean;
  /** the type of the ids; int32 by default */
  readonly idType?: IndexType;
}

type Outputs = { readonly [name: string]: Tensor<FloatType> };
interface Parts<D extends FloatType> {
  readonly net: Block<D>;
  readonly hidden: Tensor<D, 3>;
  readonly config: BertConfig;
  readonly positions: Tensor<IndexType, 1> | undefined;
}

/** What each task adds to the encoder, by the outputs' names. */
const tasks = {
  /** `last_hidden_state` `[batch, seq, hidden]` */
  hidden: ({ hidden }) => ({ last_hidden_state: hidden }),
  /** the same, and `pooler_output` `[batch, hidden]` */
  pooled: ({ net, hidden, config }) => ({
    last_hidden_state: hidden,
    pooler_output: pooler(net.scope('pooler'), hidden, config),
  }),
  /** `start_logits` and `end_logits` `[batch, seq]` */
  'question-answering': ({ net, hidden, config }) => questionAnswering(net.scope('cls').scope('squad'), hidden, config),
  /** `logits` `[batch, seq, vocabulary]`, or `[masked, vocabulary]` with masked positions */
  'masked-lm': ({ net, hidden, config, positions }) => {
    const head = net.scope('cls').scope('predictions');
    return { logits: maskedLanguageModel(head, hidden, config, positions) };
  },
  /** `logits` `[batch, 2]` */
  'next-sentence': ({ net, hidden, config }) => {
    const pooled = pooler(net.scope('pooler'), hidden, config);
    return { logits: nextSentence(net.scope('cls').scope('seq_relationship'), pooled, config) };
  },
  /** `logits` `[batch, labels]` */
  'sequence-classification': ({ net, hidden, config }) => {
    const pooled = pooler(net.scope('pooler'), hidden, config);
    return { logits: classifier(net.scope('classifier'), pooled, config) };
  },
  /** `logits` `[batch, seq, labels]` */
  'token-classification': ({ net, hidden, config }) => ({
    logits: classifier(net.scope('classifier'), hidden, config),
  }),
} satisfies { readonly [task: string]: (parts: Parts<FloatType>) => Outputs };

export const bertTasks = Object.keys(tasks) as readonly BertTask[];

/**
 * BERT as a graph: inputs `input_ids`, `token_type_ids` and `attention_mask`, each `[batch, seq]`, then embeddings,
 * encoder and the task's head. It computes in the type of `weights`; outputs are float32.
 * @throws TrtDslError 'weights' or 'shape' for a weight that is missing or has another shape
 */
export function bert<D extends FloatType>(
  weights: Parameters<D>,
  config: BertConfig,
  options: BertOptions = {},
): Graph {
  const { task = 'hidden', idType = 'int32' } = options;
  const net = new Block(new Network('bert'), weights);
  const ids = (name: string): Tensor<IndexType, 2> => net.addInput(name, idType, [dim('batch'), dim('seq')]);
  const inputIds = ids('input_ids');
  const tokenTypeIds = ids('token_type_ids');
  const mask = (options.attentionMask ?? true) ? ids('attention_mask') : undefined;
  const positionIds = options.positionIds ? ids('position_ids') : undefined;
  const positions = options.maskedPositions ? net.addInput('masked_positions', idType, [dim('masked')]) : undefined;

  const embedded = embeddings(
    net.scope('embeddings'),
    { inputIds, tokenTypeIds, ...(positionIds && { positionIds }) },
    config,
    options,
  );
  const hidden = encoder(net.scope('encoder'), embedded, maskOf(net, weights, mask, options), config, options);
  const build: (parts: Parts<D>) => Outputs = tasks[task];
  for (const [name, tensor] of Object.entries(build({ net, hidden, config, positions })))
    net.markOutput(net.addCast(tensor, { dataType: 'float32' }), name);
  return net.graph();
}

/** The attention mask in the form that attention takes: as it is for a kernel, as what is added to the scores else. */
function maskOf<D extends FloatType>(
  net: Block<D>,
  weights: Parameters<D>,
  mask: Tensor<IndexType, 2> | undefined,
  { kernels = {} }: ModuleOptions,
): Mask<D> {
  if (!mask) return { kind: 'none' };
  const scope = new Block(net, weights, 'mask');
  if (kernels.qkvToContext && net.dataType !== 'float32')
    return { kind: 'mask', keys: scope.addCast(mask, { dataType: 'int32' }) };
  return { kind: 'mask', bias: attentionBias(scope, mask) };
}
