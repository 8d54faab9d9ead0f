import { copyNode, type Dim, dim, dimNames, fromJson, type Graph, Network, type OpName, toJson } from '@trt-dsl/dsl';

/** Layers whose rule depends on sizes: a slice may reach beyond its tensor, a window may not fit, k may exceed an axis. */
const checked: readonly OpName[] = ['slice', 'topK', 'convolution', 'pooling'];

/**
 * A graph of nothing but those layers of `graph` that may not hold at some sizes, as JSON: so that a loaded engine can
 * check sizes as a compiled one does. Empty if there is nothing to check.
 */
export function sizeChecks(graph: Graph): string {
  const nodes = graph.nodes.filter(
    ({ op, inputs, outputs }) =>
      checked.includes(op) && [...inputs, ...outputs].some(({ shape }) => (shape as readonly Dim[]).some(isNamed)),
  );
  if (nodes.length === 0) return '';
  let prefix = '#';
  while (nodes.some(({ name }) => name.startsWith(prefix))) prefix += '#';
  const net = new Network(graph.name);
  for (const name of graph.dimNames) net.addInput(`${prefix}${name}`, 'bool', [dim(name)]);
  nodes.forEach((node, i) => {
    const inputs = node.inputs.map(({ dataType, shape }, j) =>
      net.addInput(`${prefix}${i}_${j}`, dataType, shape as readonly Dim[]),
    );
    net.markOutput(copyNode(node, inputs, net)[0]!, `${prefix}out${i}`);
  });
  return toJson(net.graph());
}

const isNamed = (size: Dim): boolean => dimNames(size).length > 0;

/** The graph that `sizeChecks` wrote. */
export const readSizeChecks = (json: string): Graph | undefined => (json === '' ? undefined : fromJson(json));
