import { dataTypes, type NumericType, numericTypes } from '../data-type.ts';
import type { Dim } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { requireDims, requireFinite, requireOneOf, wrongArgument } from './checks.ts';

export interface RangeAttributes {
  /** how many elements */
  readonly size: Dim;
  readonly dataType: NumericType;
  /** the first element */
  readonly start: number;
  /** from one element to the next */
  readonly step: number;
}

export const range = defineOp('range', 0, (_, { size, dataType, start, step }: RangeAttributes) => {
  requireDims('the size', [size]);
  requireOneOf('data type', dataType, numericTypes);
  for (const [what, value] of Object.entries({ start, step }))
    if (dataTypes[dataType].kind === 'float') requireFinite(what, value);
    else if (!Number.isSafeInteger(value))
      wrongArgument(`${what} ${String(value)} is no integer, as ${dataType} wants`);
  const last = typeof size === 'number' && size > 0 ? start + (size - 1) * step : start;
  const most = dataType === 'int32' ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER;
  for (const element of [start, last])
    if (dataTypes[dataType].kind === 'integer' && Math.abs(element) > most)
      wrongArgument(`the element ${element} does not fit ${dataType}`);
  return [{ dataType, shape: [size] }];
});

/**
 * start + i · step for i from 0 to size − 1, `[size]`: positions, and by comparing two of them masks
 * (INetworkDefinition::addFill, kLINSPACE). In a half type computed in float32 and rounded once. Integers have to fit
 * their type at all sizes.
 * @param size a number or a name: `net.addRange(dim('seq'), { dataType: 'int64' })`
 * @param options start: 0 by default, step: 1 by default; whole numbers where the type is int32 or int64
 */
export function addRange<D extends NumericType>(
  this: Network,
  size: Dim,
  options: LayerOptions & { readonly dataType: D; readonly start?: number; readonly step?: number },
): Tensor<D, 1> {
  const { dataType, start = 0, step = 1 } = options;
  return this.add(range, [], { size, dataType, start, step }, options)[0] as Tensor<D, 1>;
}
