import { type DataType, type FloatType, floatTypes, type NumericType, numericTypes } from '../data-type.ts';
import { broadcastShapes } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { UpTo } from '../ranks.ts';
import { formatType, type Operand, type Tensor } from '../tensor.ts';
import { requireOneOf, requireSameType, requireType, wrongShape } from './checks.ts';

/** nvinfer1::ElementWiseOperation, with the types each takes. */
const operations = {
  sum: numericTypes,
  sub: numericTypes,
  prod: numericTypes,
  div: numericTypes,
  pow: floatTypes,
  min: numericTypes,
  max: numericTypes,
  equal: numericTypes,
  less: numericTypes,
  greater: numericTypes,
  and: ['bool'],
  or: ['bool'],
} as const satisfies Record<string, readonly DataType[]>;

export type ElementwiseOperation = keyof typeof operations;
export const elementwiseOperations = Object.keys(operations) as readonly ElementwiseOperation[];
const comparisons: readonly ElementwiseOperation[] = ['equal', 'less', 'greater'];

export interface ElementwiseAttributes {
  readonly operation: ElementwiseOperation;
}

export const elementwise = defineOp('elementwise', 2, ([a, b], { operation }: ElementwiseAttributes) => {
  requireOneOf('operation', operation, elementwiseOperations);
  requireType('the first operand', a!, operations[operation]);
  requireSameType(a!, b!);
  const shape = b!.shape.length <= a!.shape.length ? broadcastShapes(a!.shape, b!.shape) : undefined;
  if (!shape) wrongShape(`${formatType(b!)} does not broadcast to ${formatType(a!)}`);
  return [{ dataType: comparisons.includes(operation) ? 'bool' : a!.dataType, shape }];
});

/** A layer that takes two operands: the second broadcasts to the first's rank, sizes of 1 on either side stretch. */
type Arithmetic<T extends DataType> = <D extends T, R extends number>(
  this: Network,
  a: Tensor<D, R>,
  b: Operand<NoInfer<D>, UpTo<NoInfer<R>>>,
  options?: LayerOptions,
) => Tensor<D, R>;

/** The same with a result of true or false. */
type Comparison = <D extends NumericType, R extends number>(
  this: Network,
  a: Tensor<D, R>,
  b: Operand<NoInfer<D>, UpTo<NoInfer<R>>>,
  options?: LayerOptions,
) => Tensor<'bool', R>;

const layer = (operation: ElementwiseOperation): Arithmetic<DataType> & Comparison =>
  function (this: Network, a: Tensor, b: Operand<DataType, number>, options?: LayerOptions) {
    return this.add(elementwise, [a, this.operand(b, a)], { operation }, options, operation)[0] as never;
  };

/** a + b (INetworkDefinition::addElementWise, kSUM) */
export const addAdd: Arithmetic<NumericType> = layer('sum');
/** a − b (kSUB) */
export const addSub: Arithmetic<NumericType> = layer('sub');
/** a · b (kPROD) */
export const addMul: Arithmetic<NumericType> = layer('prod');
/** a ÷ b; integers towards zero (kDIV) */
export const addDiv: Arithmetic<NumericType> = layer('div');
/** a to the power b (kPOW) */
export const addPow: Arithmetic<FloatType> = layer('pow');
/** the smaller of a and b (kMIN) */
export const addMin: Arithmetic<NumericType> = layer('min');
/** the larger of a and b (kMAX) */
export const addMax: Arithmetic<NumericType> = layer('max');
/** a = b, bool (kEQUAL) */
export const addEqual: Comparison = layer('equal');
/** a < b, bool (kLESS) */
export const addLess: Comparison = layer('less');
/** a > b, bool (kGREATER) */
export const addGreater: Comparison = layer('greater');
/** a and b, bool (kAND) */
export const addAnd: Arithmetic<'bool'> = layer('and');
/** a or b, bool (kOR) */
export const addOr: Arithmetic<'bool'> = layer('or');
