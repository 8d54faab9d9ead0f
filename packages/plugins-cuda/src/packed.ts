import { type Dim, difference, type Network, sum, type Tensor, Weights } from '@trt-dsl/dsl';

/** What the decompositions can count to: tokens in a packed batch, or in a row. */
const mostTokens = 65_536;
const counted = Weights.of(
  'int32',
  [mostTokens],
  Int32Array.from({ length: mostTokens }, (_, i) => i),
  'count',
);
/** 0, 1, …, size − 1 as int32 `[size]`; size at most 65,536. */
export const countTo = (net: Network, size: Dim): Tensor<'int32', 1> =>
  net.addSlice(net.addConstant(counted), { start: [0], size: [size] });

export interface PackedTokens {
  /** `[total, 1]`, the number of the sequence that a token belongs to; the number of sequences for those of none */
  readonly sequence: Tensor<'int32', 2>;
  /** `[total, 1]`, a token's distance from the start of its sequence */
  readonly position: Tensor<'int32', 2>;
  /** bool `[total, 1]`, whether a token belongs to a sequence */
  readonly belongs: Tensor<'bool', 2>;
}

/**
 * Where each token of a packed batch belongs, by ordinary layers: token t is in sequence b if cuSeqlens[b] ≤ t <
 * cuSeqlens[b + 1], so b is how many of cuSeqlens[1…] are at most t.
 * @param cuSeqlens int32 `[batch + 1]`, ascending from 0
 */
export function locateTokens(net: Network, total: Dim, cuSeqlens: Tensor<'int32', 1>): PackedTokens {
  const boundaries = cuSeqlens.shape[0];
  const token = net.addUnsqueeze(countTo(net, total), { axes: [1] });
  const begun = (starts: Tensor<'int32', 1>): Tensor<'int32', 2> => {
    const later = net.addGreater(net.addUnsqueeze(starts, { axes: [0] }), token);
    return net.addCast(net.addNot(later), { dataType: 'int32' });
  };
  const ends = net.addSlice(cuSeqlens, { start: [1], size: [difference(boundaries, 1)] });
  const sequence = net.addReduce(begun(ends), { operation: 'sum', axes: [1], keepDimensions: true });
  const starts = net.addMul(begun(cuSeqlens), net.addUnsqueeze(cuSeqlens, { axes: [0] }));
  const start = net.addReduce(starts, { operation: 'max', axes: [1], keepDimensions: true });
  const last = net.addSlice(cuSeqlens, { start: [sum(boundaries, -1)], size: [1] });
  return {
    sequence,
    position: net.addSub(token, start),
    belongs: net.addLess(token, net.addUnsqueeze(last, { axes: [0] })),
  };
}
