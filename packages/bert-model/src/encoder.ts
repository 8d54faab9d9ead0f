import type { FloatType, Tensor } from '@trt-dsl/dsl';
import type { Block } from '@trt-dsl/weights';
import { attention } from './attention.ts';
import type { BertConfig } from './config.ts';
import type { Mask, ModuleOptions } from './kernels.ts';
import { activation, addAndNorm, dense } from './layers.ts';

/** activation(x W + b): `[…, hidden]` → `[…, intermediate]`. */
export const intermediate = <D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  config: BertConfig,
): Tensor<D, R> => activation(net, dense(net.scope('dense'), x, [config.hiddenSize, config.intermediateSize]), config);

/** LayerNorm(inner W + b + x): `[…, intermediate]` and `[…, hidden]` → `[…, hidden]`. */
export function output<D extends FloatType, R extends number>(
  net: Block<D>,
  inner: Tensor<D, R>,
  x: Tensor<D, R>,
  config: BertConfig,
  options: ModuleOptions = {},
): Tensor<D, R> {
  const projected = dense(net.scope('dense'), inner, [config.intermediateSize, config.hiddenSize]);
  return addAndNorm(net, projected, x, config, options);
}

/**
 * One encoder layer, attention and feed-forward: `[batch, seq, hidden]` (with `sequenceFirst` `[seq, batch, hidden]`,
 * packed: `[total, hidden]`) → the same.
 */
export function encoderLayer<D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  mask: Mask<D>,
  config: BertConfig,
  options: ModuleOptions = {},
): Tensor<D, R> {
  const attended = attention(net.scope('attention'), x, mask, config, options);
  const inner = intermediate(net.scope('intermediate'), attended, config);
  return output(net.scope('output'), inner, attended, config, options);
}

/**
 * All encoder layers, `layer_0` first: `[batch, seq, hidden]` (packed: `[total, hidden]`) → the same; with `sequenceFirst`
 * in the other order between the two.
 */
export function encoder<D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  mask: Mask<D>,
  config: BertConfig,
  options: ModuleOptions = {},
): Tensor<D, R> {
  const turned = (tensor: Tensor<D, R>, name: string): Tensor<D, R> => {
    if (!options.sequenceFirst) return tensor;
    const order = { permutation: [1, 0, 2], name } as const;
    return net.addTranspose(tensor.as(net.dataType, 3), order) as unknown as Tensor<D, R>;
  };
  let hidden = turned(x, 'sequence_first');
  for (let i = 0; i < config.layers; i++) hidden = encoderLayer(net.scope(`layer_${i}`), hidden, mask, config, options);
  return turned(hidden, 'batch_first');
}
