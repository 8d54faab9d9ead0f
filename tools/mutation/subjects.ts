import type { Node, Tensor } from '@trt-dsl/dsl';
import { extract, feedsOf, type GraphCase } from '../../test/properties/generate/case.ts';
import { labelOf } from '../../test/properties/suite.ts';
import type { PyTorch, ReferenceResult } from '../../test/support/pytorch/client.ts';
import { type Observed, observe } from './observe.ts';
import type { Target } from './targets.ts';

/** A small graph that a mistake may show in, and what it should compute. */
export interface Specimen {
  readonly case: GraphCase;
  readonly reference: ReferenceResult;
  /** see `Observed` */
  readonly shows: readonly string[];
}

/** Layers, inputs and constants of a graph that is small. */
const mostNodes = 12;

const isConstant = ({ op }: Node): boolean => op === 'constant';

/** The last `depth` layers that make a node's outputs, as a graph of their own: what comes before is fed. */
function part(whole: GraphCase, node: Node, makers: Makers, depth: number): GraphCase | undefined {
  const layers = new Set([node]);
  for (let i = 1; i < depth; i++)
    for (const layer of [...layers])
      for (const maker of layer.inputs.map((input) => makers.get(input)!)) if (maker.op !== 'input') layers.add(maker);
  const inputs = [...layers].flatMap((layer) => layer.inputs);
  const cuts = inputs.filter((input) => !layers.has(makers.get(input)!) && !isConstant(makers.get(input)!));
  const small = extract(whole, node.outputs, new Set(cuts));
  const complete = small && [...small.graph.inputs.keys()].every((name) => small.domains.has(name));
  return complete && small.graph.nodes.length <= mostNodes ? small : undefined;
}

function first<T, R>(items: readonly T[], make: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const made = make(item);
    if (made !== undefined) return made;
  }
  return undefined;
}

type Makers = ReadonlyMap<Tensor, Node>;
/** The fewest layers first; more where sizes follow from an input further up. */
const depths = [1, 2, 3, 4, 5];

/**
 * Small parts of the graphs: some for everything that a row of the table was seen to do, and some for each combination
 * of types.
 */
export function smallParts(
  cases: readonly GraphCase[],
  { shows }: Observed,
  target: Target,
  wanted: { readonly each: number; readonly types: number },
): readonly GraphCase[] {
  const shown = new Map<string, number>();
  const lacks = (what: string, most: number): boolean => (shown.get(what) ?? 0) < most;
  const parts: GraphCase[] = [];
  for (const whole of cases) {
    const makers = new Map(whole.graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
    for (const node of whole.graph.nodes) {
      const own = shows.get(node);
      if (!own || node.op === 'input') continue;
      const types = `${labelOf(node)} of ${[...node.inputs, ...node.outputs].map(({ dataType }) => dataType)}`;
      if (!lacks(types, wanted.types) && ![...own].some((one) => lacks(one, wanted.each))) continue;
      // Every third has two layers at least: what one leaves to the next shows in no graph of one.
      const tries = parts.length % 3 === 2 ? depths.slice(1) : depths;
      const found = first(tries, (depth) => part(whole, node, makers, depth));
      if (!found || !target.takes(found)) continue;
      parts.push(found);
      for (const one of [...own, types]) shown.set(one, (shown.get(one) ?? 0) + 1);
    }
  }
  return parts;
}

/** Those graphs whose outputs tell right from wrong, with what they should be. */
export async function specimens(
  torch: PyTorch,
  cases: readonly GraphCase[],
  { lowering, subject: { slack, own = {} } }: Target,
): Promise<readonly Specimen[]> {
  const { shows } = observe(
    lowering,
    cases.map(({ graph }) => graph),
  );
  const found: Specimen[] = [];
  for (let at = 0; at < cases.length; at += 100) {
    const some = cases.slice(at, at + 100);
    const references = await torch.compute(
      some.map((one) => ({
        graph: one.graph,
        slack,
        own,
        runs: one.runs.map((sizes) => ({ sizes, feeds: feedsOf(one, sizes) })),
      })),
    );
    for (const [i, reference] of references.entries()) {
      const one = some[i]!;
      if (reference instanceof Error) continue;
      if (!reference.some((run) => Object.values(run).some(({ state }) => state === 'good'))) continue;
      found.push({ case: one, reference, shows: one.graph.nodes.flatMap((node) => [...(shows.get(node) ?? [])]) });
    }
  }
  return found;
}
