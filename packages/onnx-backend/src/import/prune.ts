import { type Graph, Network, type Node, ops, type Tensor } from '@trt-dsl/dsl';

/** The graph without layers that no output needs; inputs stay. */
export function prune(graph: Graph): Graph {
  const needed = new Set<Tensor>(graph.outputs.values());
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (node.op !== 'input' && !node.outputs.some((output) => needed.has(output))) continue;
    kept.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  if (kept.length === graph.nodes.length) return graph;
  const net = new Network(graph.name);
  const copies = new Map<Tensor, Tensor>();
  for (const node of kept.reverse()) {
    const inputs = node.inputs.map((input) => copies.get(input)!);
    const outputs = net.add(ops[node.op] as never, inputs, node.attributes as never, { name: node.name });
    node.outputs.forEach((output, i) => {
      copies.set(output, outputs[i]!);
    });
  }
  for (const [name, output] of graph.outputs) net.markOutput(copies.get(output)!, name);
  return net.graph();
}
