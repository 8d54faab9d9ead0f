import { type DataType, dataTypeNames } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { requireOneOf } from './checks.ts';

export interface CastAttributes {
  readonly dataType: DataType;
}

export const cast = defineOp('cast', 1, ([x], { dataType }: CastAttributes) => {
  requireOneOf('data type', dataType, dataTypeNames);
  return [{ dataType, shape: x!.shape }];
});

/**
 * x in another data type (INetworkDefinition::addCast): to a narrower float nearest even, float to integer towards
 * zero, anything to bool whether it is not 0, bool to a number 0 or 1.
 */
export function addCast<D extends DataType, R extends number>(
  this: Network,
  x: Tensor<DataType, R>,
  options: LayerOptions & { readonly dataType: D },
): Tensor<D, R> {
  if ((x.dataType as DataType) === options.dataType) return x as unknown as Tensor<D, R>;
  return this.add(cast, [x], { dataType: options.dataType }, options)[0] as Tensor<D, R>;
}
