import { type DataType, type Dim, floatTypes, type Node, product, Weights } from '@trt-dsl/dsl';
import type { ITensor } from '../types.ts';
import type { Context } from './context.ts';
import { fill } from './range.ts';
import type { Value } from './value.ts';
import { inFloat32 } from './wide.ts';

/** ICumulativeLayer where the library has it; before 10.8 the sum of what a triangle leaves of each element's own copy of the axis. */
export function lowerCumulativeSum(node: Node<'cumulativeSum'>, x: Value, context: Context): ITensor {
  const { axis, exclusive, reverse } = node.attributes;
  return inFloat32(
    node,
    () => x.at(x.rank),
    context,
    (input, name) => {
      if (!context.has('addCumulative')) return masked(node, input, context, name);
      const along = context.constant(`${name}:axis`, Weights.fromNumbers('int64', [], [axis], 'axis'), []);
      return context.named(context.network.addCumulative(input, along, 'SUM', exclusive, reverse), name);
    },
  );
}

/** `[front, n, back]` → `[front, n, n, back]`, zeros above or below the diagonal, and summed along the second n. */
function masked(node: Node<'cumulativeSum'>, x: ITensor, context: Context, name: string): ITensor {
  const { network } = context;
  const { axis, exclusive, reverse } = node.attributes;
  const [{ shape, dataType }] = node.outputs as unknown as readonly [{ shape: readonly Dim[]; dataType: DataType }];
  const size = shape[axis]!;
  const [front, back] = [product(...shape.slice(0, axis)), product(...shape.slice(axis + 1))];
  const line = (what: string, start: number, as: readonly Dim[]): ITensor =>
    context.reshape(fill(context, `${name}:${what}`, size, 'int32', start, 1), as, `${name}:${what}_placed`);
  // An element has its own place plus or minus 1 unless it is left out of its sum.
  const own = line('place', exclusive ? 0 : reverse ? -1 : 1, [1, size, 1, 1]);
  const others = line('others', 0, [1, 1, size, 1]);
  const mask = context.named(network.addElementWise(own, others, reverse ? 'LESS' : 'GREATER'), `${name}:triangle`);
  const zero = Weights.fromNumbers(floatTypes.includes(dataType) ? 'float32' : dataType, [], [0], 'zero');
  const copies = context.reshape(x, [front, 1, size, back], `${name}:copies`);
  const kept = network.addSelect(mask, copies, context.constant(`${name}:zero`, zero, [1, 1, 1, 1]));
  const sums = network.addReduce(context.named(kept, `${name}:kept`), 'SUM', 1 << 2, false);
  return context.reshape(context.named(sums, `${name}:sums`, [front, size, back]), shape, name);
}
