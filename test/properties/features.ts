import { type Dim, floatTypes, type Node, type OpName, SymbolicDim, type Tensor } from '@trt-dsl/dsl';
import type { GraphCase } from './generate/case.ts';

type Features = { readonly [Op in OpName]?: (node: Node<Op>) => readonly string[] };

const rankOf = (tensor: Tensor | undefined): number => tensor?.rank ?? 0;
const yes = (condition: boolean, feature: string): readonly string[] => (condition ? [feature] : []);
const kind = (tensor: Tensor): string => (floatTypes.includes(tensor.dataType) ? 'float' : tensor.dataType);
const sized = (tensor: Tensor): readonly Dim[] => tensor.shape as readonly Dim[];
const where = (axis: number, x: Tensor): string => (axis === x.rank - 1 ? 'last axis' : 'another axis');
const uneven = ([a, b]: readonly [number, number]): boolean => a !== b;

/** What of an op's attributes a node uses, in words; the op and its types are added for every op. */
const features: Features = {
  elementwise: ({ attributes, inputs: [a, b] }) => [
    `${attributes.operation} of ${['sum', 'sub', 'prod', 'div', 'min', 'max', 'equal', 'less', 'greater'].includes(attributes.operation) ? kind(a!) : 'any'}`,
    ...yes(rankOf(b) < rankOf(a), 'a second operand of lower rank'),
    ...yes(sized(a!).includes(1) && !sized(b!).includes(1) && rankOf(b) > 0, 'a first operand that stretches'),
  ],
  unary: ({ attributes }) => [attributes.operation],
  activation: ({ attributes }) => [attributes.type],
  cast: ({ attributes, inputs: [x] }) => [
    `${kind(x!)} to ${attributes.dataType}`.replace(
      /^(int32|int64|bool|float) to (float32|float16|bfloat16)$/,
      '$1 to float',
    ),
  ],
  softmax: ({ attributes, inputs: [x] }) => [where(attributes.axis, x!)],
  layerNorm: ({ attributes }) => [`epsilon ${attributes.epsilon >= 0.01 ? 'large' : 'small'}`],
  reduce: ({ attributes: { operation, axes, keepDimensions }, inputs: [x] }) => [
    `${operation} of ${kind(x!) === 'float' ? 'float' : 'integer'}`,
    `keepDimensions ${keepDimensions}`,
    `${axes.length === 1 ? 'one axis' : 'several axes'}`,
    ...yes(!axes.includes(x!.rank - 1), 'not the last axis'),
  ],
  matmul: ({ attributes: { transposeA, transposeB }, inputs: [a, b] }) => [
    `transposeA ${transposeA}`,
    `transposeB ${transposeB}`,
    ...yes(a!.rank > 2 && b!.rank > 2, 'batch of matrices'),
    ...yes(b!.rank < a!.rank, 'a second matrix of lower rank'),
  ],
  convolution: ({ attributes: { stride, padding, dilation, groups }, inputs }) => [
    inputs.length === 3 ? 'with bias' : 'without bias',
    ...yes(uneven(stride), 'stride'),
    ...yes(uneven(padding), 'padding'),
    ...yes(uneven(dilation), 'dilation'),
    ...yes(groups > 1, 'groups'),
  ],
  pooling: ({ attributes: { operation, window, stride, padding, includePadding } }) => [
    operation,
    ...yes(uneven(window), 'window'),
    ...yes(uneven(stride), 'stride'),
    ...yes(padding[0] + padding[1] > 0, 'padding'),
    ...yes(operation === 'average' && padding[0] + padding[1] > 0, `includePadding ${includePadding}`),
  ],
  attention: ({ attributes: { scale }, inputs }) => [
    inputs.length === 4 ? 'with mask' : 'without mask',
    `scale ${scale === 1 ? '1' : 'other'}`,
  ],
  topK: ({ attributes: { axis, largest, k }, inputs: [x] }) => [
    where(axis, x!),
    largest ? 'largest' : 'smallest',
    k > 1 ? 'k > 1' : 'k = 1',
    kind(x!) === 'float' ? 'of float' : 'of integer',
  ],
  gather: ({ attributes: { axis }, inputs: [x, i] }) => [
    axis === 0 ? 'axis 0' : 'another axis',
    `by ${i!.dataType}`,
    ...yes(rankOf(i) === 0, 'by a scalar'),
    ...yes(rankOf(i) > 1, 'by a matrix'),
    ...yes(kind(x!) !== 'float', 'of integers or booleans'),
  ],
  concatenation: ({ attributes: { axis }, inputs: [x, ...more] }) => [
    where(axis, x!),
    ...yes(more.length > 1, 'three'),
  ],
  slice: ({ attributes: { start, size, stride } }) => [
    ...yes(
      start.some((at) => at !== 0),
      'start',
    ),
    ...yes(
      stride.some((step) => step > 1),
      'stride',
    ),
    ...yes(
      size.some((n) => n instanceof SymbolicDim && n.terms.length > 1),
      'size by name and number',
    ),
    ...yes(
      start.some((at) => at instanceof SymbolicDim),
      'start by name',
    ),
  ],
  shuffle: ({ attributes: { firstTranspose, reshape, secondTranspose } }) => [
    ...yes(firstTranspose !== undefined, 'firstTranspose'),
    ...yes(reshape !== undefined, 'reshape'),
    ...yes(
      reshape?.some(
        (size) => size instanceof SymbolicDim && (size.terms[0]!.coefficient > 1 || size.terms[0]!.names.length > 1),
      ) ?? false,
      'reshape to a product of names',
    ),
    ...yes(secondTranspose !== undefined, 'secondTranspose'),
    ...yes(
      (firstTranspose !== undefined || secondTranspose !== undefined) && reshape !== undefined,
      'transpose and reshape',
    ),
  ],
  cumulativeSum: ({ attributes: { axis, exclusive, reverse }, inputs: [x] }) => [
    where(axis, x!),
    `exclusive ${exclusive}`,
    `reverse ${reverse}`,
    kind(x!) === 'float' ? 'of float' : 'of integer',
  ],
  range: ({ attributes: { size, start, step }, outputs: [y] }) => [
    `of ${y!.dataType}`,
    ...yes(size instanceof SymbolicDim, 'of a named size'),
    ...yes(start !== 0, 'start'),
    ...yes(step !== 1, 'step'),
  ],
  expand: ({ attributes: { shape }, inputs: [x] }) => [
    ...yes(shape.length > x!.rank, 'new axes'),
    ...yes(
      shape.some((size) => size instanceof SymbolicDim),
      'to named sizes',
    ),
  ],
  quantize: ({ attributes: { dataType, axis } }) => [
    `to ${dataType} ${axis === undefined ? 'with one scale' : 'along an axis'}`,
  ],
  dequantize: ({ attributes: { dataType, axis }, inputs: [x] }) => [
    `from ${x!.dataType} ${axis === undefined ? 'with one scale' : 'along an axis'}`,
    `to ${dataType}`,
  ],
  select: ({ inputs: [condition, a] }) => [
    kind(a!) === 'float' ? 'of float' : 'of integer or bool',
    ...yes(rankOf(condition) < rankOf(a), 'by a condition of lower rank'),
  ],
};

