import { dim, type FloatType, type Graph, Network, type Tensor, TrtDslError } from '@trt-dsl/dsl';
import { Block, type Parameters } from '@trt-dsl/weights';
import type { BertConfig } from './config.ts';
import { embeddingWeights } from './embeddings.ts';
import { encoder } from './encoder.ts';
import { questionAnswering } from './heads.ts';
import type { BertKernels } from './kernels.ts';

/** How a packed graph is built. */
export interface PackedOptions {
  /** the kernels that know where packed sequences begin: embLayerNorm and qkvToContext; others if wanted */
  readonly kernels: BertKernels & Required<Pick<BertKernels, 'embLayerNorm' | 'qkvToContext'>>;
  /** `hidden` (the default): `last_hidden_state` `[total, hidden]`; `question-answering`: logits `[total]` */
  readonly task?: 'hidden' | 'question-answering';
}

/**
 * BERT over sequences one behind the other, without padding: inputs `input_ids` and `token_type_ids` `[total]`, and
 * `cu_seqlens` `[sequences + 1]` with where each begins (the last: where the last one ends), all int32. The whole
 * encoder computes real tokens only.
 * @throws TrtDslError 'argument' in float32, for which there is no attention kernel; else as `bert`
 */
export function bertPacked<D extends FloatType>(
  weights: Parameters<D>,
  config: BertConfig,
  { kernels, task = 'hidden' }: PackedOptions,
): Graph {
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
  return net.graph();
}
