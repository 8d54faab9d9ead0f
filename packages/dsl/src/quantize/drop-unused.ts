import type { Tensors } from '../backend.ts';
import type { Graph } from '../graph.ts';
import type { Node } from '../node.ts';
import { keepNodes } from '../rewrite.ts';
import type { Tensor } from '../tensor.ts';

/** What rewriting leaves behind where another layer has taken over: a float kernel, or a cast or transpose that stands elsewhere now. */
const leftovers: ReadonlySet<string> = new Set(['constant', 'cast', 'shuffle']);

/** The graph without constants, casts and shuffles that nothing takes. */
export function dropUnused<I extends Tensors, O extends Tensors>(graph: Graph<I, O>): Graph<I, O> {
  const used = new Set<Tensor>(graph.outputs.values());
  const kept = new Set<Node>();
  for (const node of graph.nodes.toReversed()) {
    if (leftovers.has(node.op) && !node.outputs.some((output) => used.has(output))) continue;
    kept.add(node);
    for (const input of node.inputs) used.add(input);
  }
  return keepNodes(graph, (node) => kept.has(node)) as Graph<I, O>;
}
