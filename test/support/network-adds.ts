import type { DataType, Dims, INetworkDefinition, ITensor, TensorRT, Weights } from '@trt-dsl/trt-bindings';

/** A network to add to, with inputs and constants at hand. */
export interface NetworkFixture {
  readonly net: INetworkDefinition;
  input(type: DataType, ...dims: number[]): ITensor;
  constant(type: DataType, dims: Dims, values?: readonly number[]): ITensor;
}

export interface OutputOwner {
  getNbOutputs(): number;
  getOutput(index: number): ITensor;
}
type Expected = readonly (readonly [DataType, Dims])[];
export type AddCase = readonly [add: (f: NetworkFixture) => OutputOwner, expected: Expected];

const bytes: Partial<Record<DataType, number>> = { HALF: 2, BF16: 2, INT8: 1, BOOL: 1, UINT8: 1, INT64: 8 };
const arrays: Partial<Record<DataType, (values: readonly number[]) => ArrayBufferView>> = {
  FLOAT: (values) => Float32Array.from(values),
  INT32: (values) => Int32Array.from(values),
  INT64: (values) => BigInt64Array.from(values, BigInt),
  BOOL: (values) => Uint8Array.from(values),
};

const size = (dims: Dims): number => dims.reduce((a, b) => a * b, 1);
const zeros = (type: DataType, dims: Dims): Weights => ({
  type,
  data: new Uint8Array(size(dims) * (bytes[type] ?? 4)),
});
const floats = (count: number): Weights => ({ type: 'FLOAT', data: new Float32Array(count).fill(1) });

export const fixture = (net: INetworkDefinition): NetworkFixture => ({
  net,
  input: (type, ...dims) => net.addInput(`input ${net.getNbInputs()}`, type, dims),
  constant: (type, dims, values) =>
    net
      .addConstant(dims, values === undefined ? zeros(type, dims) : { type, data: arrays[type]!(values) })
      .getOutput(0),
});

/**
 * Each add* and what TensorRT says of its outputs. −1: known only at run time. Indices are int64 where the library
 * lets one choose.
 */
