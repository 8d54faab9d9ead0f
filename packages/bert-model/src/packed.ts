import { dim, type FloatType, type Graph, Network, type Tensor, type Tensors, TrtDslError } from '@trt-dsl/dsl';
import { Block, type Parameters } from '@trt-dsl/weights';
import type { BertConfig } from './config.ts';
import { embeddingWeights } from './embeddings.ts';
import { encoder } from './encoder.ts';
import { questionAnswering } from './heads.ts';
import type { BertKernels } from './kernels.ts';
import { noTask } from './model.ts';

/** What each task of a packed BERT gives, by the outputs' names. */
export interface PackedOutputs {
  /** `[total, hidden]` */
  readonly hidden: { readonly last_hidden_state: Tensor<'float32', 2> };
  /** `[total]` */
  readonly 'question-answering': {
    readonly start_logits: Tensor<'float32', 1>;
    readonly end_logits: Tensor<'float32', 1>;
  };
}

/** What a packed BERT is built for. */
export type PackedTask = keyof PackedOutputs;
const packedTasks: readonly PackedTask[] = ['hidden', 'question-answering'];

/** A packed BERT for a task, see `BertGraph`. */
export type PackedGraph<T extends PackedTask = PackedTask> = Graph<
  Tensors,
  PackedTask extends T ? Tensors : PackedOutputs[T]
>;

/** How a packed graph is built. */
export interface PackedOptions<T extends PackedTask = PackedTask> {
  /** the kernels that know where packed sequences begin: embLayerNorm and qkvToContext; others if wanted */
  readonly kernels: BertKernels & Required<Pick<BertKernels, 'embLayerNorm' | 'qkvToContext'>>;
  /** `hidden` by default */
  readonly task?: T;
}

/**
 * BERT over sequences one behind the other, without padding: inputs `input_ids` and `token_type_ids` `[total]`, and
 * `cu_seqlens` `[sequences + 1]` with where each begins (the last: where the last one ends), all int32. The whole
 * encoder computes real tokens only.
 * @throws TrtDslError 'argument' in float32, for which there is no attention kernel; else as `bert`
 */
export function bertPacked<D extends FloatType, T extends PackedTask = 'hidden'>(
  weights: Parameters<D>,
  config: BertConfig,
  options: PackedOptions<T>,
): PackedGraph<T> {
  const { kernels } = options;
  const task: PackedTask = options.task ?? 'hidden';
  if (!packedTasks.includes(task)) throw noTask(task, packedTasks);
  if (weights.dataType === 'float32') throw new TrtDslError('argument', 'packed BERT computes in float16 or bfloat16');
  const net = new Block(new Network('bert-packed'), weights);
  const ids = net.addInput('input_ids', 'int32', [dim('total')]);
  const types = net.addInput('token_type_ids', 'int32', [dim('total')]);
  const cuSeqlens = net.addInput('cu_seqlens', 'int32', [dim('boundaries')]);
  const scope = net.scope('embeddings');
  const embedded = kernels.embLayerNorm(
    scope.scope('LayerNorm'),
    [ids, types, ...embeddingWeights(scope, config), cuSeqlens],
    { epsilon: config.layerNormEpsilon, positions: 'cu_seqlens' },
    { name: 'layerNorm' },
  );
  const mask = { kind: 'cu_seqlens', keys: cuSeqlens } as const;
  const hidden = encoder(net.scope('encoder'), embedded, mask, config, { kernels });
  const outputs: Readonly<Record<string, Tensor<D>>> =
    task === 'hidden'
      ? { last_hidden_state: hidden }
      : questionAnswering(net.scope('cls').scope('squad'), hidden, config);
  for (const [name, tensor] of Object.entries(outputs))
    net.markOutput(net.addCast(tensor, { dataType: 'float32' }), name);
  return net.graph() as PackedGraph<T>;
}
