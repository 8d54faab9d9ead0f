import { type DataType, dataTypeNames, type Network, type Tensor, TrtDslError, Weights } from '@trt-dsl/dsl';

/** A small network around one op, in one type; in a scope of its own it may share a network with others. */
export interface LegalityCase {
  readonly name: string;
  readonly build: (net: Network) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: one builder for all types; what the DSL refuses is left out
type Add = (net: any, type: DataType) => Tensor | readonly Tensor[];

const elementwise = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max', 'Equal', 'Less', 'Greater', 'And', 'Or'];
const unary = ['Exp', 'Log', 'Sqrt', 'Recip', 'Abs', 'Neg', 'Erf', 'Not', 'ReLU', 'Sigmoid', 'Tanh', 'GELU'];

const ops: Readonly<Record<string, Add>> = {
  ...Object.fromEntries(
    elementwise.map((name): [string, Add] => [
      name,
      (net, type) => net[`add${name}`](net.addInput('a', type, [2, 3]), net.addInput('b', type, [3])),
    ]),
  ),
  ...Object.fromEntries(
    unary.map((name): [string, Add] => [name, (net, type) => net[`add${name}`](net.addInput('x', type, [2, 3]))]),
  ),
  ...Object.fromEntries(
    ['sum', 'mean', 'max', 'min', 'prod'].map((operation): [string, Add] => [
      `reduce ${operation}`,
      (net, type) => net.addReduce(net.addInput('x', type, [2, 3]), { operation, axes: [1] }),
    ]),
  ),
  ...Object.fromEntries(
    dataTypeNames.map((to): [string, Add] => [
      `cast to ${to}`,
      (net, type) => net.addCast(net.addInput('x', type, [2, 3]), { dataType: to }),
    ]),
  ),
  'gelu by tanh': (net, type) => net.addGELU(net.addInput('x', type, [2, 3]), { approximate: 'tanh' }),
  softmax: (net, type) => net.addSoftmax(net.addInput('x', type, [2, 3]), { axis: 1 }),
  'softmax of one axis': (net, type) => net.addSoftmax(net.addInput('x', type, [3]), { axis: 0 }),
  layerNorm: (net, type) => {
    const weight = Weights.fromNumbers('float32', [4], [1, 2, 3, 4]);
    return net.addLayerNorm(net.addInput('x', type, [2, 4]), weight, weight);
  },
  matmul: (net, type) => net.addMatMul(net.addInput('a', type, [2, 2, 3]), net.addInput('b', type, [3, 4])),
  attention: (net, type) => {
    const [q, k, v] = ['q', 'k', 'v'].map((name) => net.addInput(name, type, [1, 2, 8, 16]));
    return net.addAttention(q, k, v, { mask: net.addInput('mask', type, [1, 1, 1, 8]), scale: 0.25 });
  },
  'attention with wider values': (net, type) =>
    net.addAttention(
      net.addInput('q', type, [1, 2, 8, 16]),
      net.addInput('k', type, [1, 2, 5, 16]),
      net.addInput('v', type, [1, 2, 5, 32]),
    ),
  convolution: (net, type) =>
    net.addConv2d(
      net.addInput('x', type, [1, 4, 8, 8]),
      Weights.fromNumbers('float32', [4, 4, 3, 3], new Array(144).fill(1)),
    ),
  'max pooling': (net, type) =>
    net.addPooling(net.addInput('x', type, [1, 4, 8, 8]), { operation: 'max', window: [2, 2] }),
  'average pooling': (net, type) =>
    net.addPooling(net.addInput('x', type, [1, 4, 8, 8]), { operation: 'average', window: [2, 2] }),
  'cumulative sum': (net, type) =>
    net.addCumulativeSum(net.addInput('x', type, [2, 5]), { axis: 1, exclusive: true, reverse: true }),
  'cumulative sum of one axis': (net, type) => net.addCumulativeSum(net.addInput('x', type, [5]), { axis: 0 }),
  topK: (net, type) => Object.values(net.addTopK(net.addInput('x', type, [2, 5]), { k: 2, axis: 1 })),
  'topK of one axis': (net, type) => Object.values(net.addTopK(net.addInput('x', type, [5]), { k: 2, axis: 0 })),
  'topK of many': (net, type) => Object.values(net.addTopK(net.addInput('x', type, [1, 4000]), { k: 3841, axis: 1 })),
  gather: (net, type) => net.addGather(net.addInput('x', type, [4, 3]), net.addInput('at', 'int32', [2]), { axis: 0 }),
  'gather by int64': (net, type) =>
    net.addGather(net.addInput('x', type, [4, 3]), net.addInput('at', 'int64', [2]), { axis: 1 }),
  select: (net, type) =>
    net.addSelect(net.addInput('c', 'bool', [3]), net.addInput('a', type, [2, 3]), net.addInput('b', type, [2, 3])),
  concatenation: (net, type) =>
    net.addConcatenation([net.addInput('a', type, [2, 3]), net.addInput('b', type, [1, 3])], { axis: 0 }),
  shuffle: (net, type) => net.addShuffle(net.addInput('x', type, [2, 3]), { firstTranspose: [1, 0], reshape: [6] }),
  slice: (net, type) => net.addSlice(net.addInput('x', type, [4, 6]), { start: [0, 1], size: [2, 2], stride: [1, 2] }),
  expand: (net, type) => net.addExpand(net.addInput('x', type, [1, 6]), { shape: [4, 6] }),
  shape: (net, type) => net.addShape(net.addInput('x', type, [4, 6])),
  range: (net, type) => {
    const x = net.addInput('x', type, [4]);
    return net.addAdd(x, net.addRange(x.shape[0], { dataType: type, start: 2, step: -1 }));
  },
  constant: (net, type) =>
    net.addConstant(Weights.from({ name: 'c', dataType: type, shape: [8], read: () => zeros(type) })),
  'quantized constant': (net, type) => {
    const constant = net.addConstant(Weights.from({ name: 'c', dataType: type, shape: [8], read: () => zeros(type) }));
    return net.addDequantize(constant, 0.5, { dataType: 'float32' });
  },
  'quantize to int8': (net, type) => quantized(net, net.addInput('x', type, [4, 8]), 0.5, type, 'int8'),
  'quantize to float8': (net, type) => quantized(net, net.addInput('x', type, [4, 8]), 0.5, type, 'float8'),
  'quantize a constant along an axis': (net, type) => {
    const constant = net.addConstant(Weights.fromNumbers(type, [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]));
    const scales = Weights.fromNumbers('float32', [2], [0.5, 0.25]);
    const q = net.addQuantize(constant, scales, { dataType: 'int8', axis: 1 });
    return net.addDequantize(q, scales, { dataType: type, axis: 1 });
  },
  'quantize a scalar': (net, type) => quantized(net, net.addInput('x', type, []), 0.5, type, 'int8'),
  'quantize by an input': (net, type) =>
    quantized(net, net.addInput('x', type, [4, 8]), net.addInput('scale', type, []), type, 'int8'),
  'quantize to an output': (net, type) => net.addQuantize(net.addInput('x', type, [4, 8]), 0.5, { dataType: 'int8' }),
  'dequantize an input': (net, type) =>
    net.addDequantize(net.addInput('x', type, [4, 8]), 0.5, { dataType: 'float32' }),
};

const zeros = (type: DataType): Uint8Array =>
  new Uint8Array(
    8 * ({ float32: 4, int32: 4, float16: 2, bfloat16: 2, int64: 8 } as Partial<Record<DataType, number>>)[type]! || 8,
  );

// biome-ignore lint/suspicious/noExplicitAny: as above
function quantized(net: any, x: Tensor, scale: unknown, type: DataType, to: DataType): Tensor {
  return net.addDequantize(net.addQuantize(x, scale, { dataType: to }), scale, { dataType: type });
}

/** Every op with every type that the DSL takes: what the table of legality is held against. */
export function legalityCases(makeNetwork: () => Network): readonly LegalityCase[] {
  return Object.entries(ops).flatMap(([op, add]) =>
    dataTypeNames.flatMap((type): LegalityCase[] => {
      const build = (net: Network): void => {
        const made = add(net, type);
        ([made].flat() as Tensor[]).forEach((tensor, i) => {
          net.markOutput(tensor, `${net.prefix}out${i}`);
        });
      };
      try {
        build(makeNetwork());
      } catch (error) {
        if (error instanceof TrtDslError) return [];
        throw error;
      }
      return [{ name: `${op}, ${type}`, build }];
    }),
  );
}
