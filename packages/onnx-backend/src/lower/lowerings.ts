import { type Lowerings, type Node, TrtDslError } from '@trt-dsl/dsl';
import { onnxTypes } from '../onnx-types.ts';
import { lowerAttention } from './attention.ts';
import type { NodeAttributes } from './attributes.ts';
import { float } from './attributes.ts';
import type { Context } from './context.ts';
import { lowerDivision } from './division.ts';
import { lowerDequantize, lowerQuantize } from './quantize.ts';
import { lowerRange } from './range.ts';
import { lowerExpand, lowerShuffle, lowerSlice } from './shapes.ts';
import { lowerTopK } from './topk.ts';
import { transposeLast } from './transpose.ts';

const elementwiseOps = {
  sum: 'Add',
  sub: 'Sub',
  prod: 'Mul',
  div: 'Div',
  pow: 'Pow',
  min: 'Min',
  max: 'Max',
  equal: 'Equal',
  less: 'Less',
  greater: 'Greater',
  and: 'And',
  or: 'Or',
} as const;

const unaryOps = {
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  recip: 'Reciprocal',
  abs: 'Abs',
  neg: 'Neg',
  erf: 'Erf',
  not: 'Not',
} as const;

const activationOps: Record<
  Node<'activation'>['attributes']['type'],
  readonly [opType: string, attributes?: NodeAttributes]
> = {
  relu: ['Relu'],
  sigmoid: ['Sigmoid'],
  tanh: ['Tanh'],
  geluErf: ['Gelu', { approximate: 'none' }],
  geluTanh: ['Gelu', { approximate: 'tanh' }],
};

const reduceOps = { sum: 'ReduceSum', mean: 'ReduceMean', max: 'ReduceMax', min: 'ReduceMin', prod: 'ReduceProd' };

/**
 * What each op of the DSL becomes in ONNX, opset 21. A value is the name of an ONNX tensor. Types without a kernel are
 * the context's business (kernels.ts), so an entry says only which ops compute the layer.
 */
export const lowerings: Lowerings<Context, string> = {
  input: (node, _, context) => [context.declare(node.outputs[0]!.name, node.attributes.dataType)],
  constant: (node, _, context) => [context.initializer(context.outputs[0]!.name, node.attributes.weights)],
  range: lowerRange,
  cast: (node, [x], context) => context.result('Cast', [x!], { to: onnxTypes[node.attributes.dataType] }),

  elementwise: (node, inputs, context) =>
    node.attributes.operation === 'div'
      ? lowerDivision(node, inputs, context)
      : context.result(elementwiseOps[node.attributes.operation], inputs),
  unary: (node, inputs, context) => context.result(unaryOps[node.attributes.operation], inputs),
  activation: (node, inputs, context) => {
    const [opType, attributes] = activationOps[node.attributes.type];
    return context.result(opType, inputs, attributes);
  },
  select: (_, inputs, context) => context.result('Where', inputs),

  matmul: (node, inputs, context) => {
    const { transposeA, transposeB } = node.attributes;
    const [a, b] = node.inputs.map((tensor, i) =>
      (i === 0 ? transposeA : transposeB) ? transposeLast(inputs[i]!, tensor.shape.length, context) : inputs[i]!,
    );
    return context.result('MatMul', [a!, b!]);
  },
  softmax: (node, inputs, context) => context.result('Softmax', inputs, { axis: node.attributes.axis }),
  layerNorm: (node, inputs, context) =>
    context.result('LayerNormalization', inputs, { axis: -1, epsilon: float(node.attributes.epsilon) }),
  reduce: (node, [x], context) => {
    const { operation, axes, keepDimensions } = node.attributes;
    return context.result(reduceOps[operation], [x!, context.integers(axes)], { keepdims: Number(keepDimensions) });
  },
  cumulativeSum: (node, [x], context) => {
    const { axis, exclusive, reverse } = node.attributes;
    const attributes = { exclusive: Number(exclusive), reverse: Number(reverse) };
    return context.result('CumSum', [x!, context.scalar('int64', axis)], attributes);
  },
  attention: lowerAttention,
  topK: lowerTopK,

  shuffle: lowerShuffle,
  slice: lowerSlice,
  expand: lowerExpand,
  concatenation: (node, inputs, context) => context.result('Concat', inputs, { axis: node.attributes.axis }),
  gather: (node, inputs, context) => context.result('Gather', inputs, { axis: node.attributes.axis }),
  shape: (_, inputs, context) => context.result('Shape', inputs),

  convolution: (node, inputs, context) => {
    const { stride, padding, dilation, groups } = node.attributes;
    return context.result('Conv', inputs, {
      kernel_shape: node.inputs[1]!.shape.slice(2) as number[],
      strides: stride,
      pads: [...padding, ...padding],
      dilations: dilation,
      group: groups,
    });
  },
  pooling: (node, inputs, context) => {
    const { operation, window, stride, padding, includePadding } = node.attributes;
    const common = { kernel_shape: window, strides: stride, pads: [...padding, ...padding] };
    if (operation === 'max') return context.result('MaxPool', inputs, common);
    return context.result('AveragePool', inputs, { ...common, count_include_pad: Number(includePadding) });
  },

  quantize: lowerQuantize,
  dequantize: lowerDequantize,
  plugin: (node) => {
    throw new TrtDslError('unsupported', `${node.name}: ONNX has no plugins; lower the graph without them`);
  },
};
