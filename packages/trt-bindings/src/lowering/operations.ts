import type { Attributes } from '@trt-dsl/dsl';
import type { ActivationType, ElementWiseOperation, PoolingType, ReduceOperation, UnaryOperation } from '../enums.ts';

/** The DSL's words for what one layer kind can do, in nvinfer1's enumerations. */
export const elementWise: { readonly [O in Attributes['elementwise']['operation']]: ElementWiseOperation } = {
  sum: 'SUM',
  sub: 'SUB',
  prod: 'PROD',
  div: 'DIV',
  pow: 'POW',
  min: 'MIN',
  max: 'MAX',
  equal: 'EQUAL',
  less: 'LESS',
  greater: 'GREATER',
  and: 'AND',
  or: 'OR',
};

export const unary: { readonly [O in Attributes['unary']['operation']]: UnaryOperation } = {
  exp: 'EXP',
  log: 'LOG',
  sqrt: 'SQRT',
  recip: 'RECIP',
  abs: 'ABS',
  neg: 'NEG',
  erf: 'ERF',
  not: 'NOT',
};

export const activation: { readonly [T in Attributes['activation']['type']]: ActivationType } = {
  relu: 'RELU',
  sigmoid: 'SIGMOID',
  tanh: 'TANH',
  geluErf: 'GELU_ERF',
  geluTanh: 'GELU_TANH',
};

export const reduce: { readonly [O in Attributes['reduce']['operation']]: ReduceOperation } = {
  sum: 'SUM',
  mean: 'AVG',
  max: 'MAX',
  min: 'MIN',
  prod: 'PROD',
};

export const pooling: { readonly [O in Attributes['pooling']['operation']]: PoolingType } = {
  max: 'MAX',
  average: 'AVERAGE',
};
