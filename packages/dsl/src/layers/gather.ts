import { type DataType, type IndexType, indexTypes } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Axis, Minus, Plus } from '../ranks.ts';
import type { Tensor } from '../tensor.ts';
import { Weights } from '../weights.ts';
import { fromFront, frontAxis, requireRank, requireType } from './checks.ts';

export interface GatherAttributes {
  readonly axis: number;
}

export const gather = defineOp(
  'gather',
  2,
  ([data, indices], { axis }: GatherAttributes) => {
    requireRank('the data', data!, 1, 8);
    requireType('the index', indices!, indexTypes);
    const at = frontAxis(axis, data!.shape.length);
    const shape = [...data!.shape.slice(0, at), ...indices!.shape, ...data!.shape.slice(at + 1)];
    return [{ dataType: data!.dataType, shape }];
  },
  fromFront,
);

/**
 * Slices of `data` along `axis`, chosen by `indices` (0 ≤ index < size): the axis is replaced by the indices' axes,
 * `[…, n, …]` and `[i, j]` give `[…, i, j, …]` (INetworkDefinition::addGather).
 */
export function addGather<D extends DataType, R extends number, I extends number>(
  this: Network,
  data: Tensor<D, R> | Weights<D, R>,
  indices: Tensor<IndexType, I>,
  options: LayerOptions & { readonly axis: Axis<NoInfer<R>> },
): Tensor<D, Minus<Plus<R, I>, 1>> {
  const from = data instanceof Weights ? this.operand(data, data) : data;
  return this.add(gather, [from, indices], { axis: options.axis }, options)[0] as Tensor<D, Minus<Plus<R, I>, 1>>;
}

/**
 * Rows of a table by their index: ids `[batch, seq]` and table `[vocabulary, hidden]` give `[batch, seq, hidden]`
 * (INetworkDefinition::addGather along axis 0).
 */
export function addEmbedding<D extends DataType, I extends number>(
  this: Network,
  ids: Tensor<IndexType, I>,
  table: Tensor<D, 2> | Weights<D, 2>,
  options: LayerOptions = {},
): Tensor<D, Plus<I, 1>> {
  const from = table instanceof Weights ? this.operand(table, table) : table;
  return this.add(gather, [from, ids], { axis: 0 }, options, 'embedding')[0] as Tensor<D, Plus<I, 1>>;
}
