import { type Dim, type Lowerings, type Node, product, type Tensor } from '@trt-dsl/dsl';
import type { ITensor } from '../types.ts';
import { lowerAttention } from './attention.ts';
import { type Context, isOpen, staticDims } from './context.ts';
import { lowerCumulativeSum } from './cumulative.ts';
import { nvDataTypes } from './data-types.ts';
import * as operations from './operations.ts';
import { lowerPlugin } from './plugin.ts';
import { lowerRange } from './range.ts';
import { constantValue, lazyValue, type Maker, tensorValue, type Value } from './value.ts';
import { inFloat32, isHalf, isResidual, widened, withWideSums } from './wide.ts';

/** A lowering with one output tensor. */
type Single<N extends Node> = (node: N, inputs: readonly Value[], context: Context) => ITensor;

/** Wraps the tensor that a layer makes. */
const single =
  <N extends Node>(lower: Single<N>, maker?: Maker) =>
  (node: N, inputs: readonly Value[], context: Context): readonly Value[] => {
    const value = outputValue(context, lower(node, inputs, context), node.outputs[0]!);
    return [maker === undefined ? value : { ...value, maker }];
  };

function outputValue(context: Context, tensor: ITensor, output: Tensor): Value {
  context.remember(tensor, output.shape as readonly Dim[]);
  return tensorValue(context, tensor, (output.shape as readonly Dim[]).length);
}

const own = (value: Value): ITensor => value.at(value.rank);
/** All values with as many axes as the one that has most. */
const sameRank = (values: readonly Value[]): ITensor[] => {
  const rank = Math.max(...values.map((value) => value.rank));
  return values.map((value) => value.at(rank));
};
const mask = (axes: readonly number[]): number => axes.reduce((bits, axis) => bits | (1 << axis), 0);
const shapeOf = (tensor: Tensor): readonly Dim[] => tensor.shape as readonly Dim[];
/**
 * What ITopKLayer takes instead of x: it wants two axes or more, and the axis among the last four; axes behind one that
 * is further in front become one.
 */
function topKOperand(
  node: Node<'topK'>,
  x: Value,
  context: Context,
): { readonly tensor: ITensor; readonly at: number } {
  const { axis } = node.attributes;
  if (x.rank === 1) return { tensor: x.at(2), at: 1 };
  if (x.rank - axis <= 4) return { tensor: own(x), at: axis };
  const shape = shapeOf(node.inputs[0]!);
  const merged = [...shape.slice(0, axis + 1), product(...shape.slice(axis + 1))];
  return { tensor: context.reshape(own(x), merged, `${node.name}:merged`), at: axis };
}

