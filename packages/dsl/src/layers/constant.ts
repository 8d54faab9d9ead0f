import type { DataType } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { Weights } from '../weights.ts';
import { wrongArgument } from './checks.ts';

export interface ConstantAttributes {
  readonly weights: Weights;
}

export const constant = defineOp('constant', 0, (_, { weights }: ConstantAttributes) => {
  if (!(weights instanceof Weights)) wrongArgument('a constant needs Weights');
  return [{ dataType: weights.dataType, shape: weights.shape as readonly number[] }];
});

/** Weights as a tensor (INetworkDefinition::addConstant). Layers take weights directly; this is for a first operand. */
export function addConstant<D extends DataType, R extends number>(
  this: Network,
  weights: Weights<D, R>,
  options?: LayerOptions,
): Tensor<D, R> {
  if (options?.name === undefined && weights instanceof Weights) return this.operand(weights, weights);
  return this.add(constant, [], { weights }, options)[0] as Tensor<D, R>;
}
