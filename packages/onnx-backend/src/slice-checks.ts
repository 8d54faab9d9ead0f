import { type Dim, dim, dimNames, fromJson, type Graph, Network, ops, toJson } from '@trt-dsl/dsl';

/**
 * A graph of nothing but those slices of `graph` that may reach beyond their tensor at some sizes, as JSON: so that a
 * loaded engine can check sizes as a compiled one does. Empty if there is nothing to check.
 */
export function sliceChecks(graph: Graph): string {
  const slices = graph.nodes.filter(
    (node) => node.op === 'slice' && dynamic(node.inputs[0]!.shape, node.outputs[0]!.shape),
  );
  if (slices.length === 0) return '';
  let prefix = '#';
  while (slices.some(({ name }) => name.startsWith(prefix))) prefix += '#';
  const net = new Network(graph.name);
  for (const name of graph.dimNames) net.addInput(`${prefix}${name}`, 'bool', [dim(name)]);
  slices.forEach((node, i) => {
    const { dataType, shape } = node.inputs[0]!;
    const x = net.addInput(`${prefix}${i}`, dataType, shape as readonly Dim[]);
    const [y] = net.add(ops.slice, [x], node.attributes as never, { name: node.name });
    net.markOutput(y!, `${prefix}out${i}`);
  });
  return toJson(net.graph());
}

const dynamic = (...shapes: readonly (readonly Dim[])[]): boolean =>
  shapes.flat().some((size) => dimNames(size).length > 0);

/** The graph that `sliceChecks` wrote. */
export const readSliceChecks = (json: string): Graph | undefined => (json === '' ? undefined : fromJson(json));
