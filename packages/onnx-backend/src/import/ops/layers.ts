import { type Attributes, type DataType, type Dim, product, type Tensor, Weights } from '@trt-dsl/dsl';
import { dataTypeOf, onnxTypeName } from '../../onnx-types.ts';
import { foldReduce } from '../fold.ts';
import { front, type Read, type Reader } from '../reader.ts';
import { knownOf, ofTensor, shapeOf } from '../values.ts';

type Pair = readonly [number, number];

/** A matrix product; a transposed weight is read as it lies, and vectors become matrices for the while. */
function product2(reader: Reader, transposeA = false, transposeB = false): Tensor {
  const right = reader.input(1);
  const stays = right.kind === 'weights' && right.transposed;
  const b = stays ? reader.constant(right.weights) : reader.tensor(1);
  const a = reader.tensor(0);
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  const left = reader.raised(ofTensor(a), Math.max(rankA, rankB, 2));
  const matrix = rankB === 1 ? reader.reshape(b, [b.shape[0]!, 1]) : b;
  const y = reader.add('matmul', [left, matrix], { transposeA, transposeB: stays !== transposeB });
  const shape = (y.shape as readonly Dim[]).filter(
    (_, i, all) => !(rankB === 1 && i === all.length - 1) && !(rankA === 1 && i === all.length - 2),
  );
  return reader.reshape(y, shape);
}

const gemm: Read = (reader) => {
  const scaled = (x: Tensor, by: number): Tensor =>
    by === 1 ? x : reader.add('elementwise', [x, reader.scalar(x.dataType, by)], { operation: 'prod' });
  const y = scaled(
    product2(reader, reader.int('transA', 0) === 1, reader.int('transB', 0) === 1),
    reader.float('alpha', 1),
  );
  if (!reader.optional(2)) return ofTensor(y);
  return ofTensor(
    reader.add('elementwise', [y, scaled(reader.tensor(2), reader.float('beta', 1))], { operation: 'sum' }),
  );
};

/** Before opset 13 softmax went over all axes from `axis` on together. */
const softmax: Read = (reader) => {
  const x = reader.tensor(0);
  const shape = x.shape as readonly Dim[];
  const axis = front(reader.int('axis', reader.opset < 13 ? 1 : -1), shape.length);
  if (reader.opset >= 13 || axis === shape.length - 1) return ofTensor(reader.add('softmax', [x], { axis }));
  const flat = reader.reshape(x, [...shape.slice(0, axis), product(...shape.slice(axis))]);
  return ofTensor(reader.reshape(reader.add('softmax', [flat], { axis }), shape));
};

const layerNormalization: Read = (reader) => {
  const x = reader.tensor(0);
  const rank = x.shape.length;
  if (front(reader.int('axis', -1), rank) !== rank - 1)
    return reader.fail('the DSL normalizes over the last axis only');
  if ((reader.node.output ?? []).slice(1).some(Boolean))
    return reader.fail('mean and deviation as outputs are not in the DSL');
  const vector = (i: number, otherwise: number): Tensor => {
    const value = reader.optional(i);
    const size = x.shape[rank - 1] as number;
    if (!value)
      return reader.constant(
        Weights.fromNumbers('float32', [size], Array(size).fill(otherwise), `${reader.label}/${otherwise}`),
      );
    const given =
      value.kind === 'weights'
        ? reader.constant(value.weights.as('float32'))
        : reader.cast(reader.materialize(value), 'float32');
    const isSingle = given.shape.length === 0 || (given.shape.length === 1 && given.shape[0] === 1 && size !== 1);
    return isSingle ? reader.add('expand', [given], { shape: [size] }) : given;
  };
  return ofTensor(reader.add('layerNorm', [x, vector(1, 1), vector(2, 0)], { epsilon: reader.float('epsilon', 1e-5) }));
};

const rmsNormalization: Read = (reader) => {
  const x = reader.tensor(0);
  if (front(reader.int('axis', -1), x.shape.length) !== x.shape.length - 1)
    return reader.fail('the DSL normalizes over the last axis only');
  const gamma = reader.cast(reader.tensor(1), 'float32') as Tensor<'float32', 1>;
  const epsilon = reader.float('epsilon', 1e-5);
  return ofTensor(reader.net.scope(reader.label).addRMSNorm(x as Tensor<'float32', 3>, gamma, { epsilon }));
};

const reduce =
  (operation: Attributes['reduce']['operation'], before?: 'abs' | 'square', after?: 'sqrt'): Read =>
  (reader) => {
    const value = reader.input(0);
    const rank = shapeOf(value).length;
    const keepDimensions = reader.int('keepdims', 1) === 1;
    const given = reader.axes(1) ?? [];
    const keepsAll = given.length === 0 && reader.int('noop_with_empty_axes', 0) === 1;
    if (keepsAll && !before) return value;
    const whole = keepsAll ? [] : [...Array(rank).keys()];
    const axes = given.length > 0 ? given.map((axis) => front(axis, rank)) : whole;
    const numbers = knownOf(value);
    const folded = numbers && axes.length === rank ? foldReduce(reader.opType, numbers, keepDimensions) : undefined;
    if (folded) return folded;
    let x = reader.tensor(0);
    if (before === 'square') x = reader.add('elementwise', [x, x], { operation: 'prod' });
    if (before === 'abs') x = reader.add('unary', [x], { operation: 'abs' });
    const y = axes.length === 0 ? x : reader.add('reduce', [x], { operation, axes, keepDimensions });
    return ofTensor(after ? reader.add('unary', [y], { operation: after }) : y);
  };

