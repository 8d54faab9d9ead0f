import { type DataType, type Node, type Tensor, TrtDslError, Weights } from '@trt-dsl/dsl';
import { onnxTypes } from '../onnx-types.ts';
import type { NodeProto } from '../proto/messages.ts';
import { attributeProtos, type NodeAttributes } from './attributes.ts';
import { kernelType, type OnnxTarget } from './kernels.ts';

/** An output of an ONNX node: the tensor's name and data type. */
export interface Output {
  readonly name: string;
  readonly dataType: DataType;
}

/**
 * What lowerings write to. Tensors are known by their ONNX names; a layer's own outputs bear the DSL's names, tensors in
 * between `layer:what` (no DSL name has a colon followed by a letter).
 */
export class Context {
  readonly target: OnnxTarget;
  readonly nodes: NodeProto[] = [];
  readonly initializers = new Map<string, Weights>();
  /** the input and axis that give each named size */
  readonly sizeSources = new Map<string, { readonly input: string; readonly axis: number }>();
  readonly #types = new Map<string, DataType>();
  readonly #names: Set<string>;
  readonly #shared = new Map<string, string>();
  readonly #nameOf: (tensor: Tensor) => string;
  #layer = '';
  #outputs: readonly Tensor[] = [];

  /**
   * @param nameOf the ONNX name of a DSL tensor
   * @param taken names that an author gave, which may be any: the outputs'
   */
  constructor(target: OnnxTarget, nameOf: (tensor: Tensor) => string, taken: Iterable<string> = []) {
    this.target = target;
    this.#nameOf = nameOf;
    this.#names = new Set(taken);
  }

  /** Says which layer is lowered next. */
  enter({ name, outputs }: Pick<Node, 'name' | 'outputs'>): void {
    this.#layer = name;
    this.#outputs = outputs;
  }

  typeOf(name: string): DataType {
    return this.#types.get(name)!;
  }

  /** Records a tensor that no node makes. */
  declare(name: string, dataType: DataType): string {
    this.#types.set(name, dataType);
    return name;
  }

  /** A name that no other tensor bears, below the layer's. */
  fresh(label: string): string {
    const base = `${this.#layer}:${label}`;
    let name = base;
    for (let i = 1; this.#names.has(name); i++) name = `${base}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** A constant of the model, read when the model is written. */
  initializer(name: string, weights: Weights): string {
    this.initializers.set(name, weights);
    return this.declare(name, weights.dataType);
  }

  /** A list of int64 as a constant; equal lists are one. */
  integers(values: readonly number[]): string {
    return this.shared(`integers ${values}`, () =>
      this.initializer(
        `:integers_${values.join('_')}`,
        Weights.of('int64', [values.length], BigInt64Array.from(values, BigInt)),
      ),
    );
  }

  /** A scalar constant. */
  scalar(dataType: DataType, value: number): string {
    return this.shared(`${dataType} ${value}`, () =>
      this.initializer(`:${dataType}_${value}`, Weights.fromNumbers(dataType, [], [value])),
    );
  }

  /** What `make` makes, once for each key. */
  shared(key: string, make: () => string): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#shared.set(key, made);
    return made;
  }

  /** The outputs of the layer being lowered. */
  get outputs(): readonly Output[] {
    return this.#outputs.map((tensor) => ({ name: this.#nameOf(tensor), dataType: tensor.dataType }));
  }

  /** The layer's result: an op whose outputs are the DSL's tensors. */
  result(opType: string, inputs: readonly string[], attributes: NodeAttributes = {}): readonly string[] {
    return this.emit(opType, inputs, this.outputs, attributes, this.#layer);
  }

  /** A step on the way to the result. Its output has the first input's type unless said otherwise. */
  step(
    label: string,
    opType: string,
    inputs: readonly string[],
    attributes: NodeAttributes = {},
    dataType: DataType = this.typeOf(inputs[0]!),
  ): string {
    const name = this.fresh(label);
    this.emit(opType, inputs, [{ name, dataType }], attributes, name);
    return name;
  }

  /** The tensor in another type; the same if it is that already. */
  cast(tensor: string, dataType: DataType): string {
    if (this.typeOf(tensor) === dataType) return tensor;
    return this.shared(`cast ${dataType} ${tensor}`, () =>
      this.step(dataType, 'Cast', [tensor], { to: onnxTypes[dataType] }, dataType),
    );
  }

  /** Adds a node; where there is no kernel for the type, casts before and after it. */
  emit(
    opType: string,
    inputs: readonly string[],
    outputs: readonly Output[],
    attributes: NodeAttributes = {},
    name: string = outputs[0]!.name,
  ): readonly string[] {
    const change = kernelType(
      this.target,
      opType,
      inputs.map((input) => this.typeOf(input)),
    );
    const fed = change
      ? inputs.map((input, i) => (change.inputs.includes(i) ? this.cast(input, change.to) : input))
      : inputs;
    const made = outputs.map((output) =>
      change && output.dataType === change.from
        ? { name: this.fresh(`${opType}_${change.to}`), dataType: change.to, rounded: output }
        : { ...output, rounded: undefined },
    );
    this.nodes.push({
      input: [...fed],
      output: made.map((output) => output.name),
      name,
      opType,
      attribute: attributeProtos(attributes),
    });
    for (const { name: output, dataType, rounded } of made) {
      this.declare(output, dataType);
      if (!rounded) continue;
      this.declare(rounded.name, rounded.dataType);
      const to = onnxTypes[rounded.dataType];
      this.nodes.push({
        input: [output],
        output: [rounded.name],
        name: `${name}:${rounded.dataType}`,
        opType: 'Cast',
        attribute: attributeProtos({ to }),
      });
    }
    return outputs.map((output) => output.name);
  }

  /** Where the size of a named dim is read from. */
  sizeSource(name: string): { readonly input: string; readonly axis: number } {
    const source = this.sizeSources.get(name);
    if (!source) throw new TrtDslError('shape', `no input gives the size of "${name}"`);
    return source;
  }
}
