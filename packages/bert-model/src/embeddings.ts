import type { Dim, FloatType, IndexType, Tensor } from '@trt-dsl/dsl';
import type { Block } from '@trt-dsl/weights';
import type { BertConfig } from './config.ts';
import { layerNorm } from './layers.ts';

/** Ids `[batch, seq]` that the embeddings take. */
export interface BertIds {
  readonly inputIds: Tensor<IndexType, 2>;
  readonly tokenTypeIds: Tensor<IndexType, 2>;
  /** 0, 1, 2, … by default */
  readonly positionIds?: Tensor<IndexType, 2>;
}

/** Word + token type + position embedding, normalised: ids `[batch, seq]` → `[batch, seq, hidden]`. */
export function embeddings<D extends FloatType>(net: Block<D>, ids: BertIds, config: BertConfig): Tensor<D, 3> {
  const { vocabSize, typeVocabSize, hiddenSize } = config;
  const words = net.addEmbedding(ids.inputIds, net.get('word_embeddings', [vocabSize, hiddenSize]), { name: 'words' });
  const types = net.addEmbedding(ids.tokenTypeIds, net.get('token_type_embeddings', [typeVocabSize, hiddenSize]), {
    name: 'token_types',
  });
  const both = net.addAdd(words, types);
  return layerNorm(net.scope('LayerNorm'), addPositions(net, both, ids.positionIds, config), config);
}

/** x + the position table's rows: those named by `positionIds`, or the first `seq`. */
function addPositions<D extends FloatType>(
  net: Block<D>,
  x: Tensor<D, 3>,
  positionIds: Tensor<IndexType, 2> | undefined,
  { maxPositions, hiddenSize }: BertConfig,
): Tensor<D, 3> {
  const table = net.get('position_embeddings', [maxPositions, hiddenSize]);
  if (positionIds) return net.addAdd(x, net.addEmbedding(positionIds, table, { name: 'positions' }));
  const seq: Dim = x.shape[1];
  const first = net.addSlice(net.addConstant(table), { start: [0, 0], size: [seq, hiddenSize], name: 'positions' });
  return net.addAdd(x, first);
}
