import type { DataType } from './data-type.ts';
import { TrtDslError } from './errors.ts';
import type { Graph } from './graph.ts';
import { legality, type Product, type Rule, type Slot, type Target, type Versions } from './legality.ts';
import type { Node, OpName } from './node.ts';
import { labelOf } from './print.ts';
import type { Tensor } from './tensor.ts';

/** What `verify` found that is legal but hardly meant. */
export interface Verification {
  /** a sentence each: layers that no output depends on, inputs that nothing uses */
  readonly warnings: readonly string[];
}

/**
 * Checks a graph against the table of what is legal on a product and version, before a backend is asked.
 * @param target `tensorrt-10.6`, `tensorrt-11.2`, `tensorrt-rtx-1.7` or `onnxruntime`
 * @throws TrtDslError 'unsupported', with every layer that is not legal, by its full path, and what to do about it;
 * 'argument' for an unknown target
 */
export function verify(graph: Graph, target: Target): Verification {
  const { product, version } = parseTarget(target);
  const uses = usesOf(graph);
  const facts: Facts = {
    uses,
    constants: new Set(graph.nodes.flatMap((node) => (node.op === 'constant' ? node.outputs : []))),
    types: new Set(graph.nodes.flatMap(({ outputs }) => outputs.map(({ dataType }) => dataType))),
  };
  const offences = legality
    .filter(({ on }) => on.some((versions) => holds(versions, product, version)))
    .flatMap((rule) =>
      graph.nodes
        .filter((node) => rule.ops.includes(node.op) && !satisfies(node, rule, facts))
        .map((node) => ({ node, advice: rule.advice })),
    )
    .sort((a, b) => a.node.id - b.node.id);
  if (offences.length > 0)
    throw new TrtDslError(
      'unsupported',
      [
        `graph "${graph.name}" is not legal on ${target}:`,
        ...offences.map(({ node, advice }) => `${callOf(node)}: ${advice}`),
      ].join('\n  '),
    );
  return { warnings: warningsOf(graph, uses) };
}

/** `encoder/topK: topK(float32[batch, 9000]) → float32[batch, 4000], int32[batch, 4000]` */
const callOf = (node: Node): string =>
  `${node.name}: ${labelOf(node)}(${node.inputs.join(', ')}) → ${node.outputs.join(', ')}`;

function parseTarget(target: Target): { readonly product: Product; readonly version: readonly [number, number] } {
  const match = /^(?:(onnxruntime)|(tensorrt|tensorrt-rtx)-(\d+)(?:\.(\d+))?(?:\.\d+)*)$/.exec(String(target));
  if (!match)
    throw new TrtDslError(
      'argument',
      `there is no target "${String(target)}"; tensorrt-10.6 or onnxruntime would be one`,
    );
  const [, runtime, tensorrt, major, minor] = match;
  return { product: (runtime ?? tensorrt) as Product, version: [Number(major ?? 0), Number(minor ?? 0)] };
}

function holds(
  { product: wanted, from, below }: Versions,
  product: Product,
  version: readonly [number, number],
): boolean {
  const before = (limit: readonly [number, number]): boolean =>
    version[0] < limit[0] || (version[0] === limit[0] && version[1] < limit[1]);
  return product === wanted && !(from && before(from)) && (!below || before(below));
}

/** Which layers use a tensor; `output` stands for an output of the graph. */
type Uses = ReadonlyMap<Tensor, ReadonlySet<OpName | 'output'>>;

function usesOf(graph: Graph): Uses {
  const uses = new Map<Tensor, Set<OpName | 'output'>>();
  const use = (tensor: Tensor, by: OpName | 'output'): unknown =>
    uses.get(tensor)?.add(by) ?? uses.set(tensor, new Set([by]));
  for (const node of graph.nodes) for (const input of node.inputs) use(input, node.op);
  for (const output of graph.outputs.values()) use(output, 'output');
  return uses;
}

/** What rules ask of the whole graph. */
interface Facts {
  readonly uses: Uses;
  readonly constants: ReadonlySet<Tensor>;
  readonly types: ReadonlySet<DataType>;
}

function satisfies(node: Node, rule: Rule, { uses, constants, types }: Facts): boolean {
  if (rule.never || rule.offends?.(node, constants)) return false;
  if (rule.most) {
    const [attribute, value] = rule.most;
    if (((node.attributes as Record<string, unknown>)[attribute] as number) > value) return false;
  }
  const tensor = rule.tensor && at(node, rule.tensor);
  if (!tensor || (rule.when && !rule.when.includes(tensor.dataType))) return true;
  if (rule.types && !rule.types.includes(tensor.dataType)) return false;
  if (rule.leastRank !== undefined && tensor.rank < rule.leastRank) return false;
  if (rule.typeOf && at(node, rule.typeOf)?.dataType !== tensor.dataType) return false;
  if (rule.constant && !constants.has(tensor)) return false;
  if (rule.nowhere && types.has(rule.nowhere)) return false;
  if (rule.isOutput && !uses.get(tensor)?.has('output')) return false;
  return !rule.usedBy || [...(uses.get(tensor) ?? [])].every((by) => rule.usedBy!.includes(by as OpName));
}

function at(node: Node, slot: Slot): Tensor | undefined {
  const [kind, place] = slot.split(' ') as ['input' | 'output', string];
  return (kind === 'input' ? node.inputs : node.outputs)[Number(place)];
}

function warningsOf(graph: Graph, uses: Uses): readonly string[] {
  const alive = new Set<Tensor>(graph.outputs.values());
  const dead: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (node.outputs.some((output) => alive.has(output))) for (const input of node.inputs) alive.add(input);
    else if (node.op !== 'input') dead.unshift(node);
  }
  const unused = [...graph.inputs].filter(([, tensor]) => !uses.has(tensor));
  return [
    ...unused.map(([name, tensor]) => `nothing uses the input "${name}" (${tensor})`),
    ...dead.map((node) => `no output depends on ${callOf(node)}`),
  ];
}
