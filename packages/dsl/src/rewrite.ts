import { TrtDslError } from './errors.ts';
import type { Graph } from './graph.ts';
import { Network } from './network.ts';
import type { Attributes, Node, OpName } from './node.ts';
import type { Op } from './op.ts';
import { ops } from './ops.ts';
import type { Tensor } from './tensor.ts';

/** What takes a node's place: the tensors that stand for its outputs. `undefined` copies the node as it is. */
export type Replace = (node: Node, inputs: readonly Tensor[], net: Network) => readonly Tensor[] | undefined;

/** Adds a node again, to `net`, on other inputs; its name is kept (below `net`'s scope). */
export function copyNode<Name extends OpName>(
  node: Node<Name>,
  inputs: readonly Tensor[],
  net: Network,
): readonly Tensor[] {
  const op = ops[node.op] as unknown as Op<Name, Attributes[Name]>;
  return net.add(op, inputs, node.attributes as Attributes[Name], { name: node.name });
}

/**
 * Adds a graph's nodes to a network, its inputs replaced by `inputs` in order: a plugin's body where there is no kernel.
 * @returns the tensors that stand for the graph's outputs
 */
export function inline(graph: Graph, inputs: readonly Tensor[], net: Network, replace?: Replace): readonly Tensor[] {
  const known = new Map<Tensor, Tensor>();
  if (inputs.length !== graph.inputs.size)
    throw new TrtDslError('argument', `graph "${graph.name}" takes ${graph.inputs.size} inputs, not ${inputs.length}`);
  [...graph.inputs.values()].forEach((input, i) => {
    known.set(input, inputs[i]!);
  });
  copyNodes(graph, known, net, replace);
  return [...graph.outputs.values()].map((output) => known.get(output)!);
}

/** The graph built anew, each node replaced by what `replace` makes of it; inputs and outputs keep their names. */
export function rewrite(graph: Graph, replace: Replace): Graph {
  const net = new Network(graph.name);
  const known = new Map<Tensor, Tensor>();
  copyNodes(graph, known, net, replace);
  for (const [name, output] of graph.outputs) net.markOutput(known.get(output)!, name);
  return net.graph();
}

function copyNodes(graph: Graph, known: Map<Tensor, Tensor>, net: Network, replace?: Replace): void {
  for (const node of graph.nodes) {
    if (node.outputs.every((output) => known.has(output))) continue;
    const inputs = node.inputs.map((input) => known.get(input)!);
    const outputs = replace?.(node, inputs, net) ?? copyNode(node, inputs, net);
    node.outputs.forEach((output, i) => {
      known.set(output, outputs[i]!);
    });
  }
}

/** The graph with every plugin layer replaced by its decomposition, for backends that have no plugins. */
export const withoutPlugins = (graph: Graph, keep: (node: Node<'plugin'>) => boolean = () => false): Graph =>
  graph.nodes.some((node) => node.op === 'plugin' && !keep(node))
    ? rewrite(graph, (node, inputs, net) =>
        node.op === 'plugin' && !keep(node) ? inline(node.attributes.body, inputs, net.scope(node.name)) : undefined,
      )
    : graph;
