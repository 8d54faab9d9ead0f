import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { definePlugin, type Network, type Operand, type Tensor, TrtDslError } from '@trt-dsl/dsl';

/**
 * x / √(mean(x²) + epsilon) · gamma over the last axis (Zhang, Sennrich 2019), in float32 between, rounded once.
 *
 * Inputs: x `[batch, seq, hidden]`, float16 or float32; gamma `[hidden]`, float32. Output: as x.
 */
export const rmsNorm = definePlugin({
  name: 'ExampleRmsNorm',
  version: '1',
  decompose: <D extends 'float16' | 'float32'>(
    net: Network,
    [x, gamma]: readonly [x: Tensor<D, 3>, gamma: Operand<'float32', 1>],
    { epsilon }: { readonly epsilon: number },
  ): Tensor<D, 3> => {
    const wide = net.addCast(x, { dataType: 'float32' });
    const mean = net.addReduce(net.addMul(wide, wide), { operation: 'mean', axes: [2], keepDimensions: true });
    const normal = net.addDiv(wide, net.addSqrt(net.addAdd(mean, epsilon)));
    return net.addCast(net.addMul(normal, gamma), { dataType: x.dataType });
  },
});

/** The library that build.mjs makes. */
export function rmsNormLibrary(): string {
  const path = fileURLToPath(new URL('../build/librms_norm.so', import.meta.url));
  if (!existsSync(path))
    throw new TrtDslError('unsupported', `${path} does not exist: run "node examples/custom-plugin/build.mjs"`);
  return path;
}