/** What every op becomes in nvinfer1. */
export const lowerings: Lowerings<Context, Value> = {
  input: single((node, _, context) => {
    const { dataType, shape } = node.attributes;
    const tensor = context.network.addInput(node.name, nvDataTypes[dataType], staticDims(shape));
    shape.forEach((size, axis) => {
      if (isOpen(size)) tensor.setDimensionName(axis, String(size));
    });
    context.inputs.set(node.name, tensor);
    return tensor;
  }),
  constant: (node, _, context) => [constantValue(context, node.name, node.attributes.weights)],
  range: single((node, _, context) => lowerRange(node, context)),
  matmul: single((node, inputs, context) => {
    const { transposeA, transposeB } = node.attributes;
    const operation = (transposed: boolean) => (transposed ? 'TRANSPOSE' : 'NONE');
    const multiply = ([a, b]: readonly ITensor[], name: string): ITensor =>
      context.named(
        context.network.addMatrixMultiply(a!, operation(transposeA), b!, operation(transposeB)),
        name,
        shapeOf(node.outputs[0]!),
      );
    return withWideSums(node, inputs, sameRank(inputs), context, multiply);
  }, 'matmul'),
  gather: single((node, [data, indices], context) =>
    context.named(context.network.addGather(own(data!), own(indices!), node.attributes.axis), node.name),
  ),
  shuffle: (node, [x], context) => {
    const { firstTranspose, reshape, secondTranspose } = node.attributes;
    const layer = context.network.addShuffle(own(x!));
    const from = shapeOf(node.inputs[0]!);
    if (firstTranspose) layer.setFirstTranspose(firstTranspose);
    if (reshape) context.setReshape(layer, reshape, firstTranspose ? firstTranspose.map((axis) => from[axis]!) : from);
    if (secondTranspose) layer.setSecondTranspose(secondTranspose);
    const value = outputValue(context, context.named(layer, node.name), node.outputs[0]!);
    return [x!.maker === 'matmul' ? { ...value, maker: x!.maker } : value];
  },
  concatenation: single((node, inputs, context) => {
    const tensors = inputs.map(own);
    // Of nothing but such weights neither TensorRT-RTX 1.7 nor, by its message, 10.6 makes an engine.
    if (inputs.every(({ unpacked }) => unpacked))
      tensors[0] = context.apart(tensors[0]!, node.outputs[0]!.dataType, `${node.name}:apart`);
    const layer = context.network.addConcatenation(tensors);
    layer.setAxis(node.attributes.axis);
    return context.named(layer, node.name);
  }),
  slice: single((node, [x], context) => {
    const { start, size, stride } = node.attributes;
    // TensorRT 10.6 makes zeros of such slices: of bfloat16 maxima, of products of one row in every type, and others.
    const zeros = x!.maker === 'reduce' || (x!.maker === 'matmul' && stride.some((step) => step !== 1));
    const { dataType } = node.inputs[0]!;
    const operand = zeros ? context.apart(own(x!), dataType, `${node.name}:apart`) : own(x!);
    const layer = context.network.addSlice(operand, placeholders(start), placeholders(size), stride);
    if (start.some(isOpen)) layer.setInput(1, context.shapeTensor(start));
    if (size.some(isOpen)) layer.setInput(2, context.shapeTensor(size));
    return context.named(layer, node.name);
  }),
  expand: single((node, [x], context) => {
    const { shape } = node.attributes;
    const from = shapeOf(node.inputs[0]!);
    const lifted = [...Array<Dim>(shape.length - from.length).fill(1), ...from];
    const stride = shape.map((_, axis) => (lifted[axis] === 1 ? 0 : 1));
    const zeros = shape.map(() => 0);
    const layer = context.network.addSlice(x!.at(shape.length), zeros, placeholders(shape), stride);
    if (shape.some(isOpen)) layer.setInput(2, context.shapeTensor(shape));
    return context.named(layer, node.name);
  }),
  select: single((node, inputs, context) => {
    const [condition, a, b] = sameRank(inputs) as [ITensor, ITensor, ITensor];
    return context.named(context.network.addSelect(condition, a, b), node.name);
  }),
  cast: single((node, [x], context) =>
    context.named(context.network.addCast(own(x!), nvDataTypes[node.attributes.dataType]), node.name),
  ),
  shape: single((node, [x], context) => {
    const shape = shapeOf(node.inputs[0]!);
    // Not of x: TensorRT-RTX 1.7 makes no engine of attention of which nothing but the shape is used.
    const layer =
      shape.length === 0 ? context.network.addShape(own(x!)) : context.network.addIdentity(context.shapeTensor(shape));
    return context.named(layer, node.name);
  }),
  softmax: single((node, [x], context) => {
    const rank = Math.max(x!.rank, 2);
    const probabilities = inFloat32(
      node,
      () => x!.at(rank),
      context,
      (wide, name) => {
        const layer = context.network.addSoftMax(wide);
        layer.setAxes(1 << (node.attributes.axis + rank - x!.rank));
        return context.named(layer, name);
      },
    );
    return x!.rank === rank
      ? probabilities
      : context.reshape(probabilities, shapeOf(node.outputs[0]!), `${node.name}:rank_1`);
  }),
  layerNorm: single((node, [x, gamma, beta], context) => {
    const rank = Math.max(x!.rank, 2);
    const normalize = (wide: ITensor, name: string): ITensor => {
      const layer = context.network.addNormalization(wide, gamma!.at(rank), beta!.at(rank), 1 << (rank - 1));
      layer.setEpsilon(node.attributes.epsilon);
      return context.named(layer, name);
    };
    const wide = x!.rank === rank ? x!.wide : undefined;
    const normalized = inFloat32(node, () => x!.at(rank), context, normalize, wide);
    return x!.rank === rank
      ? normalized
      : context.reshape(normalized, shapeOf(node.outputs[0]!), `${node.name}:rank_1`);
  }),
  reduce: single((node, [x], context) => {
    const { operation, axes, keepDimensions } = node.attributes;
    const compute = (input: ITensor, name: string): ITensor =>
      context.named(context.network.addReduce(input, operations.reduce[operation], mask(axes), keepDimensions), name);
    const exact = operation === 'max' || operation === 'min';
    return exact ? compute(own(x!), node.name) : inFloat32(node, () => own(x!), context, compute);
  }, 'reduce'),
  cumulativeSum: single((node, [x], context) => lowerCumulativeSum(node, x!, context)),
  topK: (node, [x], context) => {
    const { k, largest } = node.attributes;
    const { tensor, at } = topKOperand(node, x!, context);
    const layer = context.network.addTopK(tensor, largest ? 'MAX' : 'MIN', k, 1 << at);
    layer.setName(node.name);
    return node.outputs.map((output, i) => {
      const found = context.nameTensor(layer.getOutput(i), output.name);
      const value =
        tensor === own(x!) ? found : context.reshape(found, shapeOf(output), `${output.name}:rank_${x!.rank}`);
      return outputValue(context, value, output);
    });
  },
  elementwise: (node, inputs, context) => {
    const [output] = node.outputs as readonly [Tensor];
    const operation = operations.elementWise[node.attributes.operation];
    const compute = ([a, b]: readonly ITensor[], name: string): ITensor =>
      context.named(context.network.addElementWise(a!, b!, operation), name, shapeOf(output));
    const rounded = (): Value => outputValue(context, compute(sameRank(inputs), node.name), output);
    if (!isResidual(node, inputs)) return [rounded()];
    const wide = (): ITensor => compute(widened(node, sameRank(inputs), context), `${node.name}:float32`);
    return [lazyValue(shapeOf(output).length, rounded, wide)];
  },
  unary: single((node, [x], context) =>
    context.named(context.network.addUnary(own(x!), operations.unary[node.attributes.operation]), node.name),
  ),
  activation: single((node, [x], context) =>
    context.named(context.network.addActivation(own(x!), operations.activation[node.attributes.type]), node.name),
  ),
  convolution: single((node, inputs, context) => {
    const { stride, padding, dilation, groups } = node.attributes;
    const [filters, , ...window] = shapeOf(node.inputs[1]!) as readonly [number, number, number, number];
    const convolve = ([x, kernel, bias]: readonly ITensor[], name: string): ITensor => {
      const layer = context.network.addConvolutionNd(x!, filters, window, null, null);
      layer.setStrideNd(stride);
      layer.setPaddingNd(padding);
      layer.setDilationNd(dilation);
      layer.setNbGroups(groups);
      layer.setInput(1, kernel!);
      if (bias) layer.setInput(2, bias);
      return context.named(layer, name, shapeOf(node.outputs[0]!));
    };
    return withWideSums(node, inputs, inputs.map(own), context, convolve);
  }),
  pooling: single((node, [x], context) => {
    const { operation, window, stride, padding, includePadding } = node.attributes;
    const layer = context.network.addPoolingNd(own(x!), operations.pooling[operation], window);
    layer.setStrideNd(stride);
    layer.setPaddingNd(padding);
    if (operation === 'average') layer.setAverageCountExcludesPadding(!includePadding);
    return context.named(layer, node.name);
  }),
  attention: single((node, inputs, context) => lowerAttention(node, inputs, context)),
  quantize: single((node, [x, scale], context) => {
    const { dataType, axis } = node.attributes;
    const from = node.inputs[0]!.dataType;
    // TensorRT 10.6 makes one layer of a dequantize and a quantize by another scale, and takes a half type's scales wrongly.
    const wrong = x!.maker === 'dequantize' && isHalf(from);
    const operand = wrong ? context.apart(own(x!), from, `${node.name}:apart`) : own(x!);
    const layer = context.network.addQuantize(operand, own(scale!), nvDataTypes[dataType]);
    if (axis !== undefined) layer.setAxis(axis);
    return context.named(layer, node.name);
  }),
  dequantize: (node, [x, scale], context) => {
    const { dataType, axis } = node.attributes;
    const layer = context.network.addDequantize(own(x!), own(scale!), nvDataTypes[dataType]);
    if (axis !== undefined) layer.setAxis(axis);
    const value = outputValue(context, context.named(layer, node.name), node.outputs[0]!);
    return [{ ...value, maker: 'dequantize', unpacked: x!.weights !== undefined }];
  },
  plugin: (node, inputs, context) =>
    lowerPlugin(node, inputs, context).map((tensor, i) => outputValue(context, tensor, node.outputs[i]!)),
};

/** Numbers that stand where a shape tensor will: TensorRT wants the rank to be right. */
const placeholders = (shape: readonly Dim[]): readonly number[] =>
  shape.map((size) => (typeof size === 'number' ? size : 1));