export function networkAdds(tensorrt: TensorRT): Readonly<Record<string, AddCase>> {
  const chosen: [] | ['INT64'] = tensorrt.supports('INMSLayer', 'setIndicesType') ? ['INT64'] : [];
  const index: DataType = chosen[0] ?? 'INT32';
  return {
    addActivation: [({ net, input }) => net.addActivation(input('HALF', -1, 8), 'GELU_ERF'), [['HALF', [-1, 8]]]],
    addAssertion: [({ net, constant }) => net.addAssertion(constant('BOOL', [1], [1]), 'as it should be'), []],
    addAttention: [
      ({ net, input }) => {
        const [q, k, v] = [0, 1, 2].map(() => input('HALF', -1, 4, -1, 64));
        const attention = net.addAttention(q!, k!, v!, 'SOFTMAX', false);
        attention.setDecomposable(true);
        attention.setMask(input('HALF', -1, 1, -1, -1));
        return attention;
      },
      [['HALF', [-1, 4, -1, 64]]],
    ],
    addAttentionV2: [
      ({ net, input }) => {
        const [q, k, v] = [0, 1, 2].map(() => input('HALF', 2, 4, 16, 64));
        return net.addAttentionV2(q!, k!, v!, 'SOFTMAX', 'UPPER_LEFT');
      },
      [['HALF', [2, 4, 16, 64]]],
    ],
    addCast: [({ net, input }) => net.addCast(input('FLOAT', 2, -1), 'BF16'), [['BF16', [2, -1]]]],
    addConcatenation: [
      ({ net, input }) => {
        const layer = net.addConcatenation([input('FLOAT', 2, 3), input('FLOAT', 2, 5)]);
        layer.setAxis(1);
        return layer;
      },
      [['FLOAT', [2, 8]]],
    ],
    addConstant: [({ net }) => net.addConstant([2, 3], zeros('INT64', [2, 3])), [['INT64', [2, 3]]]],
    addConvolutionNd: [
      ({ net, input }) => {
        const layer = net.addConvolutionNd(input('FLOAT', 1, 3, 16, 16), 4, [3, 3], floats(4 * 3 * 9), floats(4));
        layer.setStrideNd([2, 2]);
        layer.setPrePadding([1, 1]);
        layer.setPostPadding([1, 1]);
        layer.setDilationNd([1, 1]);
        layer.setNbGroups(1);
        return layer;
      },
      [['FLOAT', [1, 4, 8, 8]]],
    ],
    addCumulative: [
      ({ net, input, constant }) =>
        net.addCumulative(input('FLOAT', 2, 5), constant('INT32', [], [1]), 'SUM', true, true),
      [['FLOAT', [2, 5]]],
    ],
    addDeconvolutionNd: [
      ({ net, input }) => {
        const layer = net.addDeconvolutionNd(input('FLOAT', 1, 4, 8, 8), 3, [2, 2], floats(4 * 3 * 4), null);
        layer.setStrideNd([2, 2]);
        return layer;
      },
      [['FLOAT', [1, 3, 16, 16]]],
    ],
    addDequantize: [
      ({ net, input, constant }) => net.addDequantize(input('INT8', 4, 8), constant('HALF', []), 'HALF'),
      [['HALF', [4, 8]]],
    ],
    addDynamicQuantize: [
      ({ net, input, constant }) => {
        const layer = net.addDynamicQuantize(input('HALF', 4, 32), 1, 16, 'FP4', 'FP8');
        layer.setInput(1, constant('FLOAT', [], [1]));
        return layer;
      },
      [
        ['FP4', [4, 32]],
        ['FP8', [4, 2]],
      ],
    ],
    addDynamicQuantizeV2: [
      ({ net, input, constant }) => {
        const layer = net.addDynamicQuantizeV2(input('HALF', 4, 32), [1, 16], 'FP4', 'FP8');
        layer.setInput(1, constant('FLOAT', [], [1]));
        return layer;
      },
      [
        ['FP4', [4, 32]],
        ['FP8', [4, 2]],
      ],
    ],
    addEinsum: [
      ({ net, input }) => net.addEinsum([input('FLOAT', 2, 3, 4), input('FLOAT', 4, 5)], 'bij,jk->bik'),
      [['FLOAT', [2, 3, 5]]],
    ],
    addElementWise: [
      ({ net, input }) => net.addElementWise(input('FLOAT', -1, 4), input('FLOAT', 1, 4), 'LESS'),
      [['BOOL', [-1, 4]]],
    ],
    addFill: [
      ({ net }) => {
        const layer = net.addFill([8], 'LINSPACE', 'FLOAT');
        layer.setAlpha(1.5);
        layer.setBeta(0.5);
        return layer;
      },
      [['FLOAT', [8]]],
    ],
    addGather: [
      ({ net, input }) => net.addGather(input('FLOAT', 10, 4), input('INT32', 2, 3), 0),
      [['FLOAT', [2, 3, 4]]],
    ],
    addGatherV2: [
      ({ net, input }) => {
        const layer = net.addGatherV2(input('FLOAT', 2, 10, 4), input('INT32', 2, 3, 1), 'ND');
        layer.setNbElementWiseDims(1);
        return layer;
      },
      [['FLOAT', [2, 3, 4]]],
    ],
    addGridSample: [
      ({ net, input }) => {
        const layer = net.addGridSample(input('FLOAT', 1, 3, 8, 8), input('FLOAT', 1, 4, 4, 2));
        layer.setInterpolationMode('LINEAR');
        layer.setAlignCorners(true);
        layer.setSampleMode('CLAMP');
        return layer;
      },
      [['FLOAT', [1, 3, 4, 4]]],
    ],
    addIdentity: [({ net, input }) => net.addIdentity(input('INT32', 2, -1)), [['INT32', [2, -1]]]],
    addIfConditional: [
      ({ net, input, constant }) => {
        const conditional = net.addIfConditional();
        conditional.setName('if');
        conditional.setCondition(constant('BOOL', [], [1]));
        const x = conditional.addInput(input('FLOAT', 2, 3)).getOutput(0);
        return conditional.addOutput(net.addUnary(x, 'NEG').getOutput(0), net.addUnary(x, 'ABS').getOutput(0));
      },
      [['FLOAT', [2, 3]]],
    ],
    addKVCacheUpdate: [
      ({ net, input }) =>
        net.addKVCacheUpdate(input('HALF', 2, 4, 128, 64), input('HALF', 2, 4, 16, 64), input('INT32', 2), 'LINEAR'),
      [['HALF', [2, 4, 128, 64]]],
    ],
    addLRN: [({ net, input }) => net.addLRN(input('FLOAT', 1, 8, 4, 4), 5, 1e-4, 0.75, 2), [['FLOAT', [1, 8, 4, 4]]]],
    addLoop: [
      ({ net, input, constant }) => {
        const loop = net.addLoop();
        loop.setName('loop');
        loop.addTripLimit(constant('INT32', [], [3]), 'COUNT');
        const step = loop.addIterator(input('FLOAT', 3, 2)).getOutput(0);
        const state = loop.addRecurrence(constant('FLOAT', [2], [0, 0]));
        const next = net.addElementWise(state.getOutput(0), step, 'SUM').getOutput(0);
        state.setInput(1, next);
        return loop.addLoopOutput(next, 'LAST_VALUE');
      },
      [['FLOAT', [2]]],
    ],
    addMatrixMultiply: [
      ({ net, input }) => {
        const layer = net.addMatrixMultiply(input('BF16', -1, 3, 4), 'NONE', input('BF16', 1, 5, 4), 'TRANSPOSE');
        layer.setOperation(1, 'TRANSPOSE');
        return layer;
      },
      [['BF16', [-1, 3, 5]]],
    ],
    addDistCollective: [
      ({ net, input }) => net.addDistCollective(input('FLOAT', 4, 8), 'ALL_REDUCE', 'SUM', -1, null),
      [['FLOAT', [4, 8]]],
    ],
    addMoE: [
      ({ net, input, constant }) => {
        const layer = net.addMoE(input('HALF', 1, 8, 64), input('INT32', 1, 8, 2), input('HALF', 1, 8, 2));
        const weights = (rows: number, columns: number): ITensor => constant('HALF', [4, rows, columns]);
        layer.setGatedWeights(weights(64, 32), weights(64, 32), weights(32, 64), 'SILU');
        return layer;
      },
      [['HALF', [1, 8, 64]]],
    ],
    addNMS: [
      ({ net, input, constant }) => {
        const limit = constant('INT32', [], [5]);
        const layer = net.addNMS(input('FLOAT', 1, 10, 4), input('FLOAT', 1, 10, 2), limit, ...chosen);
        layer.setTopKBoxLimit(100);
        layer.setBoundingBoxFormat('CENTER_SIZES');
        return layer;
      },
      [
        [index, [-1, 3]],
        ['INT32', []],
      ],
    ],
    addNonZero: [({ net, input }) => net.addNonZero(input('FLOAT', 3, 4), ...chosen), [[index, [2, -1]]]],
    addNormalization: [
      ({ net, input, constant }) => {
        const x = input('FLOAT', -1, 16, 8);
        const layer = net.addNormalization(x, constant('FLOAT', [1, 1, 8]), constant('FLOAT', [1, 1, 8]), 1 << 2);
        layer.setEpsilon(1e-12);
        return layer;
      },
      [['FLOAT', [-1, 16, 8]]],
    ],
    addNormalizationV2: [
      ({ net, input, constant }) => {
        const x = input('HALF', -1, 16, 8);
        return net.addNormalizationV2(x, constant('HALF', [1, 1, 8]), constant('HALF', [1, 1, 8]), 1 << 2);
      },
      [['HALF', [-1, 16, 8]]],
    ],
    addOneHot: [
      ({ net, input, constant }) =>
        net.addOneHot(input('INT32', 2, 3), constant('FLOAT', [2], [0, 1]), constant('INT32', [], [7]), -1),
      [['FLOAT', [2, 3, 7]]],
    ],
    addPaddingNd: [
      ({ net, input }) => net.addPaddingNd(input('FLOAT', 1, 2, 4, 4), [1, 2], [1, 2]),
      [['FLOAT', [1, 2, 6, 8]]],
    ],
    addParametricReLU: [
      ({ net, input }) => net.addParametricReLU(input('FLOAT', 2, 4), input('FLOAT', 1, 4)),
      [['FLOAT', [2, 4]]],
    ],
    addPoolingNd: [
      ({ net, input }) => {
        const layer = net.addPoolingNd(input('FLOAT', 1, 3, 8, 8), 'AVERAGE', [2, 2]);
        layer.setStrideNd([2, 2]);
        layer.setAverageCountExcludesPadding(false);
        return layer;
      },
      [['FLOAT', [1, 3, 4, 4]]],
    ],
    addQuantize: [
      ({ net, input, constant }) => net.addQuantize(input('FLOAT', 4, 8), constant('FLOAT', [], [0.5]), 'FP8'),
      [['FP8', [4, 8]]],
    ],
    addRaggedSoftMax: [
      ({ net, input }) => net.addRaggedSoftMax(input('FLOAT', 2, 4, 5), input('INT32', 2, 4, 1)),
      [['FLOAT', [2, 4, 5]]],
    ],
    addReduce: [
      ({ net, input }) => net.addReduce(input('FLOAT', -1, 3, 4), 'AVG', 1 << 1, true),
      [['FLOAT', [-1, 1, 4]]],
    ],
    addResize: [
      ({ net, input }) => {
        const layer = net.addResize(input('FLOAT', 1, 3, 8, 8));
        layer.setResizeMode('LINEAR');
        layer.setScales([1, 1, 2, 2]);
        layer.setCoordinateTransformation('HALF_PIXEL');
        return layer;
      },
      [['FLOAT', [1, 3, 16, 16]]],
    ],
    addReverseSequence: [
      ({ net, input }) => {
        const layer = net.addReverseSequence(input('FLOAT', 4, 2, 3), input('INT32', 2));
        layer.setBatchAxis(1);
        layer.setSequenceAxis(0);
        return layer;
      },
      [['FLOAT', [4, 2, 3]]],
    ],
    addRotaryEmbedding: [
      ({ net, input }) =>
        net.addRotaryEmbedding(
          input('HALF', 2, 4, 16, 64),
          input('HALF', 2, 16, 32),
          input('HALF', 2, 16, 32),
          false,
          0,
        ),
      [['HALF', [2, 4, 16, 64]]],
    ],
    addScale: [
      ({ net, input }) => net.addScale(input('FLOAT', 1, 3, 4, 4), 'UNIFORM', floats(1), floats(1), null),
      [['FLOAT', [1, 3, 4, 4]]],
    ],
    addScaleNd: [
      ({ net, input }) => net.addScaleNd(input('FLOAT', 1, 3, 4, 4), 'CHANNEL', floats(3), floats(3), floats(3), 1),
      [['FLOAT', [1, 3, 4, 4]]],
    ],
    addScatter: [
      ({ net, input }) => {
        const layer = net.addScatter(input('FLOAT', 4, 5), input('INT32', 2, 5), input('FLOAT', 2, 5), 'ELEMENT');
        layer.setAxis(0);
        return layer;
      },
      [['FLOAT', [4, 5]]],
    ],
    addSelect: [
      ({ net, input }) => net.addSelect(input('BOOL', 2, 1), input('HALF', 2, 3), input('HALF', 1, 3)),
      [['HALF', [2, 3]]],
    ],
    addShape: [({ net, input }) => net.addShape(input('FLOAT', -1, 3, 4)), [['INT64', [3]]]],
    addShuffle: [
      ({ net, input }) => {
        const layer = net.addShuffle(input('FLOAT', -1, 16, 12));
        layer.setFirstTranspose([0, 1, 2]);
        layer.setReshapeDimensions([0, 0, 4, 3]);
        layer.setSecondTranspose([0, 2, 1, 3]);
        layer.setZeroIsPlaceholder(true);
        return layer;
      },
      [['FLOAT', [-1, 4, 16, 3]]],
    ],
    addSlice: [
      ({ net, input }) => {
        const layer = net.addSlice(input('FLOAT', 4, 8), [0, 2], [4, 3], [1, 2]);
        layer.setMode('STRICT_BOUNDS');
        return layer;
      },
      [['FLOAT', [4, 3]]],
    ],
    addSoftMax: [
      ({ net, input }) => {
        const layer = net.addSoftMax(input('FLOAT', 2, -1, 4));
        layer.setAxes(1 << 2);
        return layer;
      },
      [['FLOAT', [2, -1, 4]]],
    ],
    addSqueeze: [
      ({ net, input, constant }) => net.addSqueeze(input('FLOAT', 2, 1, 4), constant('INT32', [1], [1])),
      [['FLOAT', [2, 4]]],
    ],
    addTopK: [
      ({ net, input }) => net.addTopK(input('FLOAT', 2, 16), 'MAX', 3, 1 << 1, ...chosen),
      [
        ['FLOAT', [2, 3]],
        [index, [2, 3]],
      ],
    ],
    addUnary: [({ net, input }) => net.addUnary(input('HALF', -1), 'ERF'), [['HALF', [-1]]]],
    addUnsqueeze: [
      ({ net, input, constant }) => net.addUnsqueeze(input('FLOAT', 2, 4), constant('INT32', [1], [1])),
      [['FLOAT', [2, 1, 4]]],
    ],
  };
}
