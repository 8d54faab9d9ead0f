import { type Graph, keepNodes, type Node, type Tensor } from '@trt-dsl/dsl';

/** The graph without layers that no output needs; inputs stay. */
export function prune(graph: Graph): Graph {
  const needed = new Set<Tensor>(graph.outputs.values());
  const kept = new Set<Node>();
  for (const node of [...graph.nodes].reverse()) {
    if (node.op !== 'input' && !node.outputs.some((output) => needed.has(output))) continue;
    kept.add(node);
    for (const input of node.inputs) needed.add(input);
  }
  return kept.size === graph.nodes.length ? graph : keepNodes(graph, (node) => kept.has(node));
}
