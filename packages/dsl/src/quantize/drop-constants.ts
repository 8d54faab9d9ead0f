import type { Graph } from '../graph.ts';
import { Network } from '../network.ts';
import { copyNode } from '../rewrite.ts';
import type { Tensor } from '../tensor.ts';

/** The graph without constants that nothing takes, as float kernels are once they are quantized. */
export function dropUnusedConstants(graph: Graph): Graph {
  const used = new Set<Tensor>([...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()]);
  const net = new Network(graph.name);
  const copies = new Map<Tensor, Tensor>();
  for (const node of graph.nodes) {
    if (node.op === 'constant' && !used.has(node.outputs[0]!)) continue;
    const inputs = node.inputs.map((input) => copies.get(input)!);
    const outputs = copyNode(node, inputs, net);
    node.outputs.forEach((output, i) => {
      copies.set(output, outputs[i]!);
    });
  }
  for (const [name, output] of graph.outputs) net.markOutput(copies.get(output)!, name);
  return net.graph();
}
