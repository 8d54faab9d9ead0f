import { fromNumbers, toNumbers } from '../convert.ts';
import { type FloatType, floatTypes, type QuantizedType } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Axis } from '../ranks.ts';
import type { Operand, Tensor, TensorType } from '../tensor.ts';
import { fromFront, frontAxis, requireOneOf, requireShape, requireType, wrongArgument } from './checks.ts';

export interface QuantizeAttributes {
  readonly dataType: QuantizedType;
  /** the axis that has a scale of its own for each element; without it one scale serves the whole tensor */
  readonly axis?: number;
}

export interface DequantizeAttributes {
  readonly dataType: FloatType;
  readonly axis?: number;
}

const quantizedTypes = ['int8', 'float8'] as const;

export const quantize = defineOp(
  'quantize',
  2,
  ([x, scale], { dataType, axis }: QuantizeAttributes) => {
    requireType('the input', x!, floatTypes);
    requireOneOf('data type', dataType, quantizedTypes);
    requireScale(scale!, x!, axis);
    return [{ dataType, shape: x!.shape }];
  },
  fromFront,
);

export const dequantize = defineOp(
  'dequantize',
  2,
  ([x, scale], { dataType, axis }: DequantizeAttributes) => {
    requireType('the input', x!, quantizedTypes);
    requireOneOf('data type', dataType, floatTypes);
    requireScale(scale!, x!, axis);
    if (scale!.dataType !== dataType) wrongArgument(`the scale is ${scale!.dataType} where the result is ${dataType}`);
    return [{ dataType, shape: x!.shape }];
  },
  fromFront,
);

function requireScale(scale: TensorType, x: TensorType, axis: number | undefined): void {
  requireType('the scale', scale, floatTypes);
  requireShape('the scale', scale, axis === undefined ? [] : [x.shape[frontAxis(axis, x.shape.length)]!]);
}

/** @throws TrtDslError 'argument' for a number that is no positive one, or is none any more in the scale's type */
function requirePositive(scale: unknown, { dataType }: { readonly dataType: FloatType }): void {
  if (typeof scale !== 'number' || !floatTypes.includes(dataType)) return;
  const [rounded] = toNumbers(dataType, fromNumbers(dataType, [scale]));
  if (!(rounded! > 0 && rounded! < Number.POSITIVE_INFINITY))
    wrongArgument(`scale ${scale} is no positive number of ${dataType}`);
}

/**
 * round(x / scale), ties to even, saturated to int8 [−128, 127] or rounded to float8 E4M3 [−448, 448]
 * (INetworkDefinition::addQuantize). The scale is rounded to its own type first.
 * @param scale a positive number or scalar, or with `axis` one per element of the axis, in x's type
 */
export function addQuantize<Q extends QuantizedType, D extends FloatType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  scale: Operand<NoInfer<D>, 0 | 1>,
  options: LayerOptions & { readonly dataType: Q; readonly axis?: Axis<NoInfer<R>> },
): Tensor<Q, R> {
  const { dataType, axis } = options;
  const attributes = { dataType, ...(axis !== undefined && { axis }) };
  requirePositive(scale, x);
  return this.add(quantize, [x, this.operand(scale, x)], attributes, options)[0] as Tensor<Q, R>;
}

/**
 * x · scale in `dataType`, the scale's own type (INetworkDefinition::addDequantize).
 * @param scale as in addQuantize
 */
export function addDequantize<D extends FloatType, R extends number>(
  this: Network,
  x: Tensor<QuantizedType, R>,
  scale: Operand<NoInfer<D>, 0 | 1>,
  options: LayerOptions & { readonly dataType: D; readonly axis?: Axis<NoInfer<R>> },
): Tensor<D, R> {
  const { dataType, axis } = options;
  const attributes = { dataType, ...(axis !== undefined && { axis }) };
  requirePositive(scale, { dataType });
  return this.add(dequantize, [x, this.operand(scale, { dataType })], attributes, options)[0] as Tensor<D, R>;
}
