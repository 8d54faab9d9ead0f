import { type FloatType, floatTypes } from '../data-type.ts';
import { broadcastShapes, type Dim, equalDims, equalShapes } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import { formatType, type Operand, type Tensor } from '../tensor.ts';
import { requireFinite, requireRank, requireSameType, requireShape, requireType, wrongShape } from './checks.ts';

export interface AttentionAttributes {
  readonly scale: number;
}

export const attention = defineOp('attention', [3, 4], ([query, key, value, mask], { scale }: AttentionAttributes) => {
  requireType('the query', query!, floatTypes);
  for (const tensor of [query!, key!, value!]) {
    requireRank('query, key and value each', tensor, 4);
    requireSameType(query!, tensor);
  }
  requireFinite('scale', scale);
  const [batch, heads, rows, size] = query!.shape as readonly [Dim, Dim, Dim, Dim];
  const columns = key!.shape[2]!;
  requireShape('the key', key!, [batch, heads, columns, size]);
  const [valueBatch, valueHeads, valueRows, width] = value!.shape as readonly [Dim, Dim, Dim, Dim];
  if (!equalShapes([valueBatch, valueHeads], [batch, heads]) || !equalDims(valueRows, columns))
    wrongShape(`value ${formatType(value!)} does not go with key ${formatType(key!)}`);
  if (mask) {
    requireSameType(query!, mask);
    requireRank('the mask', mask, 4);
    const scores = [batch, heads, rows, columns];
    const shape = broadcastShapes(mask.shape, scores);
    if (!shape || !equalShapes(shape, scores))
      wrongShape(`mask ${formatType(mask)} does not broadcast to [${scores.join(', ')}]`);
  }
  return [{ dataType: query!.dataType, shape: [batch, heads, rows, width] }];
});

/**
 * softmax(scale · Q Kᵀ + mask) V, scaled dot-product attention (Vaswani et al. 2017), softmax in float32. One op that a
 * backend may fuse: INetworkDefinition::addAttention where TensorRT has it (10.14), else the pattern it recognises.
 * @param query `[batch, heads, rows, size]`
 * @param key `[batch, heads, columns, size]`
 * @param value `[batch, heads, columns, width]`
 * @param options mask: added to the scores, broadcasts to `[batch, heads, rows, columns]`; −30000, not −∞, in half
 * types; scale: 1 by default, as BERT's 1/√size is best folded into the query's weights
 * @returns `[batch, heads, rows, width]`
 */
export function addAttention<D extends FloatType>(
  this: Network,
  query: Tensor<D, 4>,
  key: Tensor<NoInfer<D>, 4>,
  value: Tensor<NoInfer<D>, 4>,
  options: LayerOptions & { readonly mask?: Operand<NoInfer<D>, 4>; readonly scale?: number } = {},
): Tensor<D, 4> {
  const { mask, scale = 1 } = options;
  const inputs = [query, key, value, ...(mask === undefined ? [] : [this.operand(mask, query)])];
  return this.add(attention, inputs, { scale }, options)[0] as Tensor<D, 4>;
}
