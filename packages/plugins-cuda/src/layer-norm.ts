import {
  type Dim,
  definePlugin,
  type FloatType,
  floatTypes,
  type Network,
  type Operand,
  type Tensor,
} from '@trt-dsl/dsl';
import { toFloat32 } from './float32.ts';
import { requireEpsilon, requireScaleAndShift, requireTypes } from './requires.ts';

export interface LayerNormFields {
  /** what is added to the variance, BERT's is 1e-12 */
  readonly epsilon: number;
  readonly [name: string]: number;
}

/**
 * (x − mean) / √(variance + epsilon) · gamma + beta over the last axis, statistics in float32, rounded once
 * (layer-norm/README.md).
 *
 * Inputs: x `[…, hidden]` float32, float16 or bfloat16; gamma, beta `[hidden]` float32 or of x's type. Output: as x.
 * @throws TrtDslError for other types and shapes, or a negative epsilon
 */
export const layerNorm = definePlugin({
  name: 'TrtDslLayerNorm',
  version: '1',
  decompose: <D extends FloatType, R extends number>(
    net: Network,
    [x, gamma, beta]: readonly [Tensor<D, R>, Operand<FloatType, 1>, Operand<FloatType, 1>],
    { epsilon }: LayerNormFields,
  ): Tensor<D, R> => {
    const hidden = (x.shape as readonly Dim[]).at(-1)!;
    requireEpsilon('layerNorm', epsilon);
    requireTypes('layerNorm', { x }, floatTypes);
    requireScaleAndShift('layerNorm', gamma, beta, { dataType: x.dataType, hidden });
    return net.addLayerNorm(x, toFloat32(net, gamma), toFloat32(net, beta), { epsilon });
  },
});
