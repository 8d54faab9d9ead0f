import type { Dim, FloatType, IndexType, Tensor } from '@trt-dsl/dsl';
import type { Block } from '@trt-dsl/weights';
import type { BertConfig } from './config.ts';
import type { ModuleOptions } from './kernels.ts';
import { layerNorm } from './layers.ts';

/** Ids `[batch, seq]` that the embeddings take. */
export interface BertIds {
  readonly inputIds: Tensor<IndexType, 2>;
  readonly tokenTypeIds: Tensor<IndexType, 2>;
  /** 0, 1, 2, … by default */
  readonly positionIds?: Tensor<IndexType, 2>;
}

/** Word + token type + position embedding, normalised: ids `[batch, seq]` → `[batch, seq, hidden]`. */
export function embeddings<D extends FloatType>(
  net: Block<D>,
  ids: BertIds,
  config: BertConfig,
  { kernels = {} }: ModuleOptions = {},
): Tensor<D, 3> {
  if (kernels.embLayerNorm) {
    const positions = ids.positionIds ? 'position_ids' : 'column';
    const inputs = [ids.inputIds, ids.tokenTypeIds, ...embeddingWeights(net, config)] as const;
    const fields = { epsilon: config.layerNormEpsilon, positions } as const;
    const all = ids.positionIds ? ([...inputs, ids.positionIds] as const) : inputs;
    return kernels.embLayerNorm(net.scope('LayerNorm'), all, fields, { name: 'layerNorm' });
  }
  const { vocabSize, typeVocabSize, hiddenSize } = config;
  const words = net.addEmbedding(ids.inputIds, net.get('word_embeddings', [vocabSize, hiddenSize]), { name: 'words' });
  const types = net.addEmbedding(ids.tokenTypeIds, net.get('token_type_embeddings', [typeVocabSize, hiddenSize]), {
    name: 'token_types',
  });
  const both = net.addAdd(words, types);
  return layerNorm(net.scope('LayerNorm'), addPositions(net, both, ids.positionIds, config), config);
}

/** The three tables `[words, positions, types]`, gamma and beta, as a kernel takes them. */
export function embeddingWeights<D extends FloatType>(net: Block<D>, config: BertConfig) {
  const { vocabSize, maxPositions, typeVocabSize, hiddenSize } = config;
  const table = (name: string, rows: number): Tensor<D, 2> => net.addConstant(net.get(name, [rows, hiddenSize]));
  const norm = net.scope('LayerNorm');
  return [
    table('word_embeddings', vocabSize),
    table('position_embeddings', maxPositions),
    table('token_type_embeddings', typeVocabSize),
    norm.get('gamma', [hiddenSize]),
    norm.get('beta', [hiddenSize]),
  ] as const;
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
