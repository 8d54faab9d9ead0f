import { type Tensor, withoutPlugins } from '@trt-dsl/dsl';
import { extract, type GraphCase } from './generate/case.ts';

/**
 * Smaller cases, the most promising first: one output of several, a tensor further up in place of the output, a tensor
 * in between fed instead of computed, one run, plugins replaced by their layers.
 */
export function* smaller(whole: GraphCase): Generator<GraphCase> {
  const outputs = [...new Set(whole.graph.outputs.values())];
  if (outputs.length > 1) {
    for (const half of [outputs.slice(0, outputs.length / 2), outputs.slice(outputs.length / 2)])
      if (half.length < outputs.length) yield* kept(extract(whole, half), whole);
    if (outputs.length <= 4) for (const one of outputs) yield* kept(extract(whole, [one]), whole);
    return;
  }
  const computed = whole.graph.nodes.filter(({ op }) => op !== 'input' && op !== 'constant');
  for (const node of computed) for (const output of node.outputs) yield* kept(extract(whole, [output]), whole);
  for (const node of [...computed].reverse())
    for (const output of node.outputs)
      if (!outputs.includes(output)) yield* kept(extract(whole, outputs, new Set<Tensor>([output])), whole);
  for (const run of whole.runs) if (whole.runs.length > 1) yield { ...whole, runs: [run] };
  const plain = withoutPlugins(whole.graph);
  if (plain !== whole.graph) yield { ...whole, graph: plain };
}

/** Nothing, or the case if it is in truth smaller: fewer layers, inputs not counted. */
function* kept(candidate: GraphCase | undefined, than: GraphCase): Generator<GraphCase> {
  if (candidate && weight(candidate) < weight(than)) yield candidate;
}

const weight = ({ graph, runs }: GraphCase): number =>
  1000 * graph.nodes.filter(({ op }) => op !== 'input').length +
  10 * graph.outputs.size +
  graph.inputs.size +
  runs.length / 10;

/** The smallest case reached by taking the first smaller one that fails, again and again, within `tries` attempts. */
export async function minimize(
  whole: GraphCase,
  fails: (candidate: GraphCase) => Promise<boolean>,
  tries = 300,
): Promise<GraphCase> {
  let smallest = whole;
  let left = tries;
  search: while (left > 0) {
    for (const candidate of smaller(smallest)) {
      if (left-- <= 0) break;
      if (await fails(candidate)) {
        smallest = candidate;
        continue search;
      }
    }
    break;
  }
  return smallest;
}
