import { definePlugin, dim, type Graph, Network, type QuantizedType, type Tensor, Weights } from '@trt-dsl/dsl';

const swish = definePlugin({
  name: 'Swish',
  version: '1',
  namespace: 'test',
  decompose: (
    net: Network,
    [x]: readonly [Tensor<'float32', 3>],
    { beta }: { beta: number; label: string; sizes: readonly number[]; exact: boolean },
  ) => net.addMul(x, net.addSigmoid(net.addMul(x, beta))),
});

/**
 * A graph in which every op and every `add…` method appears, with attributes other than the default ones.
 * @param quantized the types that it quantizes to; TensorRT 10 wants one of them only
 */
export function everyLayer(quantized: readonly QuantizedType[] = ['int8', 'float8']): Graph {
  const net = new Network('every layer');
  const [batch, seq] = [dim('batch'), dim('seq')];
  const x = net.addInput('x', 'float32', [batch, seq, 4]);
  const ids = net.addInput('ids', 'int64', [batch, seq]);
  const flag = net.addInput('flag', 'bool', [batch, seq, 1]);
  const image = net.addInput('image', 'float32', [batch, 2, 6, 6]);
  const weights = (shape: readonly number[], name: string) =>
    Weights.fromNumbers(
      'float32',
      shape,
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i % 7) - 3) / 4),
      name,
    ) as Weights<'float32', never>;
  const outputs: Tensor[] = [];
  const keep = (...tensors: readonly Tensor[]): void => {
    outputs.push(...tensors);
  };
  const table = weights([5, 4], 'table');
  const a = net.scope('activations');
  keep(a.addReLU(x), a.addSigmoid(x), a.addTanh(x), a.addGELU(x), a.addGELU(x, { approximate: 'tanh' }));
  const e = net.scope('elementwise');
  const positive = e.addAdd(e.addAbs(x), 0.5);
  keep(e.addAdd(x, positive), e.addSub(x, 1), e.addMul(x, weights([4], 'row')), e.addDiv(x, positive));
  keep(e.addPow(positive, 2), e.addMin(x, positive), e.addMax(x, 0), e.addScale(x, { scale: 2, shift: 1, power: 3 }));
  const less = e.addLess(x, positive);
  keep(e.addAnd(less, e.addNot(e.addGreater(x, 0))), e.addOr(less, e.addEqual(x, 0)), e.addSelect(flag, x, positive));
  const u = net.scope('unary');
  keep(u.addExp(x), u.addLog(positive), u.addSqrt(positive), u.addRecip(positive), u.addNeg(ids), u.addErf(x));
  const s = net.scope('shapes');
  const heads = s.addShuffle(x, { reshape: [0, 0, 2, -1], secondTranspose: [0, 2, 1, 3] });
  keep(
    s.addTranspose(x, { permutation: [2, 0, 1] }),
    s.addSqueeze(flag, { axes: [-1] }),
    s.addUnsqueeze(ids, { axes: [0] }),
  );
  keep(s.addConcatenation([x, positive, x], { axis: 1 }), s.addShape(x), s.addCast(x, { dataType: 'float16' }));
  keep(s.addSlice(x, { start: [0, 0, 1], size: [batch, seq, 2], stride: [1, 1, 2] }));
  keep(...s.addSplit(x, { axis: 2, sizes: [1, 3] }), s.addExpand(flag, { shape: [batch, seq, 3] }));
  keep(s.addGather(table, ids, { axis: 1 }), s.addEmbedding(ids, table), s.addConstant(weights([2, 0], 'empty')));
  keep(s.addRange(seq, { dataType: 'int64', start: 2, step: -3 }), s.addRange(4, { dataType: 'float16', step: 0.5 }));
  const m = net.scope('math');
  keep(m.addLinear(x, table, weights([5], 'bias'), { transposeKernel: true }), m.addMatMul(x, x, { transposeB: true }));
  keep(m.addMatMul(x, x, { transposeA: true }), m.addSoftmax(x, { axis: 1 }));
  keep(m.addLayerNorm(x, weights([4], 'gamma'), weights([4], 'beta'), { epsilon: 1e-5 }));
  keep(
    m.addReduce(x, { operation: 'mean', axes: [1, 2], keepDimensions: true }),
    m.addReduce(ids, { operation: 'sum', axes: [0] }),
  );
  keep(m.addRMSNorm(x, weights([4], 'gamma'), { name: 'rms', epsilon: 1e-5 }));
  keep(m.addCumulativeSum(x, { axis: 1, exclusive: true }), m.addCumulativeSum(ids, { axis: -1, reverse: true }));
  const top = m.addTopK(x, { k: 2, axis: 2, largest: false });
  keep(top.values, top.indices, m.addArgmax(x, { axis: -1 }));
  keep(
    m.addAttention(heads, heads, heads),
    m.addAttention(heads, heads, heads, { mask: weights([1, 1, 1, 1], 'mask'), scale: 0.5 }),
  );
  const c = net.scope('convolutions');
  const kernel = weights([4, 1, 3, 3], 'kernel');
  keep(
    c.addConv2d(image, kernel, weights([4], 'bias'), { groups: 2, stride: [2, 1], padding: [1, 0], dilation: [1, 2] }),
  );
  keep(c.addPooling(image, { operation: 'max', window: [2, 2] }));
  keep(
    c.addPooling(image, {
      operation: 'average',
      window: [3, 3],
      stride: [1, 2],
      padding: [1, 1],
      includePadding: true,
    }),
  );
  const q = net.scope('quantized');
  const scales = Weights.fromNumbers('float32', [4], [0.1, 0.2, 0.3, 0.4], 'scales');
  for (const dataType of quantized) {
    keep(q.addDequantize(q.addQuantize(x, 0.1, { dataType }), 0.1, { dataType: 'float32' }));
    const along = { axis: 2 } as const;
    keep(q.addDequantize(q.addQuantize(x, scales, { dataType, ...along }), scales, { dataType: 'float32', ...along }));
  }
  keep(swish(net.scope('plugins'), [x], { beta: 2, label: 'a "b"', sizes: [1, 2], exact: true }));
  outputs.forEach((tensor, i) => {
    net.markOutput(tensor, `out${i}`);
  });
  return net.graph();
}
