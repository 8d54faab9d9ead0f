import type { FloatType, Tensor } from '@trt-dsl/dsl';
import type { Block } from '@trt-dsl/weights';
import { type AttentionOptions, attention } from './attention.ts';
import type { BertConfig } from './config.ts';
import { activation, dense, layerNorm } from './layers.ts';

/** activation(x W + b): `[batch, seq, hidden]` → `[batch, seq, intermediate]`. */
export const intermediate = <D extends FloatType>(net: Block<D>, x: Tensor<D, 3>, config: BertConfig): Tensor<D, 3> =>
  activation(net, dense(net.scope('dense'), x, [config.hiddenSize, config.intermediateSize]), config);

/** LayerNorm(inner W + b + x): `[batch, seq, intermediate]` and `[batch, seq, hidden]` → `[batch, seq, hidden]`. */
export function output<D extends FloatType>(
  net: Block<D>,
  inner: Tensor<D, 3>,
  x: Tensor<D, 3>,
  config: BertConfig,
): Tensor<D, 3> {
  const projected = dense(net.scope('dense'), inner, [config.intermediateSize, config.hiddenSize]);
  return layerNorm(net.scope('LayerNorm'), net.addAdd(projected, x), config);
}

/** One encoder layer, attention and feed-forward: `[batch, seq, hidden]` → the same. */
export function encoderLayer<D extends FloatType>(
  net: Block<D>,
  x: Tensor<D, 3>,
  bias: Tensor<D, 4> | undefined,
  config: BertConfig,
  options: AttentionOptions = {},
): Tensor<D, 3> {
  const attended = attention(net.scope('attention'), x, bias, config, options);
  const inner = intermediate(net.scope('intermediate'), attended, config);
  return output(net.scope('output'), inner, attended, config);
}

/** All encoder layers, `layer_0` first: `[batch, seq, hidden]` → the same. */
export function encoder<D extends FloatType>(
  net: Block<D>,
  x: Tensor<D, 3>,
  bias: Tensor<D, 4> | undefined,
  config: BertConfig,
  options: AttentionOptions = {},
): Tensor<D, 3> {
  let hidden = x;
  for (let i = 0; i < config.layers; i++) hidden = encoderLayer(net.scope(`layer_${i}`), hidden, bias, config, options);
  return hidden;
}
