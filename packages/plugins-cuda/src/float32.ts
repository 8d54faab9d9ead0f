import { type FloatType, type Network, type Operand, Tensor } from '@trt-dsl/dsl';

/** The tensor in float32; weights and numbers take the type they meet, so they stay. */
export const toFloat32 = <R extends number>(net: Network, x: Operand<FloatType, R>): Operand<'float32', R> =>
  x instanceof Tensor ? net.addCast(x, { dataType: 'float32' }) : (x as Operand<'float32', R>);
