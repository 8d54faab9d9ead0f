import { dataTypes } from './data-type.ts';
import { type Dim, dimNames, evaluateDim } from './dim.ts';
import { TrtDslError } from './errors.ts';
import type { Sizes } from './feeds.ts';
import type { Graph } from './graph.ts';
import type { Node, OpName } from './node.ts';
import { labelOf } from './print.ts';
import type { TensorType } from './tensor.ts';
import type { Weights } from './weights.ts';

/** What the layers with one label do together. */
export interface SummaryRow {
  /** `matmul`, `geluErf`, `reduce_mean`: the label of listings */
  readonly label: string;
  readonly layers: number;
  /** floating-point operations: a multiplication and an addition are two */
  readonly flops: number;
  /** bytes read and written: inputs and outputs, each once, as if nothing were fused */
  readonly bytes: number;
}

/** A graph in numbers, at given sizes. */
export interface Summary {
  readonly layers: number;
  /** elements of all weights, each counted once */
  readonly parameters: number;
  /** bytes of all weights */
  readonly weightBytes: number;
  readonly flops: number;
  /** by label, most operations first */
  readonly rows: readonly SummaryRow[];
}

type Shape = readonly number[];
type Count = (inputs: readonly Shape[], outputs: readonly Shape[], node: Node) => number;

const elements = (shape: Shape | undefined): number => (shape ?? []).reduce((a, b) => a * b, 1);
const perOutput =
  (operations: number): Count =>
  (_, [output]) =>
    operations * elements(output);
const perInput =
  (operations: number): Count =>
  ([input]) =>
    operations * elements(input);
const none: Count = () => 0;

/** Operations of each op; functions such as exp count as one. */
const counts: { readonly [Name in OpName]: Count } = {
  input: none,
  constant: none,
  shuffle: none,
  slice: none,
  concatenation: none,
  gather: none,
  expand: none,
  shape: none,
  cast: none,
  select: none,
  topK: none,
  /** counted by its decomposition */
  plugin: none,
  elementwise: perOutput(1),
  unary: perOutput(1),
  range: perOutput(1),
  cumulativeSum: perOutput(1),
  activation: perOutput(1),
  quantize: perOutput(1),
  dequantize: perOutput(1),
  reduce: perInput(1),
  /** maximum, difference, exponential, sum, quotient */
  softmax: perInput(5),
  /** mean, difference, square, sum, root and quotient, gamma, beta */
  layerNorm: perInput(8),
  matmul: ([a], [output], node) => {
    const transposed = node.op === 'matmul' && node.attributes.transposeA;
    return 2 * elements(output) * (a!.at(transposed ? -2 : -1) ?? 0);
  },
  convolution: ([, kernel], [output]) => 2 * elements(output) * elements(kernel!.slice(1)),
  pooling: (_, [output], node) => elements(output) * (node.op === 'pooling' ? elements(node.attributes.window) : 0),
  /** both products, scale, mask and softmax */
  attention: ([query, key, value]) => {
    const scores = elements(query!.slice(0, 3)) * key![2]!;
    return scores * (2 * query![3]! + 2 * value![3]! + 7);
  },
};

/**
 * Counts a graph's parameters, bytes and operations at given sizes. Plugins count as their decomposition.
 * @throws TrtDslError 'name' if a named size is missing
 */
export function summary(graph: Graph, sizes: Sizes = {}): Summary {
  const open = [...graph.inputs.values()].flatMap(({ shape }) => (shape as readonly Dim[]).flatMap(dimNames));
  const missing = [...new Set(open)].filter((name) => !Object.hasOwn(sizes, name));
  if (missing.length > 0)
    throw new TrtDslError(
      'name',
      `summary: give the sizes that are known at run time only: summary(graph, { ${missing.map((name) => `${name}: 1`).join(', ')} })`,
    );
  const rows = new Map<string, { layers: number; flops: number; bytes: number }>();
  const weights = new Set<Weights>();
  let layers = 0;
  const at = ({ shape }: TensorType): Shape => (shape as readonly Dim[]).map((size) => evaluateDim(size, sizes));
  for (const node of graph.nodes) {
    if (node.op === 'constant') weights.add(node.attributes.weights);
    if (node.op === 'constant' || node.op === 'input') continue;
    layers++;
    const row = rows.get(labelOf(node)) ?? { layers: 0, flops: 0, bytes: 0 };
    rows.set(labelOf(node), row);
    row.layers++;
    row.flops +=
      node.op === 'plugin'
        ? summary(node.attributes.body, sizes).flops
        : counts[node.op](node.inputs.map(at), node.outputs.map(at), node);
    for (const tensor of [...node.inputs, ...node.outputs])
      row.bytes += elements(at(tensor)) * dataTypes[tensor.dataType].bytes;
  }
  const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const all = [...rows].map(([label, row]): SummaryRow => ({ label, ...row }));
  return {
    layers,
    parameters: total([...weights].map(({ size }) => size)),
    weightBytes: total([...weights].map(({ byteLength }) => byteLength)),
    flops: total(all.map(({ flops }) => flops)),
    rows: all.sort((a, b) => b.flops - a.flops || b.layers - a.layers || (a.label < b.label ? -1 : 1)),
  };
}
