import { Buffer } from 'node:buffer';
import {
  type Attributes,
  type DataType,
  type Dim,
  equalShapes,
  type Network,
  type OpName,
  ops,
  type Tensor,
  TrtDslError,
  Weights,
} from '@trt-dsl/dsl';
import { type AttributeProto, type NodeProto, type TensorProto, toNumber } from '../proto/messages.ts';
import { type Known, known, knownOf, ofTensor, shapeOf, stored, type Value } from './values.ts';

/** One ONNX node with what it takes to turn it into layers. */
export class Reader {
  readonly net: Network;
  readonly node: NodeProto;
  readonly opset: number;
  readonly weightsOf: (tensor: TensorProto) => Weights;
  readonly #inputs: readonly (Value | undefined)[];
  readonly #constants: Map<Weights, Tensor>;
  readonly #graphInputs: readonly Tensor[];

  constructor(parts: {
    readonly net: Network;
    readonly node: NodeProto;
    readonly opset: number;
    readonly weightsOf: (tensor: TensorProto) => Weights;
    readonly inputs: readonly (Value | undefined)[];
    /** the constants made so far */
    readonly constants: Map<Weights, Tensor>;
    readonly graphInputs: readonly Tensor[];
  }) {
    this.net = parts.net;
    this.node = parts.node;
    this.opset = parts.opset;
    this.weightsOf = parts.weightsOf;
    this.#inputs = parts.inputs;
    this.#constants = parts.constants;
    this.#graphInputs = parts.graphInputs;
  }

  get opType(): string {
    return this.node.opType ?? '';
  }

  /** Throws a TrtDslError 'unsupported'; the importer puts file and node in front. */
  fail(message: string): never {
    throw new TrtDslError('unsupported', message);
  }

  // Inputs

  get inputs(): readonly (Value | undefined)[] {
    return this.#inputs;
  }

  /** An input that may be left out. */
  optional(i: number): Value | undefined {
    return this.#inputs[i];
  }

  input(i: number): Value {
    return this.#inputs[i] ?? this.fail(`input ${i} is missing`);
  }

  tensor(i: number): Tensor {
    return this.materialize(this.input(i));
  }

  /** An input that has to be known while importing. */
  known(i: number, what: string): Known {
    return (
      knownOf(this.input(i)) ?? this.fail(`${what} is computed from data; the DSL needs it when the graph is built`)
    );
  }

  /** A list of sizes, axes or the like: an input whose elements are known. */
  dims(i: number, what: string): readonly Dim[] {
    return this.known(i, what).values;
  }

  numbers(i: number, what: string): readonly number[] {
    const values = this.dims(i, what);
    if (!values.every((value) => typeof value === 'number'))
      this.fail(`${what} [${values.join(', ')}] has a size known at run time only`);
    return values as readonly number[];
  }

  // Attributes

