import {
  type Dim,
  formatType,
  type Graph,
  type Node,
  print,
  type Tensor,
  type TensorType,
  TrtDslError,
  toDot,
  type Weights,
} from '@trt-dsl/dsl';
import type { Report } from '../command.ts';
import { inspectEngine } from '../engines/inspect.ts';
import { size } from '../table.ts';
import type { Product } from '../tensorrt/products.ts';
import { type GraphFile, kindOf, openGraph, openModel } from './model-file.ts';

interface InspectArguments {
  readonly model: string;
  readonly dot: boolean;
  readonly svg: boolean;
  readonly summary: boolean;
  readonly product?: Product | undefined;
  readonly weights?: string | undefined;
  readonly root?: string | undefined;
  readonly plugins: readonly string[];
  readonly hostCode: boolean;
}

/** `trt-dsl inspect`: what a graph, an ONNX file or an engine is made of. */
export async function inspectModel(args: InspectArguments): Promise<Report> {
  const drawn = args.dot || args.svg;
  if (kindOf(args.model) !== 'plan') return inspectGraph(args, openGraph(args.model, args.weights));
  if (drawn) throw new TrtDslError('argument', `${args.model} is an engine; --dot and --svg draw graphs`);
  const file = openModel(args.model);
  if (file.kind !== 'engine') throw new TrtDslError('file', `${args.model} is no engine`);
  return inspectEngine(args, file);
}

async function inspectGraph({ dot, svg, summary }: InspectArguments, { kind, graph }: GraphFile): Promise<Report> {
  const json = describe(kind, graph);
  if (svg) return { json, text: (await draw(toDot(graph))).trimEnd() };
  if (dot) return { json, text: toDot(graph).trimEnd() };
  return { json, text: [head(kind, graph), ...(summary ? [] : ['', print(graph).trimEnd()])].join('\n') };
}

const draw = async (dot: string): Promise<string> => {
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  return (await Graphviz.load()).dot(dot);
};

/** Weights that constants share count once. */
function weightsOf(graph: Graph): { readonly values: number; readonly bytes: number } {
  const weights = [...new Set<Weights>(graph.weights)];
  const total = (of: (weight: Weights) => number): number => weights.reduce((sum, weight) => sum + of(weight), 0);
  return { values: total((weight) => weight.size), bytes: total((weight) => weight.byteLength) };
}

function head(kind: GraphFile['kind'], graph: Graph): string {
  const { values, bytes } = weightsOf(graph);
  const types = (tensors: ReadonlyMap<string, TensorType>): string =>
    [...tensors].map(([name, type]) => `${name} ${formatType(type)}`).join(', ');
  return [
    `${graph.name} (${kind === 'onnx' ? 'ONNX' : "the DSL's JSON"})`,
    `inputs   ${types(graph.inputs)}`,
    `outputs  ${types(graph.outputs)}`,
    `layers   ${countOps(graph)}`,
    `weights  ${values.toLocaleString('en')} values, ${size(bytes)}`,
  ].join('\n');
}

function countOps(graph: Graph): string {
  const counts = new Map<string, number>();
  const layers = graph.nodes.filter(({ op }) => op !== 'input' && op !== 'constant');
  for (const { op } of layers) counts.set(op, (counts.get(op) ?? 0) + 1);
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return `${layers.length}: ${sorted.map(([op, count]) => `${count} ${op}`).join(', ')}`;
}

/** The graph for programs: shapes are lists of numbers and names, weights are told by type, shape and bytes. */
function describe(kind: GraphFile['kind'], graph: Graph): unknown {
  const typeOf = ({ dataType, shape }: TensorType) => ({
    dataType,
    shape: shape.map((dim: Dim) => (typeof dim === 'number' ? dim : String(dim))),
  });
  const bindings = (tensors: ReadonlyMap<string, TensorType>): unknown =>
    Object.fromEntries([...tensors].map(([name, type]) => [name, typeOf(type)]));
  const named = (tensor: Tensor) => ({ name: tensor.name, ...typeOf(tensor) });
  const layer = ({ op, name, inputs, outputs }: Node): unknown => ({
    op,
    name,
    inputs: inputs.map((input) => input.name),
    outputs: outputs.map(named),
  });
  return {
    kind,
    name: graph.name,
    inputs: bindings(graph.inputs),
    outputs: bindings(graph.outputs),
    dims: graph.dimNames,
    weights: weightsOf(graph),
    layers: graph.nodes.filter(({ op }) => op !== 'constant').map(layer),
  };
}
