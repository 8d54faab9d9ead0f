import {
  activationTypes,
  type DataType,
  type Dim,
  dim,
  elementwiseOperations,
  type Graph,
  Network,
  ops,
  product,
  reduceOperations,
  type Tensor,
  unaryOperations,
  Weights,
} from '@trt-dsl/dsl';

const floats = ['float32', 'float16', 'bfloat16'] as const;
const numeric = [...floats, 'int32', 'int64'] as const;
const all: readonly DataType[] = [...numeric, 'int8', 'uint8', 'bool', 'float8'];

/** One graph with every op in every data type it takes, on dynamic sizes. */
export function allOps(): Graph {
  const net = new Network('all_ops');
  const [batch, seq] = [dim('batch'), dim('seq')];
  const mark = (tensors: readonly Tensor[], name: string): void =>
    tensors.forEach((tensor, i) => {
      net.markOutput(tensor, `${name}_${i}`);
    });
  // biome-ignore lint/suspicious/noExplicitAny: one tensor of each type, and layers that take only some
  const x = new Map<DataType, any>(all.map((type) => [type, net.addInput(`x_${type}`, type, [batch, seq, 4])]));
  const positive = net.addInput('indices', 'int32', [batch]);
  for (const type of all) {
    const t = x.get(type);
    const label = (op: string): string => `${op}_${type}`;
    const flat = net.addShuffle(t, { firstTranspose: [1, 0, 2], reshape: [product(batch, seq), 4] } as never) as Tensor;
    mark([flat, net.addShape(flat)], label('shuffle'));
    mark([net.addSlice(t, { start: [0, 0, 1], size: [batch, 1, 2], stride: [1, 1, 2] } as never)], label('slice'));
    mark([net.addConcatenation([t, t] as never, { axis: 1 } as never)], label('concatenation'));
    mark(
      [net.addExpand(net.addUnsqueeze(t, { axes: [0] }), { shape: [3, batch, seq, 4] as readonly Dim[] })],
      label('expand'),
    );
    mark([net.addGather(flat, positive, { axis: 0 } as never)], label('gather'));
    mark([net.addSelect(x.get('bool'), t, t)], label('select'));
    for (const to of all) if (to !== type) mark([net.addCast(t, { dataType: to })], label(`cast_${to}`));
  }
  for (const type of numeric) {
    const t = x.get(type);
    for (const operation of elementwiseOperations)
      if (!['and', 'or'].includes(operation) && (operation !== 'pow' || type.includes('float')))
        mark(net.add(ops.elementwise, [t, t], { operation }), `${operation}_${type}`);
    for (const operation of reduceOperations)
      if (operation !== 'mean' || type.includes('float'))
        mark([net.addReduce(t, { operation, axes: [1] as never })], `reduce_${operation}_${type}`);
    mark([net.addCumulativeSum(t, { axis: 1, reverse: true } as never)], `cumulativeSum_${type}`);
    mark([net.addRange(seq, { dataType: type, start: 1, step: 2 })], `range_${type}`);
    mark(Object.values(net.addTopK(t, { k: 2, axis: 2 } as never)), `topK_${type}`);
  }
  for (const type of floats) {
    const t = x.get(type);
    for (const operation of unaryOperations)
      if (operation !== 'not') mark(net.add(ops.unary, [t], { operation }), `${operation}_${type}`);
    for (const kind of activationTypes) mark(net.add(ops.activation, [t], { type: kind }), `${kind}_${type}`);
    const vector = Weights.fromNumbers('float32', [4], [1, 2, 3, 4]);
    const matrix = Weights.fromNumbers(
      'float32',
      [4, 4],
      Array.from({ length: 16 }, (_, i) => i / 16),
    );
    mark([net.addLayerNorm(t, vector, vector), net.addSoftmax(t, { axis: 1 } as never)], `norm_${type}`);
    mark(
      [net.addLinear(t, matrix, vector), net.addLinear(t, matrix, vector, { transposeKernel: true })],
      `linear_${type}`,
    );
    const heads = net.addUnsqueeze(t, { axes: [1] }) as never;
    mark(
      [net.addAttention(heads, heads, heads, { scale: 0.5 }), net.addAttention(heads, heads, heads)],
      `attention_${type}`,
    );
    const image = net.addUnsqueeze(t, { axes: [1] }) as never;
    const kernel = Weights.fromNumbers('float32', [2, 1, 1, 2], [1, 2, 3, 4]);
    mark(
      [net.addConv2d(image, kernel), net.addPooling(image, { operation: 'max', window: [1, 2], stride: [1, 1] })],
      `window_${type}`,
    );
    mark([net.addPooling(image, { operation: 'average', window: [1, 2], stride: [1, 2] })], `average_${type}`);
    for (const dataType of ['int8', 'float8'] as const) {
      const quantized = net.addQuantize(t, vector, { dataType, axis: 2 } as never);
      mark([quantized, net.addDequantize(quantized, 0.5, { dataType: type })], `quantize_${dataType}_${type}`);
    }
  }
  mark(net.add(ops.elementwise, [x.get('bool'), x.get('bool')], { operation: 'and' }), 'and');
  mark(net.add(ops.elementwise, [x.get('bool'), x.get('bool')], { operation: 'or' }), 'or');
  mark([net.addNot(x.get('bool'))], 'not');
  return net.graph();
}
