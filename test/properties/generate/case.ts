import {
  copyNode,
  type Dim,
  dimNames,
  evaluateDim,
  type Feeds,
  type Graph,
  Network,
  type Sizes,
  type Tensor,
} from '@trt-dsl/dsl';
import { type Domain, draw } from './domain.ts';
import { sizesOfRuns } from './draft.ts';
import { Random } from './random.ts';

/** A graph to test: what its tensors can hold, and the seed from which the feeds are drawn. */
export interface GraphCase {
  readonly seed: number;
  readonly graph: Graph;
  /** by the tensor's name; every input has one */
  readonly domains: ReadonlyMap<string, Domain>;
  /** the sizes of the named dims, run by run */
  readonly runs: readonly Sizes[];
}

/** What is fed to a case in one of its runs: the same for the same seed, input and sizes. */
export function feedsOf({ seed, graph, domains }: GraphCase, sizes: Sizes): Feeds {
  return Object.fromEntries(
    [...graph.inputs].map(([name, { dataType, shape }]) => {
      const concrete = (shape as readonly Dim[]).map((size) => evaluateDim(size, sizes));
      const count = concrete.reduce((a, b) => a * b, 1);
      const random = new Random(seed).fork(`${name} ${concrete}`);
      return [name, { shape: concrete, data: draw(random, dataType, count, domains.get(name)!) }];
    }),
  );
}

/** The runs a graph needs: one if all sizes are numbers. */
export const runsOf = (graph: Graph, all: readonly Sizes[] = sizesOfRuns): readonly Sizes[] =>
  graph.dimNames.length > 0 ? all : all.slice(0, 1);

/**
 * The part of a case that `outputs` need, built anew. Tensors in `cuts` become inputs, fed from their domains.
 * @returns undefined where a size would no longer follow from an input, or nothing says what to feed to a cut
 */
export function extract(
  whole: GraphCase,
  outputs: readonly Tensor[],
  cuts: ReadonlySet<Tensor> = new Set(),
): GraphCase | undefined {
  const needed = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (needed.has(tensor)) return;
    needed.add(tensor);
    if (!cuts.has(tensor)) for (const input of makers.get(tensor)!.inputs) visit(input);
  };
  const makers = new Map(whole.graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  outputs.forEach(visit);
  const net = new Network(whole.graph.name);
  const known = new Map<Tensor, Tensor>();
  const domains = new Map<string, Domain>();
  try {
    for (const node of whole.graph.nodes) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      if (node.outputs.every((output) => cuts.has(output) || !needed.has(output))) {
        for (const output of node.outputs)
          if (needed.has(output))
            known.set(
              output,
              net.addInput(output.name.replace(':', '.'), output.dataType, output.shape as readonly Dim[]),
            );
      } else {
        const copied = copyNode(
          node,
          node.inputs.map((input) => known.get(input)!),
          net,
        );
        for (const [i, output] of node.outputs.entries()) known.set(output, copied[i]!);
      }
      for (const output of node.outputs) {
        const values = whole.domains.get(output.name);
        if (values && known.has(output)) domains.set(known.get(output)!.name, values);
        else if (cuts.has(output)) return undefined;
      }
    }
    for (const [name, tensor] of whole.graph.outputs)
      if (outputs.includes(tensor)) net.markOutput(known.get(tensor)!, name);
    let extra = 0;
    for (const tensor of outputs)
      if (![...whole.graph.outputs.values()].includes(tensor)) net.markOutput(known.get(tensor)!, `cut${extra++}`);
    const graph = net.graph();
    const bare = new Set(graph.dimNames);
    for (const node of graph.nodes)
      for (const output of node.outputs)
        if ((output.shape as readonly Dim[]).flatMap(dimNames).some((name) => !bare.has(name))) return undefined;
    return { seed: whole.seed, graph, domains, runs: graph.dimNames.length > 0 ? whole.runs : whole.runs.slice(0, 1) };
  } catch {
    return undefined;
  }
}
