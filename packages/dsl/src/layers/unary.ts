import { type DataType, type FloatType, floatTypes, type NumericType, numericTypes } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { requireOneOf, requireType } from './checks.ts';

/** nvinfer1::UnaryOperation, with the types each takes. */
const operations = {
  exp: floatTypes,
  log: floatTypes,
  sqrt: floatTypes,
  recip: floatTypes,
  abs: numericTypes,
  neg: numericTypes,
  erf: floatTypes,
  not: ['bool'],
} as const satisfies Record<string, readonly DataType[]>;

export type UnaryOperation = keyof typeof operations;
export const unaryOperations = Object.keys(operations) as readonly UnaryOperation[];

export interface UnaryAttributes {
  readonly operation: UnaryOperation;
}

export const unary = defineOp('unary', 1, ([x], { operation }: UnaryAttributes) => {
  requireOneOf('operation', operation, unaryOperations);
  requireType('the input', x!, operations[operation]);
  return [x!];
});

type Layer<T extends DataType> = <D extends T, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  options?: LayerOptions,
) => Tensor<D, R>;

function layer<T extends DataType>(operation: UnaryOperation): Layer<T> {
  return function (this: Network, x, options) {
    return this.add(unary, [x], { operation }, options, operation)[0] as never;
  };
}

/** e to the power x (INetworkDefinition::addUnary, kEXP) */
export const addExp: Layer<FloatType> = layer('exp');
/** natural logarithm of x (kLOG) */
export const addLog: Layer<FloatType> = layer('log');
/** square root of x (kSQRT) */
export const addSqrt: Layer<FloatType> = layer('sqrt');
/** 1 ÷ x (kRECIP) */
export const addRecip: Layer<FloatType> = layer('recip');
/** |x| (kABS) */
export const addAbs: Layer<NumericType> = layer('abs');
/** −x (kNEG) */
export const addNeg: Layer<NumericType> = layer('neg');
/** the error function, 2/√π ∫₀ˣ e^(−t²) dt (kERF) */
export const addErf: Layer<FloatType> = layer('erf');
/** not x, bool (kNOT) */
export const addNot: Layer<'bool'> = layer('not');
