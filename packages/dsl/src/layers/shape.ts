import type { DataType } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Tensor } from '../tensor.ts';

export const shape = defineOp('shape', 1, ([x], _attributes: Record<never, never>) => [
  { dataType: 'int64', shape: [x!.shape.length] },
]);

/** The sizes of x at run time, int64 `[rank]` (INetworkDefinition::addShape). */
export function addShape(this: Network, x: Tensor<DataType>, options?: LayerOptions): Tensor<'int64', 1> {
  return this.add(shape, [x], {}, options)[0] as Tensor<'int64', 1>;
}
