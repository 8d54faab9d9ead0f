import type { DataType } from '../data-type.ts';
import { broadcastShapes, type Dim, equalShapes, formatShape } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Operand, Tensor } from '../tensor.ts';
import { Weights } from '../weights.ts';
import { requireDims, wrongShape } from './checks.ts';

export interface ExpandAttributes {
  readonly shape: readonly Dim[];
}

export const expand = defineOp('expand', 1, ([x], { shape }: ExpandAttributes) => {
  requireDims('shape', shape);
  const result = broadcastShapes(x!.shape, shape);
  if (!result || !equalShapes(result, shape))
    wrongShape(`${formatShape(x!.shape)} does not broadcast to ${formatShape(shape)}`);
  return [{ dataType: x!.dataType, shape }];
});

/**
 * x repeated along axes of size 1, and along new leading axes: `[1, seq]` to `[batch, seq]`
 * (INetworkDefinition::addSlice with stride 0).
 */
export function addExpand<D extends DataType, const S extends readonly Dim[]>(
  this: Network,
  x: Tensor<D> | Weights<D>,
  options: LayerOptions & { readonly shape: S },
): Tensor<D, S['length']> {
  const from = x instanceof Weights ? this.operand<D, number>(x as Operand<D, number>, x) : x;
  return this.add(expand, [from], { shape: options.shape }, options)[0] as Tensor<D, S['length']>;
}
