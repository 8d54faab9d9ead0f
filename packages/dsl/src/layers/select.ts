import type { DataType } from '../data-type.ts';
import { broadcastShapes, type Dim } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { UpTo } from '../ranks.ts';
import { formatType, type Operand, type Tensor } from '../tensor.ts';
import { requireSameType, requireType, wrongShape } from './checks.ts';

export const select = defineOp('select', 3, ([condition, a, b], _attributes: Record<never, never>) => {
  requireType('the condition', condition!, ['bool']);
  requireSameType(a!, b!);
  const rank = Math.max(condition!.shape.length, b!.shape.length);
  const values = rank <= a!.shape.length ? broadcastShapes(a!.shape, b!.shape) : undefined;
  const shape: readonly Dim[] | undefined = values && broadcastShapes(condition!.shape, values);
  if (!shape) wrongShape(`${formatType(condition!)} and ${formatType(b!)} do not broadcast to ${formatType(a!)}`);
  return [{ dataType: a!.dataType, shape }];
});

/**
 * Where the condition holds a, elsewhere b (INetworkDefinition::addSelect). Condition and b broadcast to a's rank, sizes
 * of 1 on any side stretch.
 */
export function addSelect<D extends DataType, R extends number>(
  this: Network,
  condition: Tensor<'bool', UpTo<NoInfer<R>>>,
  a: Tensor<D, R>,
  b: Operand<NoInfer<D>, UpTo<NoInfer<R>>>,
  options?: LayerOptions,
): Tensor<D, R> {
  return this.add(select, [condition, a, this.operand(b, a)], {}, options)[0] as Tensor<D, R>;
}
