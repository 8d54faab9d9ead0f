import {
  bareName,
  type Dim,
  evaluateDim,
  findPoints,
  type Graph,
  type HostTensor,
  type Node,
  type RecipeName,
} from '@trt-dsl/dsl';

/** Layers whose precision is lowered together. */
export interface Unit {
  /** the pattern that chooses them, for `exclude` and `keepFloat32` */
  readonly pattern: string;
  readonly layers: readonly string[];
  /** multiply-adds and elements computed, at the sizes of the data: what they cost at run time, roughly */
  readonly work: number;
}

/** Each layer that a recipe quantizes is a unit. */
export function quantizedUnits(graph: Graph, recipe: RecipeName, feeds: SampleFeeds): readonly Unit[] {
  const sizes = sizesOf(graph, feeds);
  return findPoints(graph, { recipe }).layers.map(({ node }) => ({
    pattern: node.name,
    layers: [node.name],
    work: workOf(node, sizes),
  }));
}

const nothing: ReadonlySet<string> = new Set(['input', 'constant', 'shape', 'quantize', 'dequantize', 'plugin']);

/** The layers of a scope (not of the scopes in it) that compute in float32 are a unit. */
export function castUnits(graph: Graph, feeds: SampleFeeds): readonly Unit[] {
  const sizes = sizesOf(graph, feeds);
  const scopes = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    if (nothing.has(node.op) || node.outputs.every(({ dataType }) => dataType !== 'float32')) continue;
    const scope = node.name.includes('/') ? node.name.slice(0, node.name.lastIndexOf('/')) : node.name;
    scopes.set(scope, [...(scopes.get(scope) ?? []), node]);
  }
  return [...scopes].flatMap(([scope, nodes]) => {
    const below = graph.nodes.filter(({ name }) => name === scope || name.startsWith(`${scope}/`));
    const whole = below.every((node) => nodes.includes(node) || nothing.has(node.op));
    const unit = (pattern: string, members: readonly Node[]): Unit => ({
      pattern,
      layers: members.map(({ name }) => name),
      work: members.reduce((total, node) => total + workOf(node, sizes), 0),
    });
    return whole ? [unit(scope, nodes)] : nodes.map((node) => unit(node.name, [node]));
  });
}

/** One batch of what the graph is fed. */
export type SampleFeeds = Readonly<Record<string, HostTensor>>;
type Sizes = Readonly<Record<string, number>>;

/** The sizes of the named dims in a batch. */
function sizesOf(graph: Graph, feeds: SampleFeeds): Sizes {
  const sizes: Record<string, number> = {};
  for (const [name, { shape }] of graph.inputs)
    (shape as readonly Dim[]).forEach((size, axis) => {
      const bare = bareName(size);
      const found = feeds[name]?.shape[axis];
      if (bare !== undefined && found !== undefined) sizes[bare] = found;
    });
  return sizes;
}

function workOf(node: Node, sizes: Sizes): number {
  const elements = (shape: readonly Dim[]): number =>
    shape.reduce<number>((n, size) => n * evaluateDim(size, sizes), 1);
  const made = elements(node.outputs[0]!.shape as readonly Dim[]);
  const [first, second] = node.inputs.map(({ shape }) => shape as readonly Dim[]);
  if (node.op === 'matmul') return made * evaluateDim(first!.at(node.attributes.transposeA ? -2 : -1)!, sizes);
  if (node.op === 'attention') return 2 * elements(first!) * evaluateDim(second!.at(-2)!, sizes);
  return made;
}
