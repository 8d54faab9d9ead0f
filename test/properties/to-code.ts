import {
  bareName,
  type Dim,
  type Feeds,
  type Graph,
  type HostArray,
  type Node,
  type OpName,
  type Tensor,
  toNumbers,
  type Weights,
  withoutPlugins,
} from '@trt-dsl/dsl';
import { feedsOf, type GraphCase } from './generate/case.ts';

const elementwise = {
  sum: 'addAdd',
  sub: 'addSub',
  prod: 'addMul',
  div: 'addDiv',
  pow: 'addPow',
  min: 'addMin',
  max: 'addMax',
  equal: 'addEqual',
  less: 'addLess',
  greater: 'addGreater',
  and: 'addAnd',
  or: 'addOr',
} as const;
const unary = {
  exp: 'addExp',
  log: 'addLog',
  sqrt: 'addSqrt',
  recip: 'addRecip',
  abs: 'addAbs',
  neg: 'addNeg',
  erf: 'addErf',
  not: 'addNot',
} as const;
const activation = {
  relu: 'addReLU',
  sigmoid: 'addSigmoid',
  tanh: 'addTanh',
  geluErf: 'addGELU',
  geluTanh: 'addGELU',
} as const;

/** How a call is written: the method, the operands in order, and what its options are besides the name. */
type Call = readonly [method: string, operands: readonly string[], options?: Readonly<Record<string, unknown>>];
type Calls = { readonly [Op in OpName]: (node: Node<Op>, inputs: readonly string[]) => Call };

const calls: Calls = {
  input: () => ['addInput', []],
  plugin: () => ['addPlugin', []],
  constant: ({ attributes }) => ['addConstant', [weightsCode(attributes.weights)]],
  elementwise: ({ attributes }, inputs) => [elementwise[attributes.operation], inputs],
  unary: ({ attributes }, inputs) => [unary[attributes.operation], inputs],
  activation: ({ attributes: { type } }, inputs) => [
    activation[type],
    inputs,
    type === 'geluTanh' ? { approximate: 'tanh' } : {},
  ],
  cast: ({ attributes }, inputs) => ['addCast', inputs, attributes],
  select: (_, inputs) => ['addSelect', inputs],
  softmax: ({ attributes }, inputs) => ['addSoftmax', inputs, attributes],
  layerNorm: ({ attributes }, inputs) => ['addLayerNorm', inputs, attributes],
  reduce: ({ attributes }, inputs) => ['addReduce', inputs, attributes],
  matmul: ({ attributes }, inputs) => ['addMatMul', inputs, attributes],
  convolution: ({ attributes }, [x, kernel, bias = 'undefined']) => ['addConv2d', [x!, kernel!, bias], attributes],
  pooling: ({ attributes }, inputs) => ['addPooling', inputs, attributes],
  attention: ({ attributes }, [query, key, value, mask]) => [
    'addAttention',
    [query!, key!, value!],
    { ...attributes, ...(mask && { mask: new Code(mask) }) },
  ],
  cumulativeSum: ({ attributes }, inputs) => ['addCumulativeSum', inputs, attributes],
  topK: ({ attributes }, inputs) => ['addTopK', inputs, attributes],
  gather: ({ attributes }, inputs) => ['addGather', inputs, attributes],
  concatenation: ({ attributes }, inputs) => ['addConcatenation', [`[${inputs.join(', ')}]`], attributes],
  slice: ({ attributes }, inputs) => ['addSlice', inputs, attributes],
  shuffle: ({ attributes }, inputs) => ['addShuffle', inputs, attributes],
  expand: ({ attributes }, inputs) => ['addExpand', inputs, attributes],
  shape: (_, inputs) => ['addShape', inputs],
  range: ({ attributes: { size, ...options } }) => ['addRange', [dimCode(size)], options],
  quantize: ({ attributes }, inputs) => ['addQuantize', inputs, attributes],
  dequantize: ({ attributes }, inputs) => ['addDequantize', inputs, attributes],
};

class Code {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const quote = (text: string): string => `'${text}'`;

function dimCode(size: Dim): string {
  if (typeof size === 'number') return String(size);
  return bareName(size) === undefined ? `parseDim(${quote(String(size))})` : `dim(${quote(String(size))})`;
}

function code(value: unknown): string {
  if (value instanceof Code) return value.text;
  if (Array.isArray(value)) return `[${value.map(code).join(', ')}]`;
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'object' && value !== null && 'terms' in value) return dimCode(value as Dim);
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, part]) => `${key}: ${code(part)}`)
      .join(', ')} }`;
  return numberCode(value as number);
}

const numberCode = (value: unknown): string => (Object.is(value, -0) ? '-0' : String(value));

const numbersCode = (dataType: Weights['dataType'], data: HostArray): string =>
  `[${Array.from(toNumbers(dataType, data), numberCode).join(', ')}]`;

const weightsCode = (weights: Weights): string =>
  `Weights.fromNumbers(${quote(weights.dataType)}, ${code([...(weights.shape as readonly number[])])}, ${numbersCode(weights.dataType, weights.array())}, ${quote(weights.name)})`;

/** The graph as the code that makes it with the DSL; plugins appear as their layers. */
export function toCode(graph: Graph): string {
  const plain = withoutPlugins(graph);
  const names = new Map<Tensor, string>();
  const lines = [`const net = new Network(${quote(plain.name)});`];
  for (const node of plain.nodes) {
    for (const output of node.outputs) names.set(output, `t${names.size}`);
    const [first, second] = node.outputs.map((output) => names.get(output)!);
    const variable = second === undefined ? first : `{ values: ${first}, indices: ${second} }`;
    const inputs = node.inputs.map((input) => names.get(input)!);
    if (node.op === 'input') {
      const { dataType, shape } = node.attributes;
      lines.push(`const ${variable} = net.addInput(${quote(node.name)}, ${quote(dataType)}, ${code([...shape])});`);
      continue;
    }
    const [method, operands, options = {}] = (calls[node.op] as (node: Node, inputs: readonly string[]) => Call)(
      node,
      inputs,
    );
    lines.push(
      `const ${variable} = net.${method}(${[...operands, code({ ...options, name: node.name })].join(', ')});`,
    );
  }
  for (const [name, tensor] of plain.outputs) lines.push(`net.markOutput(${names.get(tensor)}, ${quote(name)});`);
  return `${lines.join('\n')}\n`;
}

/** A case as code: the graph, and what is fed in its first run as far as a person would read it. */
export function caseCode(one: GraphCase): string {
  const sizes = one.runs[0]!;
  const feeds: Feeds = feedsOf(one, sizes);
  const fed = [...one.graph.inputs].map(([name, { dataType }]) => {
    const { data, shape } = feeds[name] as { data: HostArray; shape: readonly number[] };
    const numbers = data.length <= 64 ? numbersCode(dataType, data) : `${data.length} numbers`;
    return `//   ${name}: [${shape.join(', ')}] ${numbers}`;
  });
  return `${toCode(one.graph)}// seed ${one.seed}, fed:\n${fed.join('\n')}\n`;
}
