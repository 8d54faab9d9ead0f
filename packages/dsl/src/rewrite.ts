import type { Tensors } from './backend.ts';
import { TrtDslError } from './errors.ts';
import type { Graph } from './graph.ts';
import { Network } from './network.ts';
import type { Attributes, Node, OpName } from './node.ts';
import type { Op } from './op.ts';
import { ops } from './ops.ts';
import { formatType, type Tensor } from './tensor.ts';

/** What takes a node's place: the tensors that stand for its outputs. `undefined` copies the node as it is. */
export type Replace = (node: Node, inputs: readonly Tensor[], net: Network) => readonly Tensor[] | undefined;

/** Adds a node again, to `net`, on other inputs; its name is kept (below `net`'s scope). */
export const copyNode = <Name extends OpName>(
  node: Node<Name>,
  inputs: readonly Tensor[],
  net: Network,
): readonly Tensor[] => net.add(opOf(node), inputs, node.attributes as Attributes[Name], { name: node.name });

/** Adds a node once more, to `net`, on other inputs; a number stands behind its name where that is taken. */
export const repeatNode = <Name extends OpName>(
  node: Node<Name>,
  inputs: readonly Tensor[],
  net: Network,
): readonly Tensor[] => net.add(opOf(node), inputs, node.attributes as Attributes[Name], {}, node.name);

const opOf = <Name extends OpName>(node: Node<Name>): Op<Name, Attributes[Name]> =>
  ops[node.op] as unknown as Op<Name, Attributes[Name]>;

/**
 * Adds a graph's nodes to a network, its inputs replaced by `inputs` in order, of the same types: a plugin's body where
 * there is no kernel.
 * The nodes keep their names below `net`'s scope, with a number behind where the name is taken.
 * @returns the tensors that stand for the graph's outputs
 */
export function inline(graph: Graph, inputs: readonly Tensor[], net: Network, replace?: Replace): readonly Tensor[] {
  const known = new Map<Tensor, Tensor>();
  if (inputs.length !== graph.inputs.size)
    throw new TrtDslError('argument', `graph "${graph.name}" takes ${graph.inputs.size} inputs, not ${inputs.length}`);
  [...graph.inputs.values()].forEach((input, i) => {
    if (formatType(input) !== formatType(inputs[i]!))
      throw new TrtDslError('argument', `graph "${graph.name}" takes ${input} as input ${i}, not ${inputs[i]}`);
    known.set(input, inputs[i]!);
  });
  copyNodes(graph, known, net, (node, from) => repeatNode(node, from, net), replace);
  return [...graph.outputs.values()].map((output) => known.get(output)!);
}

/**
 * The graph built anew, each node replaced by what `replace` makes of it. Inputs, outputs and the nodes that stay keep
 * their names; layers that `replace` adds without a name get one that no other has.
 */
export function rewrite<I extends Tensors, O extends Tensors>(graph: Graph<I, O>, replace: Replace): Graph<I, O> {
  const net = new Network(graph.name);
  const known = new Map<Tensor, Tensor>();
  net.reserve(graph.nodes.map((node) => node.name));
  copyNodes(graph, known, net, (node, inputs) => copyNode(node, inputs, net), replace);
  for (const [name, output] of graph.outputs) net.markOutput(known.get(output)!, name);
  return net.graph() as Graph<I, O>;
}

type Copy = (node: Node, inputs: readonly Tensor[]) => readonly Tensor[];

function copyNodes(graph: Graph, known: Map<Tensor, Tensor>, net: Network, copy: Copy, replace?: Replace): void {
  for (const node of graph.nodes) {
    if (node.outputs.length > 0 && node.outputs.every((output) => known.has(output))) continue;
    const inputs = node.inputs.map((input) => known.get(input)!);
    const outputs = replace?.(node, inputs, net) ?? copy(node, inputs);
    if (outputs.length !== node.outputs.length)
      throw new TrtDslError(
        'argument',
        `layer "${node.name}" makes ${node.outputs.length} tensors, what replaces it ${outputs.length}`,
      );
    node.outputs.forEach((output, i) => {
      known.set(output, outputs[i]!);
    });
  }
}

/** The plugins of a graph, `name@version`, each once. */
export const pluginsIn = (graph: Graph): readonly string[] => [
  ...new Set(
    graph.nodes.flatMap((node) =>
      node.op === 'plugin' ? [`${node.attributes.plugin}@${node.attributes.version}`] : [],
    ),
  ),
];

/** The graph with every plugin layer replaced by its decomposition, for backends that have no plugins. */
export function withoutPlugins<I extends Tensors, O extends Tensors>(
  graph: Graph<I, O>,
  keep: (node: Node<'plugin'>) => boolean = () => false,
): Graph<I, O> {
  const goes = (node: Node): node is Node<'plugin'> => node.op === 'plugin' && !keep(node);
  const decompose: Replace = (node, inputs, net) =>
    goes(node) ? inline(node.attributes.body, inputs, net.scope(node.name), decompose) : undefined;
  return graph.nodes.some(goes) ? rewrite(graph, decompose) : graph;
}

/** The graph with some of its nodes only, names and all; every node that a kept one or an output takes has to be kept. */
export function keepNodes(graph: Graph, keep: (node: Node) => boolean): Graph {
  const net = new Network(graph.name);
  const copies = new Map<Tensor, Tensor>();
  for (const node of graph.nodes) {
    if (!keep(node)) continue;
    const inputs = node.inputs.map((input) => copies.get(input)!);
    const outputs = copyNode(node, inputs, net);
    node.outputs.forEach((output, i) => {
      copies.set(output, outputs[i]!);
    });
  }
  for (const [name, output] of graph.outputs) net.markOutput(copies.get(output)!, name);
  return net.graph();
}
