import {
  type Attributes,
  broadcastShapes,
  type DataType,
  dataTypes,
  equalShapes,
  floatTypes,
  type Tensor,
  Weights,
} from '@trt-dsl/dsl';
import { dataTypeOf, onnxTypeName } from '../../onnx-types.ts';
import { binaryFolds, foldBinary, foldUnary, foldWhere, round } from '../fold.ts';
import type { Read, Reader } from '../reader.ts';
import { known, knownOf, ofTensor, shapeOf, stored, typeOf, type Value } from '../values.ts';

type Operation = Attributes['elementwise']['operation'];

/** ONNX's op, the DSL's operation, and the operation with the operands exchanged, if there is one. */
const binaryOps: { readonly [opType: string]: readonly [Operation, Operation?] } = {
  Add: ['sum', 'sum'],
  Sub: ['sub'],
  Mul: ['prod', 'prod'],
  Div: ['div'],
  Pow: ['pow'],
  Min: ['min', 'min'],
  Max: ['max', 'max'],
  Equal: ['equal', 'equal'],
  Less: ['less', 'greater'],
  Greater: ['greater', 'less'],
  And: ['and', 'and'],
  Or: ['or', 'or'],
};

/** A layer of two operands, the second one broadcast to the first one's rank: exchanged or given more axes. */
function combine(reader: Reader, opType: string, a: Value, b: Value): Tensor {
  const [operation, exchanged] = binaryOps[opType]!;
  const rank = shapeOf(b).length;
  const add = (x: Tensor, y: Tensor, as: Operation): Tensor => reader.add('elementwise', [x, y], { operation: as });
  if (rank > shapeOf(a).length && exchanged) return add(reader.materialize(b), reader.materialize(a), exchanged);
  const x = reader.raised(a, rank);
  // ONNX's Pow takes exponents of any type.
  return add(x, opType === 'Pow' ? asType(reader, b, x.dataType) : reader.materialize(b), operation);
}

const binary = (reader: Reader, opType: string, a: Value, b: Value): Value =>
  foldValues(opType, a, b) ??
  withConstant(opType, a, b) ??
  withConstant(opType, b, a) ??
  ofTensor(combine(reader, opType, a, b));

function asType(reader: Reader, value: Value, type: DataType): Tensor {
  const numbers = typeOf(value) === type ? undefined : knownOf(value);
  if (numbers) return reader.materialize(known(type, numbers.shape, numbers.values));
  return reader.cast(reader.materialize(value), type);
}

function foldValues(opType: string, a: Value, b: Value): Value | undefined {
  if (!binaryFolds[opType]) return undefined;
  const [x, y] = [knownOf(a), knownOf(b)];
  return x && y ? foldBinary(opType, x, y) : undefined;
}

/** What one constant number decides by itself. */
function withConstant(opType: string, x: Value, constant: Value): Value | undefined {
  const number = constant.kind === 'full' ? constant.value : singleNumber(constant);
  if (number === undefined) return undefined;
  const shape = broadcastShapes(shapeOf(x), shapeOf(constant));
  const keeps = shape && equalShapes(shape, shapeOf(x));
  if ((opType === 'And' && number === 1) || (opType === 'Or' && number === 0)) return keeps ? x : undefined;
  // An index is never negative.
  if (opType === 'GreaterOrEqual' && x.kind === 'grid' && number <= 0 && shape)
    return { kind: 'full', type: 'bool', shape, value: 1 };
  return undefined;
}

function singleNumber(value: Value): number | undefined {
  const all = knownOf(value)?.values;
  return all?.length === 1 && typeof all[0] === 'number' ? all[0] : undefined;
}

const plain: Read = (reader) => {
  const first = reader.input(0);
  return reader.inputs
    .slice(1)
    .reduce<Value>((a, _, i) => binary(reader, reader.opType, a, reader.input(i + 1)), first);
};

/** Less or equal, greater or equal: for floats both comparisons, as NaN is neither; for integers not the opposite one. */
const orEqual =
  (comparison: 'Less' | 'Greater', opposite: 'Less' | 'Greater'): Read =>
  (reader) => {
    const [a, b] = [reader.input(0), reader.input(1)];
    const folded = foldValues(reader.opType, a, b) ?? withConstant(reader.opType, a, b);
    if (folded) return folded;
    const isFloat = floatTypes.includes(typeOf(a) as DataType);
    const tensors = (isFloat ? [comparison, 'Equal'] : [opposite]).map((opType) => combine(reader, opType, a, b));
    return ofTensor(
      isFloat
        ? reader.add('elementwise', tensors, { operation: 'or' })
        : reader.add('unary', tensors, { operation: 'not' }),
    );
  };

const unary =
  (operation: Attributes['unary']['operation']): Read =>
  (reader) => {
    const numbers = knownOf(reader.input(0));
    const folded = numbers && foldUnary(reader.opType, numbers);
    return folded ?? ofTensor(reader.add('unary', [reader.tensor(0)], { operation }));
  };

