import type { DataType } from '../data-type.ts';
import { broadcastShapes, type Dim } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { UpTo } from '../ranks.ts';
import { formatType, type Operand, type Tensor } from '../tensor.ts';
import { requireSameType, requireType, wrongShape } from './checks.ts';

export const select = defineOp('select', ([condition, a, b], _attributes: Record<never, never>) => {
  requireType('the condition', condition!, ['bool']);
  requireSameType(a!, b!);
  const values = broadcastShapes(a!.shape, b!.shape);
  const shape: readonly Dim[] | undefined = values && broadcastShapes(condition!.shape, values);
  if (!shape) wrongShape(`${[condition!, a!, b!].map(formatType).join(', ')} do not broadcast`);
  return [{ dataType: a!.dataType, shape }];
});

/** Where the condition holds a, elsewhere b; all three broadcast to one shape (INetworkDefinition::addSelect). */
export function addSelect<D extends DataType, R extends number>(
  this: Network,
  condition: Tensor<'bool', UpTo<NoInfer<R>>>,
  a: Tensor<D, R>,
  b: Operand<NoInfer<D>, UpTo<NoInfer<R>>>,
  options?: LayerOptions,
): Tensor<D, R> {
  return this.add(select, [condition, a, this.operand(b, a)], {}, options)[0] as Tensor<D, R>;
}
