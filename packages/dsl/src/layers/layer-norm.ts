import { type FloatType, floatTypes } from '../data-type.ts';
import type { Dim } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Operand, Tensor } from '../tensor.ts';
import { requireFinite, requireRank, requireShape, requireType, wrongArgument } from './checks.ts';

export interface LayerNormAttributes {
  readonly epsilon: number;
}

export const layerNorm = defineOp('layerNorm', 3, ([x, gamma, beta], { epsilon }: LayerNormAttributes) => {
  requireType('the input', x!, floatTypes);
  requireRank('the input', x!, 1, 8);
  requireFinite('epsilon', epsilon);
  if (epsilon < 0) wrongArgument(`epsilon ${epsilon} is negative`);
  for (const [what, weight] of [
    ['gamma', gamma!],
    ['beta', beta!],
  ] as const) {
    requireType(what, weight, ['float32']);
    requireShape(what, weight, [x!.shape.at(-1) as Dim]);
  }
  return [x!];
});

/**
 * gamma · (x − mean) / √(variance + epsilon) + beta over the last axis, in float32 whatever x's type and rounded once
 * (INetworkDefinition::addNormalization between casts; Ba et al. 2016).
 * @param gamma, beta `[hidden]`, float32: weights of another float type are converted
 * @param options epsilon 1e-12 by default, BERT's
 */
export function addLayerNorm<D extends FloatType, R extends number>(
  this: Network,
  x: Tensor<D, R>,
  gamma: Operand<'float32', 1>,
  beta: Operand<'float32', 1>,
  options: LayerOptions & { readonly epsilon?: number } = {},
): Tensor<D, R> {
  const { epsilon = 1e-12 } = options;
  const [g, b] = [gamma, beta].map((weight) => this.operand(weight, { dataType: 'float32' as const }));
  return this.add(layerNorm, [x, g!, b!], { epsilon }, options)[0] as Tensor<D, R>;
}
