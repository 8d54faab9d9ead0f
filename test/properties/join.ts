import { copyNode, type Feeds, type Graph, Network, type Sizes, type Tensor } from '@trt-dsl/dsl';
import { feedsOf, type GraphCase } from './generate/case.ts';

/** Many disconnected cases in one network, to save a backend the cost of one engine each: names begin with `c12/`. */
export function join(cases: readonly GraphCase[]): Graph {
  const net = new Network('cases');
  cases.forEach(({ graph }, i) => {
    const scope = net.scope(`c${i}`);
    const known = new Map<Tensor, Tensor>();
    for (const node of graph.nodes) {
      const inputs = node.inputs.map((input) => known.get(input)!);
      for (const [at, output] of copyNode(node, inputs, scope).entries()) known.set(node.outputs[at]!, output);
    }
    for (const [name, tensor] of graph.outputs) net.markOutput(known.get(tensor)!, `c${i}/${name}`);
  });
  return net.graph();
}

/** What is fed to a joined network at these sizes. */
export const joinedFeeds = (cases: readonly GraphCase[], sizes: Sizes): Feeds =>
  Object.assign(
    {},
    ...cases.map((one, i) =>
      Object.fromEntries(Object.entries(feedsOf(one, sizes)).map(([name, feed]) => [`c${i}/${name}`, feed])),
    ),
  ) as Feeds;
