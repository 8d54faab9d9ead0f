import type { FloatType, IndexType, Tensor } from '@trt-dsl/dsl';
import type { Block } from '@trt-dsl/weights';
import type { BertConfig } from './config.ts';
import { activation, dense, layerNorm } from './layers.ts';

/** x · weightsᵀ + bias with Google's `output_weights` `[out, in]` and `output_bias` `[out]`. */
const outputLayer = <D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  [from, to]: readonly [number, number],
): Tensor<D, R> =>
  net.addLinear(x, net.get('output_weights', [to, from]), net.get('output_bias', [to]), { transposeKernel: true });

/** tanh(W · first token + b): `[batch, seq, hidden]` → `[batch, hidden]`. */
export function pooler<D extends FloatType>(net: Block<D>, x: Tensor<D, 3>, { hiddenSize }: BertConfig): Tensor<D, 2> {
  const [batch] = x.shape;
  const first = net.addSlice(x, { start: [0, 0, 0], size: [batch, 1, hiddenSize], name: 'first_token' });
  return net.addTanh(dense(net.scope('dense'), net.addSqueeze(first, { axes: [1] }), [hiddenSize, hiddenSize]));
}

/** Start and end scores of an answer: `[batch, seq, hidden]` → two times `[batch, seq]`; packed, `[total, hidden]` → `[total]`. */
export function questionAnswering<D extends FloatType, R extends 2 | 3>(
  net: Block<D>,
  x: Tensor<D, R>,
  { hiddenSize }: BertConfig,
): { readonly start_logits: Tensor<D>; readonly end_logits: Tensor<D> } {
  const logits: Tensor<D> = outputLayer(net, x, [hiddenSize, 2]);
  const [start, end] = net.addSplit(logits, { axis: -1, sizes: [1, 1] as const });
  return {
    start_logits: net.addSqueeze(start, { axes: [-1], name: 'start' }),
    end_logits: net.addSqueeze(end, { axes: [-1], name: 'end' }),
  };
}

/**
 * Scores of every word at masked positions: `[batch, seq, hidden]` → `[masked, vocabulary]`, or without positions
 * `[batch, seq, vocabulary]`. `output_weights` are the word embeddings' rows where a checkpoint has none of their own.
 * @param positions `[masked]`, each batch index · seq + position
 */
export function maskedLanguageModel<D extends FloatType>(
  net: Block<D>,
  x: Tensor<D, 3>,
  config: BertConfig,
  positions?: Tensor<IndexType, 1>,
): Tensor<D, 2> | Tensor<D, 3> {
  const { hiddenSize, vocabSize } = config;
  const table = net.get('output_weights', [vocabSize, hiddenSize]);
  const score = <R extends number>(y: Tensor<D, R>): Tensor<D, R> => {
    const transform = net.scope('transform');
    const inner = activation(transform, dense(transform.scope('dense'), y, [hiddenSize, hiddenSize]), config);
    const normal = layerNorm(transform.scope('LayerNorm'), inner, config);
    return net.addLinear(normal, table, net.get('output_bias', [vocabSize]), { transposeKernel: true });
  };
  if (!positions) return score(x);
  const flat = net.addShuffle(x, { reshape: [-1, hiddenSize] as const, name: 'tokens' });
  return score(net.addGather(flat, positions, { axis: 0, name: 'masked' }) as Tensor<D, 2>);
}

/** Scores of "the second sentence follows" and "it does not": `[batch, hidden]` → `[batch, 2]`. */
export const nextSentence = <D extends FloatType>(
  net: Block<D>,
  pooled: Tensor<D, 2>,
  config: BertConfig,
): Tensor<D, 2> => outputLayer(net, pooled, [config.hiddenSize, 2]);

/** Scores of each label, for a sequence `[batch, hidden]` or for each token `[batch, seq, hidden]`. */
export const classifier = <D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  config: BertConfig,
): Tensor<D, R> => outputLayer(net, x, [config.hiddenSize, config.labels]);
