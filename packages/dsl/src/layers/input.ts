import { type DataType, dataTypeNames } from '../data-type.ts';
import type { Dim } from '../dim.ts';
import type { Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { requireDims, requireOneOf, wrongArgument } from './checks.ts';

export interface InputAttributes {
  readonly dataType: DataType;
  readonly shape: readonly Dim[];
}

export const input = defineOp('input', 0, (_, { dataType, shape }: InputAttributes) => {
  requireOneOf('data type', dataType, dataTypeNames);
  requireDims('shape', shape);
  return [{ dataType, shape }];
});

/**
 * An input of the network, fed under `name` when the engine runs (INetworkDefinition::addInput).
 * @param shape sizes, or `dim('batch')` where the size is known at run time only
 */
export function addInput<D extends DataType, const S extends readonly Dim[]>(
  this: Network,
  name: string,
  dataType: D,
  shape: S,
): Tensor<D, S['length']> {
  if (typeof name !== 'string') wrongArgument('an input needs a name');
  return this.add(input, [], { dataType, shape }, { name })[0] as Tensor<D, S['length']>;
}