const cumulativeSum: Read = (reader) => {
  const x = reader.tensor(0);
  const axis = front(reader.numbers(1, 'the axis')[0]!, x.shape.length);
  const [exclusive, reverse] = [reader.int('exclusive', 0) === 1, reader.int('reverse', 0) === 1];
  return ofTensor(reader.add('cumulativeSum', [x], { axis, exclusive, reverse }));
};

const topK: Read = (reader) => {
  const x = reader.tensor(0);
  const axis = front(reader.int('axis', -1), x.shape.length);
  const k = reader.has('k') ? reader.int('k', 1) : reader.numbers(1, 'k')[0]!;
  const [values, indices] = reader.addAll('topK', [x], { k, axis, largest: reader.int('largest', 1) === 1 });
  return [ofTensor(values!), ofTensor(reader.cast(indices!, 'int64'))];
};

const argExtreme =
  (largest: boolean): Read =>
  (reader) => {
    const x = reader.tensor(0);
    const axis = front(reader.int('axis', 0), x.shape.length);
    if (reader.int('select_last_index', 0) === 1) return reader.fail('the last of equal elements is not in the DSL');
    const [, indices] = reader.addAll('topK', [x], { k: 1, axis, largest });
    const shape = (indices!.shape as readonly Dim[]).filter((_, i) => i !== axis);
    const found = reader.int('keepdims', 1) === 1 ? indices! : reader.reshape(indices!, shape);
    return ofTensor(reader.cast(found, 'int64'));
  };

/** Two numbers for height and width. */
function pair(reader: Reader, name: string, otherwise: number): Pair {
  const given = reader.ints(name) ?? [otherwise, otherwise];
  if (given.length !== 2) return reader.fail(`${name} [${given}]: only two-dimensional windows are in the DSL`);
  return given as Pair;
}

function padding(reader: Reader): Pair {
  const automatic = reader.text('auto_pad', 'NOTSET');
  if (automatic !== 'NOTSET' && automatic !== 'VALID') return reader.fail(`auto_pad ${automatic} is not in the DSL`);
  const [top = 0, left = 0, bottom = 0, right = 0] = automatic === 'VALID' ? [] : (reader.ints('pads') ?? []);
  if (top !== bottom || left !== right)
    return reader.fail(`pads ${[top, left, bottom, right]} differ before and after`);
  return [top, left];
}

const convolution: Read = (reader) => {
  const inputs = reader.inputs.flatMap((value) => (value ? [reader.materialize(value)] : []));
  const attributes = {
    stride: pair(reader, 'strides', 1),
    padding: padding(reader),
    dilation: pair(reader, 'dilations', 1),
  };
  return ofTensor(reader.add('convolution', inputs, { ...attributes, groups: reader.int('group', 1) }));
};

const pooling =
  (operation: 'max' | 'average'): Read =>
  (reader) => {
    if (reader.int('ceil_mode', 0) !== 0) return reader.fail('ceil_mode is not in the DSL');
    if (reader.ints('dilations')?.some((step) => step !== 1)) return reader.fail('dilated pooling is not in the DSL');
    const attributes = {
      window: pair(reader, 'kernel_shape', 1),
      stride: pair(reader, 'strides', 1),
      padding: padding(reader),
    };
    const includePadding = reader.int('count_include_pad', 0) === 1;
    return ofTensor(reader.add('pooling', [reader.tensor(0)], { operation, ...attributes, includePadding }));
  };

const globalPooling =
  (operation: 'max' | 'mean'): Read =>
  (reader) => {
    const x = reader.tensor(0);
    const axes = (x.shape as readonly Dim[]).flatMap((_, axis) => (axis >= 2 ? [axis] : []));
    return ofTensor(reader.add('reduce', [x], { operation, axes, keepDimensions: true }));
  };

/** The zero point's type, which has to be 0 everywhere. */
function quantizedType(reader: Reader): DataType | undefined {
  const point = reader.optional(2);
  if (!point) return undefined;
  const weights = point.kind === 'weights' ? point.weights : undefined;
  const sign = weights?.dataType === 'float8' ? 0x80 : 0; // float8's −0 is 0, int8's 0x80 is −128
  const zero = weights
    ? weights.bytes().every((byte) => (byte & ~sign) === 0)
    : knownOf(point)?.values.every((value) => value === 0);
  if (!zero) return reader.fail('a zero point other than 0 is not in the DSL');
  return weights ? weights.dataType : (knownOf(point)!.type as DataType);
}

