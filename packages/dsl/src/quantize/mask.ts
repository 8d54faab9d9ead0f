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
 * Where a tensor's values count: all of them, or where the tensor has the mask's two axes, in either order, those whose mask
 * is not 0; of an axis that it has twice, the first is meant.
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
  const [batch, seq] = mask ? [names.indexOf(mask.batch), names.indexOf(mask.seq)] : [-1, -1];
  if (!kept || batch < 0 || seq < 0) return [[0, size]];
  const behind = (axis: number): number => sizes.slice(axis + 1).reduce((a, b) => a * b, 1);
  const [perBatch, perToken] = [behind(batch), behind(seq)];
  const inner = Math.min(perBatch, perToken);
  const spans: [from: number, to: number][] = [];
  for (let from = 0; from < size; from += inner) {
    const row = Math.floor(from / perBatch) % sizes[batch]!;
    const token = Math.floor(from / perToken) % sizes[seq]!;
    if (Number(kept[row * sizes[seq]! + token]) !== 0) spans.push([from, from + inner]);
  }
  return spans;
}
