import type { FloatType, Tensor } from '@trt-dsl/dsl';
import type { Block } from '@trt-dsl/weights';
import type { BertConfig } from './config.ts';
import type { ModuleOptions } from './kernels.ts';

/** x · kernel + bias with the scope's `kernel` `[in, out]` and `bias` `[out]`: `[…, in] → […, out]`. */
export const dense = <D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  [from, to]: readonly [from: number, to: number],
): Tensor<D, R> => net.addLinear(x, net.get('kernel', [from, to]), net.get('bias', [to]));

/** LayerNorm over the last axis with the scope's `gamma` and `beta` `[hidden]`. */
export const layerNorm = <D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  config: BertConfig,
): Tensor<D, R> => {
  const shape = [config.hiddenSize] as const;
  return net.addLayerNorm(x, net.get('gamma', shape), net.get('beta', shape), { epsilon: config.layerNormEpsilon });
};

/** LayerNorm(x + skip), by one kernel if there is one; the scope's `LayerNorm` has gamma and beta. */
export function addAndNorm<D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  skip: Tensor<D, R>,
  config: BertConfig,
  { kernels = {} }: ModuleOptions,
): Tensor<D, R> {
  const norm = net.scope('LayerNorm');
  if (!kernels.skipLayerNorm) return layerNorm(norm, net.addAdd(x, skip as Tensor<D>) as Tensor<D, R>, config);
  const shape = [config.hiddenSize] as const;
  const inputs = [x, skip, norm.get('gamma', shape), norm.get('beta', shape)] as const;
  return kernels.skipLayerNorm(norm, inputs, { epsilon: config.layerNormEpsilon }, { name: 'layerNorm' });
}

/** The configured activation function, elementwise. */
export function activation<D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  config: BertConfig,
): Tensor<D, R> {
  if (config.activation === 'relu') return net.addReLU(x);
  return net.addGELU(x, { approximate: config.activation === 'gelu_tanh' ? 'tanh' : 'none' });
}