/** The scale, and the axis it belongs to if it is no single number. */
function scaleOf(reader: Reader): { scale: Tensor; axis?: number } {
  if (reader.int('block_size', 0) !== 0) return reader.fail('scales of blocks are not in the DSL');
  const scale = reader.tensor(1);
  const rank = shapeOf(reader.input(0)).length;
  if (scale.shape.length === 0) return { scale };
  if (scale.shape.length === 1 && scale.shape[0] === 1) return { scale: reader.reshape(scale, []) };
  return { scale, axis: front(reader.int('axis', 1), rank) };
}

const quantize: Read = (reader) => {
  const asked = reader.has('output_dtype') ? dataTypeOf(reader.int('output_dtype', 0)) : 'uint8';
  const dataType = quantizedType(reader) ?? asked;
  if (dataType !== 'int8' && dataType !== 'float8')
    return reader.fail(
      `it makes ${dataType ?? onnxTypeName(reader.int('output_dtype', 0))}; the DSL has int8 and float8`,
    );
  if (dataType === 'float8' && reader.int('saturate', 1) === 0) return reader.fail('saturate = 0 is not in the DSL');
  const { scale, axis } = scaleOf(reader);
  return ofTensor(reader.add('quantize', [reader.tensor(0), scale], { dataType, ...(axis !== undefined && { axis }) }));
};

const dequantize: Read = (reader) => {
  quantizedType(reader);
  const { scale, axis } = scaleOf(reader);
  const dataType = scale.dataType as 'float32';
  const asked = reader.int('output_dtype', 0);
  if (asked !== 0 && dataTypeOf(asked) !== dataType)
    return reader.fail(
      `it makes ${onnxTypeName(asked)} by a scale of ${dataType}, which has to be the same in the DSL`,
    );
  return ofTensor(
    reader.add('dequantize', [reader.tensor(0), scale], { dataType, ...(axis !== undefined && { axis }) }),
  );
};

/** Attention of opset 23 without past, causality, windows, groups or soft caps. */
const attention: Read = (reader) => {
  for (const name of ['is_causal', 'softcap', 'qk_matmul_output_mode'])
    if (reader.int(name, 0) !== 0 || reader.float(name, 0) !== 0) return reader.fail(`${name} is not in the DSL`);
  for (const name of ['left_window_size', 'right_window_size'])
    if (reader.int(name, -1) !== -1) return reader.fail(`${name} is not in the DSL`);
  if (reader.inputs.slice(4).some(Boolean) || (reader.node.output ?? []).slice(1).some(Boolean))
    return reader.fail('past keys and values, and their lengths, are not in the DSL');
  const heads = [reader.int('q_num_heads', 0), reader.int('kv_num_heads', 0), reader.int('kv_num_heads', 0)];
  const flat = shapeOf(reader.input(0)).length === 3;
  const [query, key, value] = heads.map((count, i) => {
    const x = reader.tensor(i);
    if (!flat) return x;
    const [batch, rows, width] = x.shape as unknown as readonly [Dim, Dim, number];
    return reader.transpose(reader.reshape(x, [batch, rows, count, width / count]), [0, 2, 1, 3]);
  }) as [Tensor, Tensor, Tensor];
  const scale = reader.float('scale', 1 / Math.sqrt(query.shape[3] as number));
  const given = reader.optional(3) && reader.tensor(3);
  const mask =
    given && reader.raised(ofTensor(given.dataType === 'bool' ? additive(reader, given, query.dataType) : given), 4);
  const y = reader.add('attention', [query, key, value, ...(mask ? [mask] : [])], { scale });
  if (!flat) return ofTensor(y);
  const [batch, count, rows, width] = y.shape as unknown as readonly [Dim, Dim, Dim, Dim];
  return ofTensor(reader.reshape(reader.transpose(y, [0, 2, 1, 3]), [batch, rows, product(count, width)]));
};

/** 0 where the mask holds, elsewhere a number that no score outweighs. */
function additive(reader: Reader, mask: Tensor, dataType: DataType): Tensor {
  const lowest = dataType === 'float16' ? -30000 : -1e30;
  const zeros = reader.add('expand', [reader.scalar(dataType, 0)], { shape: mask.shape });
  return reader.add('select', [mask, zeros, reader.scalar(dataType, lowest)], {});
}

export const layers: { readonly [opType: string]: Read } = {
  MatMul: (reader) => ofTensor(product2(reader)),
  Gemm: gemm,
  Softmax: softmax,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  ReduceSum: reduce('sum'),
  ReduceMean: reduce('mean'),
  ReduceMax: reduce('max'),
  ReduceMin: reduce('min'),
  ReduceProd: reduce('prod'),
  ReduceL1: reduce('sum', 'abs'),
  ReduceL2: reduce('sum', 'square', 'sqrt'),
  ReduceSumSquare: reduce('sum', 'square'),
  CumSum: cumulativeSum,
  TopK: topK,
  ArgMax: argExtreme(true),
  ArgMin: argExtreme(false),
  Conv: convolution,
  MaxPool: pooling('max'),
  AveragePool: pooling('average'),
  GlobalAveragePool: globalPooling('mean'),
  GlobalMaxPool: globalPooling('max'),
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  Attention: attention,
};