const activation =
  (type: Attributes['activation']['type']): Read =>
  (reader) =>
    ofTensor(reader.add('activation', [reader.tensor(0)], { type }));

const foldOnly =
  (opType: string): Read =>
  (reader) => {
    const numbers = reader.inputs.map((value) => (value ? knownOf(value) : undefined));
    const [a, b] = numbers;
    const folded = a && (b ? foldBinary(opType, a, b) : foldUnary(opType, a));
    return folded ?? reader.fail('the DSL has no such layer');
  };

const cast: Read = (reader) => {
  const to = reader.opType === 'CastLike' ? undefined : reader.int('to', 0);
  const type = to === undefined ? typeOf(reader.input(1)) : to === 11 ? 'float64' : dataTypeOf(to);
  if (type === undefined) return reader.fail(`${onnxTypeName(to)} is not in the DSL`);
  if (type === 'float8' && reader.int('saturate', 1) === 0) return reader.fail('saturate = 0 is not in the DSL');
  const x = reader.input(0);
  if (typeOf(x) === type) return x;
  const numbers = knownOf(x);
  if (numbers)
    return known(
      type,
      numbers.shape,
      numbers.values.map((value) => round(type, value)),
    );
  if (type === 'float64') return reader.fail('float64 is not in the DSL');
  if (x.kind === 'weights' && type.includes('float') && typeOf(x).includes('float'))
    return stored(castWeights(x.weights, type), x.transposed);
  return ofTensor(reader.cast(reader.tensor(0), type));
};

/** Weights in another float type. A narrower one is cut for good: weights that `as` converted remember what they were. */
function castWeights(weights: Weights, type: DataType): Weights {
  const cast = weights.as(type);
  if (dataTypes[type].bytes > dataTypes[weights.dataType].bytes) return cast;
  const { name, shape } = cast;
  return Weights.from({ name, dataType: type, shape: shape as readonly number[], read: () => cast.bytes() });
}

const where: Read = (reader) => {
  const [condition, a, b] = [0, 1, 2].map((i) => reader.input(i)) as [Value, Value, Value];
  const [c, x, y] = [condition, a, b].map(knownOf);
  const folded = c && x && y ? foldWhere(c, x, y) : undefined;
  if (folded) return folded;
  const rank = Math.max(...[condition, a, b].map((value) => shapeOf(value).length));
  const tensors = [reader.materialize(condition), reader.raised(a, rank), reader.materialize(b)];
  return ofTensor(reader.add('select', tensors, {}));
};

/** x between two bounds, either of which may be missing; opset 6 has them as attributes. */
const clip: Read = (reader) => {
  let x = reader.tensor(0);
  const bounds = [
    ['min', 1, 'max'],
    ['max', 2, 'min'],
  ] as const;
  for (const [name, i, operation] of bounds) {
    const bound = reader.has(name)
      ? reader.scalar(x.dataType, reader.float(name, 0))
      : reader.optional(i) && reader.tensor(i);
    if (bound) x = reader.add('elementwise', [x, bound], { operation });
  }
  return ofTensor(x);
};

/** NaN is the only number that does not equal itself. */
const notANumber: Read = (reader) => {
  const x = reader.tensor(0);
  const same = reader.add('elementwise', [x, x], { operation: 'equal' });
  return ofTensor(reader.add('unary', [same], { operation: 'not' }));
};

const passOn: Read = (reader) => reader.input(0);

const dropout: Read = (reader) => {
  const training = reader.optional(2);
  if (training && knownOf(training)?.values[0] !== 0)
    return reader.fail('training is not in the DSL: export the model in eval()');
  return reader.input(0);
};

export const arithmetic: { readonly [opType: string]: Read } = {
  ...Object.fromEntries(Object.keys(binaryOps).map((opType) => [opType, plain])),
  Sum: (reader) =>
    reader.inputs.slice(1).reduce<Value>((a, _, i) => binary(reader, 'Add', a, reader.input(i + 1)), reader.input(0)),
  LessOrEqual: orEqual('Less', 'Greater'),
  GreaterOrEqual: orEqual('Greater', 'Less'),
  Exp: unary('exp'),
  Log: unary('log'),
  Sqrt: unary('sqrt'),
  Reciprocal: unary('recip'),
  Abs: unary('abs'),
  Neg: unary('neg'),
  Erf: unary('erf'),
  Not: unary('not'),
  Relu: activation('relu'),
  Sigmoid: activation('sigmoid'),
  Tanh: activation('tanh'),
  Gelu: (reader) => activation(reader.text('approximate', 'none') === 'tanh' ? 'geluTanh' : 'geluErf')(reader),
  Floor: foldOnly('Floor'),
  Ceil: foldOnly('Ceil'),
  Mod: (reader) => foldOnly(reader.int('fmod', 0) === 1 ? 'Fmod' : 'Mod')(reader),
  Cast: cast,
  CastLike: cast,
  Where: where,
  Clip: clip,
  IsNaN: notANumber,
  Identity: passOn,
  Dropout: dropout,
};
