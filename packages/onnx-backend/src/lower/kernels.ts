import { type DataType, dataTypeNames } from '@trt-dsl/dsl';

/**
 * For whom a model is: `cpu` computes in float32 between casts what ONNX Runtime's CPU has no kernel for; `portable`
 * does so only where the ONNX standard itself lacks the type.
 */
export type OnnxTarget = 'cpu' | 'portable';

type Types = readonly DataType[];
interface Kernel {
  /** which inputs are of the type that counts; all of them by default */
  readonly inputs?: readonly number[];
  /** types in which a portable model computes: opset 21 takes them, and they are what the DSL's layer promises */
  readonly portable: Types;
  /** types that ONNX Runtime 1.30's CPU has a kernel for; of float16 only where it inserts no casts of its own, which
   * would not round between two layers */
  readonly cpu: Types;
}

const all: Types = dataTypeNames;
const without = (...types: DataType[]): Types => all.filter((type) => !types.includes(type));
const float: Types = ['float32'];
const floats: Types = ['float32', 'float16', 'bfloat16'];
const numbers: Types = ['float32', 'int8', 'uint8', 'int32', 'int64'];

const arithmetic: Kernel = { portable: without('float8', 'bool'), cpu: numbers };
const extremum: Kernel = { portable: without('float8', 'bool'), cpu: [...numbers, 'float16'] };
const floatOp: Kernel = { portable: floats, cpu: float };
/** Computed in float32 and rounded once, whatever the type. */
const precise: Kernel = { portable: float, cpu: float };
const movement: Kernel = { inputs: [0], portable: without('float8'), cpu: without('float8') };
const reduction: Kernel = { inputs: [0], portable: ['float32', 'int32', 'int64'], cpu: ['float32', 'int32', 'int64'] };
const window: Kernel = { portable: ['float32', 'float16'], cpu: float };

/** What was found by making a model of each op in each type; ops that take every type are not in it. */
const kernels: { readonly [opType: string]: Kernel } = {
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
  Pow: arithmetic,
  Abs: arithmetic,
  Neg: arithmetic,
  Min: extremum,
  Max: extremum,
  Equal: { portable: without('float8'), cpu: [...numbers, 'bool'] },
  Less: arithmetic,
  Greater: arithmetic,
  Exp: floatOp,
  Log: floatOp,
  Sqrt: floatOp,
  Reciprocal: floatOp,
  Erf: floatOp,
  Relu: floatOp,
  Sigmoid: floatOp,
  Tanh: floatOp,
  Gelu: precise,
  Softmax: precise,
  LayerNormalization: precise,
  MatMul: floatOp,
  ReduceSum: reduction,
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  CumSum: reduction,
  TopK: { inputs: [0], portable: ['float32', 'float16', 'int32', 'int64'], cpu: ['float32', 'int32', 'int64'] },
  Expand: { ...movement, cpu: without('float8', 'bfloat16') },
  Slice: movement,
  Gather: movement,
  Concat: { portable: without('float8'), cpu: without('float8') },
  Where: { inputs: [1, 2], portable: without('float8'), cpu: ['float32', 'uint8', 'int32', 'int64'] },
  Conv: window,
  MaxPool: window,
  AveragePool: window,
  QuantizeLinear: floatOp,
  DequantizeLinear: { inputs: [1], ...floatOp },
};

/** The type that takes the place of one without a kernel; every value of it is exact there. */
const wider: { readonly [D in DataType]?: DataType } = {
  float16: 'float32',
  bfloat16: 'float32',
  float8: 'float32',
  int8: 'int32',
  bool: 'uint8',
};

/** Which of an op's inputs have to be in another type, and in which. */
export function kernelType(
  target: OnnxTarget,
  opType: string,
  types: readonly DataType[],
): { readonly inputs: readonly number[]; readonly from: DataType; readonly to: DataType } | undefined {
  const kernel = kernels[opType];
  if (!kernel) return undefined;
  const inputs = kernel.inputs ?? types.map((_, i) => i);
  const from = types[inputs[0]!]!;
  if (kernel[target].includes(from)) return undefined;
  return { inputs, from, to: wider[from] ?? from };
}
