import {
  type Dim,
  definePlugin,
  type FloatType,
  floatTypes,
  type IndexType,
  type Network,
  type Operand,
  type Tensor,
  TrtDslError,
} from '@trt-dsl/dsl';
import { toFloat32 } from './float32.ts';
import { locateTokens } from './packed.ts';
import { requireEpsilon, requireScaleAndShift, requireShape, requireTypes, requireWord } from './requires.ts';

const positionSources = ['column', 'cu_seqlens', 'position_ids'] as const;
/** Where positions come from: a token's column, its place in a packed sequence, or an input of their own. */
export type Positions = (typeof positionSources)[number];

export interface EmbLayerNormFields {
  readonly epsilon: number;
  readonly positions?: Positions;
  readonly [name: string]: number | string;
}

type Inputs<I extends IndexType, D extends FloatType, R extends 1 | 2> = readonly [
  ids: Tensor<I, R>,
  tokenTypes: Tensor<NoInfer<I>, NoInfer<R>>,
  wordTable: Tensor<D, 2>,
  positionTable: Tensor<NoInfer<D>, 2>,
  tokenTypeTable: Tensor<NoInfer<D>, 2>,
  gamma: Operand<FloatType, 1>,
  beta: Operand<FloatType, 1>,
  positions?: Tensor<IndexType>,
];

/**
 * word[id] + position[p] + tokenType[t], then LayerNorm, in float32 between (emb-layer-norm/README.md).
 *
 * Inputs: ids and token types `[batch, seq]`, int32 or int64; tables `[words | positions | types, hidden]`; gamma, beta
 * `[hidden]` float32 or of the tables' type. `positions: 'position_ids'`: position ids like ids besides. `'cu_seqlens'`:
 * ids and token types are `[total]`, and cuSeqlens int32 `[batch + 1]` comes last. Output: ids' shape and hidden.
 *
 * The kernel makes the rows of ids outside a table NaN; the decomposition does there what the backend's gather does.
 * @throws TrtDslError when the inputs are not those that `positions` asks for, for other types and shapes, or a negative
 * epsilon
 */
export const embLayerNorm = definePlugin({
  name: 'TrtDslEmbLayerNorm',
  version: '1',
  decompose: <I extends IndexType, D extends FloatType, R extends 1 | 2>(
    net: Network,
    [ids, tokenTypes, wordTable, positionTable, tokenTypeTable, gamma, beta, where]: Inputs<I, D, R>,
    { epsilon, positions = 'column' }: EmbLayerNormFields,
  ): Tensor<D, R extends 1 ? 2 : 3> => {
    requireWord('embLayerNorm', 'positions', positions, positionSources);
    const packed = positions === 'cu_seqlens';
    if ((positions === 'column') !== (where === undefined) || ids.shape.length !== (packed ? 1 : 2))
      throw new TrtDslError(
        'argument',
        `embLayerNorm: positions '${positions}' wants ids [${packed ? 'total' : 'batch, seq'}] and ${positions === 'column' ? 'no eighth input' : `${positions} as eighth input`}`,
      );
    const [size, hidden] = [ids.shape.at(-1) as Dim, wordTable.shape[1] as Dim];
    const { dataType } = wordTable;
    requireEpsilon('embLayerNorm', epsilon);
    requireTypes('embLayerNorm', { ids }, ['int32', 'int64']);
    requireTypes('embLayerNorm', { 'token types': tokenTypes }, [ids.dataType]);
    requireTypes('embLayerNorm', { [positions]: where }, [packed ? 'int32' : ids.dataType]);
    requireShape('embLayerNorm', { 'token types': tokenTypes, ...(!packed && { [positions]: where }) }, ids.shape);
    const others = { 'the position table': positionTable, 'the token type table': tokenTypeTable };
    requireTypes('embLayerNorm', { 'the word table': wordTable }, floatTypes);
    requireTypes('embLayerNorm', others, [dataType]);
    for (const [name, table] of Object.entries(others))
      requireShape('embLayerNorm', { [name]: table }, [table.shape[0] as Dim, hidden]);
    requireScaleAndShift('embLayerNorm', gamma, beta, { dataType, hidden });
    const rows = (table: Tensor<D, 2>, at: Tensor<IndexType>): Tensor<'float32'> =>
      net.addCast(net.addEmbedding(at, table) as Tensor, { dataType: 'float32' });
    const tokens = packed ? locateTokens(net, size, where as Tensor<'int32', 1>) : undefined;
    const place = (): Tensor<'float32'> => {
      if (positions === 'position_ids') return rows(positionTable, where as Tensor<IndexType>);
      if (tokens) return rows(positionTable, net.addSqueeze(tokens.position, { axes: [1] }) as Tensor<IndexType>);
      const first = net.addSlice(positionTable, { start: [0, 0], size: [size, hidden] });
      return net.addCast(first, { dataType: 'float32' }) as Tensor<'float32'>;
    };
    const words = net.addAdd(
      rows(wordTable, ids as Tensor<IndexType>),
      rows(tokenTypeTable, tokenTypes as Tensor<IndexType>),
    );
    const all = net.addAdd(words, place());
    const y = net.addCast(net.addLayerNorm(all, toFloat32(net, gamma), toFloat32(net, beta), { epsilon }), {
      dataType: wordTable.dataType as D,
    });
    return (tokens ? net.addMul(y, net.addCast(tokens.belongs, { dataType: y.dataType }) as never) : y) as never;
  },
});
