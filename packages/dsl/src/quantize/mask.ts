import { bareName, type Dim } from '../dim.ts';
import { TrtDslError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import type { Spans } from './histogram.ts';

/** An input `[batch, seq]` that is 0 where the other tensors' values at that batch and position do not count. */
export interface PaddingMask {
  readonly batch: string;
  readonly seq: string;
}

/** The names of a mask's axes. @throws TrtDslError 'argument' if the graph has no such input with two named axes */
export function paddingMask(graph: Graph, name: string): PaddingMask {
  const shape = (graph.inputs.get(name)?.shape ?? []) as readonly Dim[];
  const [batch, seq] = shape.map(bareName);
  if (shape.length !== 2 || batch === undefined || seq === undefined)
    throw new TrtDslError('argument', `calibration: the mask "${name}" is no input with two named axes, [batch, seq]`);
  return { batch, seq };
}

/**
 * Where a tensor's values count: all of them, or where the tensor has the mask's batch axis first and its sequence axis
 * behind, those whose mask is not 0.
 * @param sizes of the tensor as it was computed
 */
export function spansOf(
  tensor: Tensor,
  sizes: readonly number[],
  mask: PaddingMask | undefined,
  kept: ArrayLike<number | bigint> | undefined,
): Spans {
  const size = sizes.reduce((a, b) => a * b, 1);
  const names = (tensor.shape as readonly Dim[]).map(bareName);
  const axis = mask ? names.indexOf(mask.seq) : -1;
  if (!mask || !kept || names[0] !== mask.batch || axis < 1) return [[0, size]];
  const seq = sizes[axis]!;
  const inner = sizes.slice(axis + 1).reduce((a, b) => a * b, 1);
  const perBatch = size / sizes[0]!;
  const spans: [from: number, to: number][] = [];
  for (let from = 0; from < size; from += inner) {
    const position = Math.floor(from / perBatch) * seq + (Math.floor(from / inner) % seq);
    if (Number(kept[position]) !== 0) spans.push([from, from + inner]);
  }
  return spans;
}
