import { type FloatType, floatTypes } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { requireOneOf, requireType } from './checks.ts';

/** nvinfer1::ActivationType, as far as the DSL has them. */
export const activationTypes = ['relu', 'sigmoid', 'tanh', 'geluErf', 'geluTanh'] as const;
export type ActivationType = (typeof activationTypes)[number];

export interface ActivationAttributes {
  readonly type: ActivationType;
}

export const activation = defineOp('activation', 1, ([x], { type }: ActivationAttributes) => {
  requireOneOf('type', type, activationTypes);
  requireType('the input', x!, floatTypes);
  return [x!];
});

type Layer<O> = <D extends FloatType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  options?: LayerOptions & O,
) => Tensor<D, R>;

const layer = (type: ActivationType, label: string = type): Layer<unknown> =>
  function (this: Network, x, options) {
    return this.add(activation, [x], { type }, options, label)[0] as never;
  };

/** max(x, 0) (INetworkDefinition::addActivation, kRELU) */
export const addReLU: Layer<unknown> = layer('relu');
/** 1 / (1 + e^(−x)) (kSIGMOID) */
export const addSigmoid: Layer<unknown> = layer('sigmoid');
/** hyperbolic tangent of x (kTANH) */
export const addTanh: Layer<unknown> = layer('tanh');

/** Which formula of GELU: the exact one, or the approximation by tanh of Google's first BERT and of GPT-2. */
export interface GELUOptions {
  readonly approximate?: 'none' | 'tanh';
}

/**
 * x/2 · (1 + erf(x/√2)), or with `approximate: 'tanh'` x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))
 * (INetworkDefinition::addActivation, kGELU_ERF and kGELU_TANH; Hendrycks and Gimpel 2016).
 */
export const addGELU: Layer<GELUOptions> = function (this: Network, x, options = {}) {
  const { approximate = 'none' } = options;
  requireOneOf('approximate', approximate, ['none', 'tanh']);
  const type = approximate === 'tanh' ? 'geluTanh' : 'geluErf';
  return this.add(activation, [x], { type }, options, 'gelu')[0] as never;
};
