import type { Graph } from '../graph.ts';
import type { Node } from '../node.ts';
import { labelOf } from '../print.ts';
import type { Tensor } from '../tensor.ts';

/** Layers whose results leave the range or the precision of half types: written-out LayerNorm, softmax, norms; positions. */
const sensitive: ReadonlySet<string> = new Set([
  'reduce_sum',
  'reduce_mean',
  'reduce_prod',
  'pow',
  'exp',
  'log',
  'sqrt',
  'recip',
  'range',
  'cumulativeSum',
]);
/** What may stand between them: a square before a sum, an epsilon before a root. */
const between: ReadonlySet<string> = new Set(['sum', 'sub', 'prod', 'div', 'min', 'max', 'abs', 'neg']);

/**
 * The layers of a graph that have to compute in float32 when the rest is cast to a half type: those asked for, sensitive
 * ones, products of which only sums are taken, and elementwise layers that see nothing but results of such and constants.
 */
export function float32Layers(graph: Graph, asked: (node: Node) => boolean): ReadonlySet<Node> {
  const users = new Map<Tensor, Node[]>();
  for (const node of graph.nodes)
    for (const input of node.inputs) users.get(input)?.push(node) ?? users.set(input, [node]);
  const outputs = new Set(graph.outputs.values());
  const isFloat = (node: Node): boolean =>
    [...node.inputs, ...node.outputs].some(({ dataType }) => dataType === 'float32');
  const kept = new Set(graph.nodes.filter((node) => asked(node) || (sensitive.has(labelOf(node)) && isFloat(node))));
  for (const node of graph.nodes) {
    if (labelOf(node) !== 'prod') continue;
    const [output] = node.outputs as readonly [Tensor];
    const used = users.get(output) ?? [];
    const summed = used.every((user) => kept.has(user) && user.op === 'reduce');
    if (used.length > 0 && summed && !outputs.has(output)) kept.add(node);
  }
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  for (const node of graph.nodes) {
    if (!between.has(labelOf(node))) continue;
    const from = node.inputs.map((input) => makers.get(input)!);
    if (from.some((maker) => kept.has(maker)) && from.every((maker) => kept.has(maker) || maker.op === 'constant'))
      kept.add(node);
  }
  return new Set(graph.nodes.filter((node) => kept.has(node)));
}
