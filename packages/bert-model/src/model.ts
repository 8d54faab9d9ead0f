import {
  dim,
  type FloatType,
  type Graph,
  type IndexType,
  Network,
  type Tensor,
  type Tensors,
  TrtDslError,
} from '@trt-dsl/dsl';
import { Block, type Parameters } from '@trt-dsl/weights';
import { attentionBias, attentionKernel } from './attention.ts';
import type { BertConfig } from './config.ts';
import { embeddings } from './embeddings.ts';
import { encoder } from './encoder.ts';
import { classifier, maskedLanguageModel, nextSentence, pooler, questionAnswering } from './heads.ts';
import type { Mask, ModuleOptions } from './kernels.ts';

/** What each task gives, by the outputs' names. */
export interface BertOutputs {
  /** `[batch, seq, hidden]` */
  readonly hidden: { readonly last_hidden_state: Tensor<'float32', 3> };
  /** the same, and `[batch, hidden]` */
  readonly pooled: {
    readonly last_hidden_state: Tensor<'float32', 3>;
    readonly pooler_output: Tensor<'float32', 2>;
  };
  /** `[batch, seq]` */
  readonly 'question-answering': {
    readonly start_logits: Tensor<'float32', 2>;
    readonly end_logits: Tensor<'float32', 2>;
  };
  /** `[batch, seq, vocabulary]`, or `[masked, vocabulary]` with masked positions */
  readonly 'masked-lm': { readonly logits: Tensor<'float32', 2> | Tensor<'float32', 3> };
  /** `[batch, 2]` */
  readonly 'next-sentence': { readonly logits: Tensor<'float32', 2> };
  /** `[batch, labels]` */
  readonly 'sequence-classification': { readonly logits: Tensor<'float32', 2> };
  /** `[batch, seq, labels]` */
  readonly 'token-classification': { readonly logits: Tensor<'float32', 3> };
}

/** What a BERT is built for. */
export type BertTask = keyof BertOutputs;

/** A BERT for a task: engines of it give that task's outputs, or outputs by any name where the compiler knows no task. */
export type BertGraph<T extends BertTask = BertTask> = Graph<Tensors, BertTask extends T ? Tensors : BertOutputs[T]>;

/** How the graph is built. */
export interface BertOptions<T extends BertTask = BertTask> extends ModuleOptions {
  /** `hidden` by default */
  readonly task?: T;
  /** an input `attention_mask` `[batch, seq]`; true by default. Without it every token counts. */
  readonly attentionMask?: boolean;
  /** an input `position_ids` `[batch, seq]`; false by default, positions then count from 0 */
  readonly positionIds?: boolean;
  /** with task `masked-lm`, an input `masked_positions` `[masked]` that chooses tokens; false by default */
  readonly maskedPositions?: boolean;
  /** the type of the ids; int32 by default */
  readonly idType?: IndexType;
}

interface Parts<D extends FloatType> {
  readonly net: Block<D>;
  readonly hidden: Tensor<D, 3>;
  readonly config: BertConfig;
  readonly positions: Tensor<IndexType, 1> | undefined;
}

/** What each task adds to the encoder; see `BertOutputs`. */
const tasks: {
  readonly [T in BertTask]: <D extends FloatType>(
    parts: Parts<D>,
  ) => { readonly [Name in keyof BertOutputs[T]]: Tensor<D> };
} = {
  hidden: ({ hidden }) => ({ last_hidden_state: hidden }),
  pooled: ({ net, hidden, config }) => ({
    last_hidden_state: hidden,
    pooler_output: pooler(net.scope('pooler'), hidden, config),
  }),
  'question-answering': ({ net, hidden, config }) => questionAnswering(net.scope('cls').scope('squad'), hidden, config),
  'masked-lm': ({ net, hidden, config, positions }) => {
    const head = net.scope('cls').scope('predictions');
    return { logits: maskedLanguageModel(head, hidden, config, positions) };
  },
  'next-sentence': ({ net, hidden, config }) => {
    const pooled = pooler(net.scope('pooler'), hidden, config);
    return { logits: nextSentence(net.scope('cls').scope('seq_relationship'), pooled, config) };
  },
  'sequence-classification': ({ net, hidden, config }) => {
    const pooled = pooler(net.scope('pooler'), hidden, config);
    return { logits: classifier(net.scope('classifier'), pooled, config) };
  },
  'token-classification': ({ net, hidden, config }) => ({
    logits: classifier(net.scope('classifier'), hidden, config),
  }),
};

export const bertTasks = Object.keys(tasks) as readonly BertTask[];

/**
 * BERT as a graph: inputs `input_ids`, `token_type_ids` and `attention_mask`, each `[batch, seq]`, then embeddings,
 * encoder and the task's head. It computes in the type of `weights`; outputs are float32.
 * @throws TrtDslError 'argument' for an unknown task, 'weights' or 'shape' for a weight that is missing or has another shape
 */
export function bert<D extends FloatType, T extends BertTask = 'hidden'>(
  weights: Parameters<D>,
  config: BertConfig,
  options: BertOptions<T> = {},
): BertGraph<T> {
  const { idType = 'int32' } = options;
  const task: BertTask = options.task ?? 'hidden';
  if (!bertTasks.includes(task)) throw noTask(task, bertTasks);
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
  const outputs: Readonly<Record<string, Tensor<D>>> = tasks[task]({ net, hidden, config, positions });
  for (const [name, tensor] of Object.entries(outputs))
    net.markOutput(net.addCast(tensor, { dataType: 'float32' }), name);
  return net.graph() as BertGraph<T>;
}

/** What is said of a task that there is not. */
export const noTask = (task: unknown, known: readonly string[]): TrtDslError =>
  new TrtDslError('argument', `there is no task ${JSON.stringify(task)}; known are ${known.join(', ')}`);

/** The attention mask in the form that attention takes: as it is for a kernel, as what is added to the scores else. */
function maskOf<D extends FloatType>(
  net: Block<D>,
  weights: Parameters<D>,
  mask: Tensor<IndexType, 2> | undefined,
  options: ModuleOptions,
): Mask<D> {
  if (!mask) return { kind: 'none' };
  const scope = new Block(net, weights, 'mask');
  if (attentionKernel(net.dataType, options)) return { kind: 'mask', keys: scope.addCast(mask, { dataType: 'int32' }) };
  return { kind: 'mask', bias: attentionBias(scope, mask) };
}
