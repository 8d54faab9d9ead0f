import type { Tensors } from '../backend.ts';
import type { Graph } from '../graph.ts';
import { keepNodes } from '../rewrite.ts';
import type { Tensor } from '../tensor.ts';

/** The graph without constants that nothing takes, as float kernels are once they are quantized. */
export function dropUnusedConstants<I extends Tensors, O extends Tensors>(graph: Graph<I, O>): Graph<I, O> {
  const used = new Set<Tensor>([...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()]);
  return keepNodes(graph, (node) => node.op !== 'constant' || used.has(node.outputs[0]!)) as Graph<I, O>;
}
