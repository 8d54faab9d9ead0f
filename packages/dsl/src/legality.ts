import type { DataType } from './data-type.ts';
import type { Node, OpName } from './node.ts';
import type { Tensor } from './tensor.ts';

/** What a graph can be meant for. `onnxruntime` is its CPU, reached through @trt-dsl/onnx-backend. */
export type Product = 'tensorrt' | 'tensorrt-rtx' | 'onnxruntime';

/** A product and, except for ONNX Runtime, its version: `tensorrt-10.6`, `tensorrt-11.2.0`, `tensorrt-rtx-1.7`. */
export type Target = `tensorrt-${string}` | `tensorrt-rtx-${string}` | 'onnxruntime';

/** The versions of a product for which a rule holds: all of them, or from one on and below another. */
export interface Versions {
  readonly product: Product;
  readonly from?: readonly [major: number, minor: number];
  readonly below?: readonly [major: number, minor: number];
}

/** A tensor of a layer, by its place. */
export type Slot = `input ${number}` | `output ${number}`;

/** What layers of some ops have to satisfy on some products. Only the conditions that are given count. */
export interface Rule {
  readonly on: readonly Versions[];
  readonly ops: readonly OpName[];
  /** the op does not exist there */
  readonly never?: true;
  /** the tensor that the conditions below are about */
  readonly tensor?: Slot;
  /** the rule is about tensors of these types only */
  readonly when?: readonly DataType[];
  /** types the tensor may have */
  readonly types?: readonly DataType[];
  /** least number of axes */
  readonly leastRank?: number;
  /** the tensor is a constant */
  readonly constant?: true;
  /** the tensor has the type of this one */
  readonly typeOf?: Slot;
  /** only layers of these ops use the tensor, and it is no output of the graph */
  readonly usedBy?: readonly OpName[];
  /** no tensor of the graph has this type */
  readonly nowhere?: DataType;
  /** the tensor is an output of the graph, not only one between layers */
  readonly isOutput?: true;
  /** a condition that the others cannot say, for a fault of one version: layers of which it is true are refused */
  readonly offends?: (node: Node, constants: ReadonlySet<Tensor>) => boolean;
  /** the largest value of a numeric attribute */
  readonly most?: readonly [attribute: string, value: number];
  /** what to do about it */
  readonly advice: string;
}

const tensorrt10: Versions = { product: 'tensorrt', below: [11, 0] };
const allTensorrt: readonly Versions[] = [{ product: 'tensorrt' }, { product: 'tensorrt-rtx' }];

/** Types whose elements TensorRT moves about. */
const movable: readonly DataType[] = ['float32', 'float16', 'bfloat16', 'int8', 'int32', 'int64', 'bool'];
const castable: readonly DataType[] = [...movable, 'uint8'];

/**
 * What is legal where, beyond what the DSL's own shape rules refuse everywhere. Whatever no rule speaks of is legal: the
 * backends lower every op to what the product has (attention before IAttention of 10.14, topK of one axis, softmax and
 * sums of half types), and ONNX Runtime's backend computes in float32 where its CPU lacks a kernel.
 *
 * Found by building each op with each type on TensorRT-RTX 1.7 and with ONNX Runtime 1.30, which a test repeats, and for
 * TensorRT 10.6 on an H200 (npm run test:gpu).
 */
export const legality: readonly Rule[] = [
  {
    on: [{ product: 'tensorrt-rtx' }, { product: 'onnxruntime' }],
    ops: ['plugin'],
    never: true,
    advice: 'it has no plugins: withoutPlugins(graph) puts the decomposition in their place',
  },
  {
    on: allTensorrt,
    ops: ['slice', 'expand', 'gather', 'select'],
    tensor: 'output 0',
    types: movable,
    advice: 'addCast it to another type before, or dequantize it',
  },
  {
    on: [tensorrt10],
    ops: ['slice', 'expand', 'select'],
    tensor: 'output 0',
    types: movable.filter((type) => type !== 'int8'),
    advice: 'dequantize it before',
  },
  {
    on: [tensorrt10],
    ops: ['input'],
    tensor: 'output 0',
    when: ['float8'],
    usedBy: ['dequantize', 'shuffle', 'concatenation', 'plugin'],
    advice: 'TensorRT 10 does not hand a float8 input on as an output',
  },
  {
    on: allTensorrt,
    ops: ['shuffle', 'concatenation'],
    tensor: 'output 0',
    types: [...movable, 'float8'],
    advice: 'addCast it to another type before',
  },
  {
    on: allTensorrt,
    ops: ['cast'],
    tensor: 'input 0',
    types: castable,
    advice: 'float8 becomes another type by addDequantize',
  },
  {
    on: allTensorrt,
    ops: ['cast'],
    tensor: 'output 0',
    types: castable,
    advice: 'what becomes float8 does so by addQuantize',
  },
  {
    on: allTensorrt,
    ops: ['cast'],
    tensor: 'output 0',
    when: ['uint8'],
    isOutput: true,
    advice: 'TensorRT has uint8 at the borders of a network only: mark it as an output, or go through int32',
  },
  {
    on: allTensorrt,
    ops: ['constant'],
    tensor: 'output 0',
    types: [...movable, 'float8'],
    advice: 'give the weights as int32 and addCast them',
  },
  {
    on: allTensorrt,
    ops: ['constant'],
    tensor: 'output 0',
    when: ['int8', 'float8'],
    usedBy: ['dequantize', 'plugin'],
    advice: 'a quantized constant feeds addDequantize only',
  },
  {
    on: allTensorrt,
    ops: ['topK'],
    most: ['k', 3840],
    advice: 'TensorRT takes k ≤ 3840',
  },
  {
    on: allTensorrt,
    ops: ['quantize', 'dequantize'],
    tensor: 'input 0',
    leastRank: 1,
    advice: 'a scalar is not quantized: addUnsqueeze it',
  },
  ...(['quantize', 'dequantize'] as const).map(
    (op): Rule => ({
      on: [tensorrt10],
      ops: [op],
      tensor: op === 'quantize' ? 'output 0' : 'input 0',
      when: ['float8'],
      nowhere: 'int8',
      advice: 'TensorRT 10 has no network with both int8 and float8: quantize to one of them',
    }),
  ),
  {
    on: [tensorrt10],
    ops: ['quantize'],
    offends: (node, constants) => {
      const { axis, dataType } = (node as Node<'quantize'>).attributes;
      const [x] = node.inputs as readonly [Tensor];
      if (axis === undefined || constants.has(x)) return false;
      const shape = x.shape as readonly unknown[];
      const fixed = shape.length === 4 && shape.every((size) => typeof size === 'number');
      return (
        (dataType === 'int8' && shape.length === 1) || (x.dataType === 'float16' && (dataType === 'int8' || fixed))
      );
    },
    advice:
      'TensorRT 10.6 cannot, or computes it wrongly: give one scale, or addCast to float32 before and float16 after',
  },
  {
    on: [tensorrt10],
    ops: ['quantize', 'dequantize'],
    tensor: 'input 1',
    constant: true,
    advice: 'the scale has to be a constant: give a number or weights',
  },
  {
    on: [tensorrt10],
    ops: ['quantize'],
    tensor: 'input 1',
    typeOf: 'input 0',
    advice: "the scale has to have the input's type: give a number or weights, which adopt it",
  },
];