/** Ops that compute in a float type: each is counted in each. */
const inEachFloat: readonly OpName[] = [
  'elementwise',
  'unary',
  'activation',
  'softmax',
  'layerNorm',
  'reduce',
  'matmul',
  'convolution',
  'pooling',
  'attention',
  'cumulativeSum',
  'topK',
  'quantize',
];

/** Everything of the DSL that a node uses: `softmax`, `softmax: last axis`, `softmax in float16`. */
export function featuresOf(node: Node): readonly string[] {
  const own = (features[node.op] as ((node: Node) => readonly string[]) | undefined)?.(node) ?? [];
  const type = node.inputs[0]?.dataType;
  return [
    node.op,
    ...own.map((feature) => `${node.op}: ${feature}`),
    ...(type && floatTypes.includes(type) && inEachFloat.includes(node.op) ? [`${node.op} in ${type}`] : []),
    ...node.outputs.map((output) => `rank ${output.rank}`),
    ...(node.outputs.some((output) => sized(output).some((size) => size instanceof SymbolicDim))
      ? ['named sizes']
      : []),
  ];
}

/** The features on a path to one of these outputs; `special values` where an input brings NaN, infinities and the like. */
export function featuresBehind({ graph, domains }: GraphCase, outputs: readonly string[]): ReadonlySet<string> {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const seen = new Set<Node>();
  const visit = (tensor: Tensor): void => {
    const node = makers.get(tensor)!;
    if (seen.has(node)) return;
    seen.add(node);
    node.inputs.forEach(visit);
  };
  for (const name of outputs) visit(graph.outputs.get(name)!);
  const special = [...seen].some(({ op, name }) => op === 'input' && domains.get(name)?.special);
  return new Set([...[...seen].flatMap(featuresOf), ...(special ? ['special values'] : [])]);
}
