import {
  type Dim,
  definePlugin,
  type FloatType,
  floatTypes,
  type Network,
  type Operand,
  type Tensor,
  TrtDslError,
} from '@trt-dsl/dsl';
import { toFloat32 } from './float32.ts';
import { requireEpsilon, requireScaleAndShift, requireShape, requireTypes } from './requires.ts';

export interface SkipLayerNormFields {
  readonly epsilon: number;
  /** a fifth input, bias, is added too */
  readonly bias?: boolean;
  /** the sum is a second output */
  readonly sum?: boolean;
}

type Inputs<D extends FloatType, R extends number> = readonly [
  x: Tensor<D, R>,
  skip: Tensor<NoInfer<D>, NoInfer<R>>,
  gamma: Operand<FloatType, 1>,
  beta: Operand<FloatType, 1>,
  bias?: Operand<NoInfer<D>, 1>,
];

/**
 * s = x + skip (+ bias); LayerNorm(s) (, s rounded to x's type). s itself stays float32 until it is normalised
 * (skip-layer-norm/README.md).
 *
 * Inputs: x, skip `[…, hidden]`; gamma, beta `[hidden]` float32 or of x's type; with `bias: true`, bias `[hidden]`.
 * Outputs: as x; with `sum: true` two of them.
 * @throws TrtDslError for other types and shapes, a negative epsilon, a bias that the field does not announce, or the other
 * way round
 */
export const skipLayerNorm = definePlugin({
  name: 'TrtDslSkipLayerNorm',
  version: '1',
  decompose: <D extends FloatType, R extends number, F extends SkipLayerNormFields>(
    net: Network,
    [x, skip, gamma, beta, bias]: Inputs<D, R>,
    fields: F & Readonly<Record<string, number | boolean>>,
  ): F extends { readonly sum: true } ? readonly [Tensor<D, R>, Tensor<D, R>] : Tensor<D, R> => {
    const { epsilon, bias: wanted = false, sum = false } = fields;
    if (wanted !== (bias !== undefined))
      throw new TrtDslError(
        'argument',
        `skipLayerNorm: found ${bias === undefined ? 'no bias' : 'a bias'} among the inputs and bias: ${wanted} among the fields`,
      );
    const { dataType } = x;
    const shape = x.shape as readonly Dim[];
    const hidden = shape.at(-1)!;
    requireEpsilon('skipLayerNorm', epsilon);
    requireTypes('skipLayerNorm', { x }, floatTypes);
    requireTypes('skipLayerNorm', { skip, bias }, [dataType]);
    requireShape('skipLayerNorm', { skip }, shape);
    requireShape('skipLayerNorm', { bias }, [hidden]);
    requireScaleAndShift('skipLayerNorm', gamma, beta, { dataType, hidden });
    const both = net.addAdd(
      net.addCast(x, { dataType: 'float32' }),
      net.addCast(skip, { dataType: 'float32' }) as never,
    );
    const total = bias === undefined ? both : net.addAdd(both, toFloat32(net, bias) as never);
    const y = net.addCast(net.addLayerNorm(total, toFloat32(net, gamma), toFloat32(net, beta), { epsilon }), {
      dataType: x.dataType as D,
    });
    return (sum ? [y, net.addCast(total, { dataType: x.dataType as D })] : y) as never;
  },
});
