import type { Weights as DslWeights } from '@trt-dsl/dsl';
import type { ITensor } from '../types.ts';
import type { Context } from './context.ts';

/** Layers that others treat differently than the rest. */
export type Maker = 'dequantize' | 'matmul' | 'reduce';

/**
 * What stands for a tensor of the graph while it is lowered. TensorRT wants operands of equal rank, so a value can be
 * had with axes of size 1 in front: constants are added anew in that shape, other tensors reshaped.
 */
export interface Value {
  /** the weights, if it is a constant */
  readonly weights?: DslWeights;
  /** the layer that makes it, where the next has to know */
  readonly maker?: Maker;
  /** weights that were kept in int8 or float8 */
  readonly unpacked?: boolean;
  /** the same in float32, unrounded; only where a layer can do better with it than with the rounded tensor */
  readonly wide?: () => ITensor;
  readonly rank: number;
  /** the tensor with `rank` axes, those in front of size 1 */
  at(rank: number): ITensor;
}

/** The value of a layer's output. */
export function tensorValue(context: Context, tensor: ITensor, rank: number): Value {
  const lifted = new Map<number, ITensor>([[rank, tensor]]);
  return {
    rank,
    at(wanted) {
      let found = lifted.get(wanted);
      if (!found) {
        const name = `${tensor.getName()}:rank_${wanted}`;
        found = context.reshape(tensor, [...Array<number>(wanted - rank).fill(1), ...context.dimsOf(tensor)], name);
        lifted.set(wanted, found);
      }
      return found;
    },
  };
}

/** A value of which nothing is added to the network before a layer asks: for the tensor, or for it in float32. */
export function lazyValue(rank: number, own: () => Value, wide: () => ITensor): Value {
  let [known, unrounded]: [Value?, ITensor?] = [];
  return {
    rank,
    wide() {
      unrounded ??= wide();
      return unrounded;
    },
    at(wanted) {
      known ??= own();
      return known.at(wanted);
    },
  };
}

/** The value of a constant: nothing is added to the network before a layer asks. */
export function constantValue(context: Context, name: string, weights: DslWeights): Value {
  const shape = weights.shape as readonly number[];
  const added = new Map<number, ITensor>();
  return {
    weights,
    rank: shape.length,
    at(rank) {
      let found = added.get(rank);
      if (!found) {
        const suffix = added.size === 0 ? '' : `:rank_${rank}`;
        found = context.constant(`${name}${suffix}`, weights, [
          ...Array<number>(rank - shape.length).fill(1),
          ...shape,
        ]);
        added.set(rank, found);
      }
      return found;
    },
  };
}