  #attribute(name: string): AttributeProto | undefined {
    return this.node.attribute?.find((attribute) => attribute.name === name);
  }

  int(name: string, otherwise: number): number {
    const attribute = this.#attribute(name);
    return attribute ? toNumber(attribute.i) : otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.#attribute(name)?.f ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    const bytes = this.#attribute(name)?.s;
    return bytes ? Buffer.from(bytes).toString('utf8') : otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    const attribute = this.#attribute(name);
    return attribute && (attribute.ints ?? []).map(toNumber);
  }

  floats(name: string): readonly number[] | undefined {
    const attribute = this.#attribute(name);
    return attribute && (attribute.floats ?? []);
  }

  tensorAttribute(name: string): TensorProto | undefined {
    return this.#attribute(name)?.t;
  }

  has(name: string): boolean {
    return this.#attribute(name) !== undefined;
  }

  /** Axes that older opsets give as an attribute, newer ones as an input. */
  axes(input: number): readonly number[] | undefined {
    return this.ints('axes') ?? (this.optional(input) ? this.numbers(input, 'axes') : undefined);
  }

  // Layers

  /** The path for layers that this node becomes: its name without what cannot stand in one. */
  get label(): string {
    return pathOf(this.node.name || this.node.output?.[0] || this.opType);
  }

  /** Adds a layer named after the node. */
  add<Name extends OpName>(op: Name, inputs: readonly Tensor[], attributes: Attributes[Name]): Tensor {
    return this.addAll(op, inputs, attributes)[0]!;
  }

  addAll<Name extends OpName>(op: Name, inputs: readonly Tensor[], attributes: Attributes[Name]): readonly Tensor[] {
    return this.net.add(ops[op] as never, inputs, attributes as never, {}, this.label);
  }

  reshape(x: Tensor, shape: readonly Dim[]): Tensor {
    return String(shape) === String(x.shape) ? x : this.add('shuffle', [x], { reshape: shape });
  }

  /** The value with the same elements in another shape, as what it is: known, weights, or a tensor. */
  reshaped(value: Value, shape: readonly Dim[]): Value {
    if (equalShapes(shapeOf(value), shape)) return value;
    const sizes = shape.every((size) => typeof size === 'number') ? (shape as readonly number[]) : undefined;
    if (value.kind === 'known' && sizes) return known(value.type, sizes, value.values);
    if (value.kind === 'full') return { ...value, shape };
    if (value.kind === 'weights' && !value.transposed && sizes) {
      const { name, dataType } = value.weights;
      return stored(Weights.from({ name, dataType, shape: sizes, read: () => value.weights.bytes() }));
    }
    return ofTensor(this.reshape(this.materialize(value), shape));
  }

  /** The value with axes of size 1 in front, up to a rank, as a tensor. */
  raised(value: Value, rank: number): Tensor {
    const shape = shapeOf(value);
    return this.materialize(this.reshaped(value, [...Array<Dim>(Math.max(0, rank - shape.length)).fill(1), ...shape]));
  }

  transpose(x: Tensor, permutation: readonly number[]): Tensor {
    return permutation.every((axis, i) => axis === i) ? x : this.add('shuffle', [x], { firstTranspose: permutation });
  }

  cast(x: Tensor, dataType: DataType): Tensor {
    return x.dataType === dataType ? x : this.add('cast', [x], { dataType });
  }

  /** A number as a scalar tensor. */
  scalar(dataType: DataType, value: number): Tensor {
    return this.net.operand(value, { dataType }) as Tensor;
  }

  /** A value as a tensor of the network. */
  materialize(value: Value): Tensor {
    if (value.kind === 'tensor') return value.tensor;
    if (value.kind === 'weights') {
      const constant = this.constant(value.weights);
      return value.transposed ? this.transpose(constant, [1, 0]) : constant;
    }
    if (value.kind === 'full') {
      const scalar = this.scalar(value.type, value.value);
      return value.shape.length === 0 ? scalar : this.add('expand', [scalar], { shape: value.shape });
    }
    if (value.kind === 'grid') return this.#grid(value.shape, value.axis);
    if (value.kind === 'grids') return this.fail('indices for every element are supported in GatherND only');
    return this.#computed(value);
  }

  /** Weights as a constant; the same weights become one. */
  constant(weights: Weights): Tensor {
    const made = this.#constants.get(weights);
    if (made) return made;
    const [tensor] = this.net.add(ops.constant, [], { weights }, {}, pathOf(weights.name));
    this.#constants.set(weights, tensor!);
    return tensor!;
  }

  #grid(shape: readonly Dim[], axis: number): Tensor {
    const range = this.add('range', [], { size: shape[axis]!, dataType: 'int64', start: 0, step: 1 });
    const line = this.reshape(
      range,
      shape.map((size, i) => (i === axis ? size : 1)),
    );
    return String(line.shape) === String(shape) ? line : this.add('expand', [line], { shape });
  }

  /** Known elements as a constant, or computed from the inputs' shapes where they have names. */
  #computed({ type, shape, values }: Known): Tensor {
    if (type === 'float64') this.fail('float64 is not in the DSL: cast the model to float32');
    if (values.every((value) => typeof value === 'number'))
      return this.constant(Weights.fromNumbers(type, shape, this.#exact(type, values), this.label));
    const parts = values.map((value) => this.#size(value));
    const list = parts.length === 1 ? parts[0]! : this.add('concatenation', parts, { axis: 0 });
    return this.cast(this.reshape(list, shape), type);
  }

  /** Refuses what no int64 is: values that lost digits when they were read, see `knownOf`. */
  #exact(type: DataType, values: readonly number[]): readonly number[] {
    const lost = type === 'int64' && values.some((value) => !(value >= -(2 ** 63) && value < 2 ** 63));
    if (lost) this.fail('it computes with an int64 beyond 2^53, which the importer cannot do exactly');
    return values;
  }

  /** A size as int64 `[1]`. */
  #size(size: Dim): Tensor {
    const one = (value: number): Tensor =>
      this.net.operand(Weights.fromNumbers('int64', [1], [value], String(value)), { dataType: 'int64' }) as Tensor;
    if (typeof size === 'number') return one(size);
    const combine = (operation: 'sum' | 'prod') => (a: Tensor, b: Tensor) =>
      this.add('elementwise', [a, b], { operation });
    return size.terms
      .map(({ coefficient, names }) =>
        [
          ...names.map((name) => this.#named(name)),
          ...(coefficient === 1 && names.length > 0 ? [] : [one(coefficient)]),
        ].reduce(combine('prod')),
      )
      .reduce(combine('sum'));
  }

  #named(name: string): Tensor {
    for (const input of this.#graphInputs)
      for (const [axis, size] of (input.shape as readonly Dim[]).entries())
        if (String(size) === name) {
          const shape = this.add('shape', [input], {});
          return this.add('slice', [shape], { start: [axis], size: [1], stride: [1] });
        }
    return this.fail(`no input gives the size of "${name}"`);
  }
}

/** A name that the DSL takes as a path. */
export const pathOf = (name: string): string => name.replace(/[\s:]+/g, '_').replace(/^\/+/, '') || 'layer';

/** An axis counted from the front. */
export function front(axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) throw new TrtDslError('argument', `axis ${axis} is none of rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** Turns a node into layers, or into a value that needs none. */
export type Read = (reader: Reader) => Value | readonly Value[];
