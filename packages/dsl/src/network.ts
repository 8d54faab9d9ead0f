import type { DataType } from './data-type.ts';
import { bareName, dimNames } from './dim.ts';
import { TrtDslError } from './errors.ts';
import { Graph } from './graph.ts';
import * as layers from './layers/index.ts';
import type { Attributes, Node, OpName } from './node.ts';
import type { Op } from './op.ts';
import { formatType, type Operand, Tensor, type TensorType } from './tensor.ts';
import { Weights } from './weights.ts';

/** What every layer takes besides its own attributes. */
export interface LayerOptions {
  /** name within the scope; by default the op's own, made unique by a number */
  readonly name?: string;
}

interface State {
  readonly nodes: Node[];
  readonly names: Set<string>;
  readonly constants: Map<unknown, Tensor>;
  readonly outputs: Map<string, Tensor>;
  tensors: number;
}

type Methods = { [K in keyof typeof layers as K extends `add${string}` ? K : never]: (typeof layers)[K] };

/** A network being written; every `add…` method is a file in `layers/`. */
export interface Network extends Methods {}

/**
 * A network being written, layer by layer (nvinfer1::INetworkDefinition). Each `add…` checks its inputs, infers the
 * outputs' type and returns them; `graph()` gives the finished, frozen graph that backends compile.
 */
export class Network {
  /** path in front of every layer's name, `encoder/layer_0/`; empty at the top */
  readonly prefix: string;
  readonly #state: State;

  /** @param name names the network in listings and engines; a network inside another's scope shares its layers */
  constructor(name: string | Network, scope?: string) {
    if (typeof name === 'string') {
      this.networkName = name;
      this.prefix = '';
      this.#state = { nodes: [], names: new Set(), constants: new Map(), outputs: new Map(), tensors: 0 };
    } else {
      this.networkName = name.networkName;
      this.prefix = scope ? `${name.prefix}${checkName(scope)}/` : name.prefix;
      this.#state = name.#state;
    }
  }

  readonly networkName: string;

  /** A handle on the same network whose layers' names begin with `name/`. */
  scope(name: string): Network {
    return new Network(this, name);
  }

  /**
   * Adds any op: the layer beneath the `add…` methods.
   * @throws TrtDslError what the op's rule found, with the layer's full name and its inputs' types in front
   */
  add<Name extends OpName>(
    op: Op<Name, Attributes[Name]>,
    inputs: readonly Tensor[],
    attributes: Attributes[Name],
    options: LayerOptions = {},
    label: string = op.name,
  ): readonly Tensor[] {
    const name = this.#fullName(options.name, label);
    const where = `${name}: ${op.name}(${inputs.map(describe).join(', ')})`;
    for (const input of inputs) {
      if (!(input instanceof Tensor)) throw new TrtDslError('argument', `${where}: an input is no tensor of a network`);
      if (input.owner !== this.#state)
        throw new TrtDslError('argument', `${where}: "${input.name}" belongs to another network`);
    }
    const types = located(where, () => op.infer(inputs, attributes));
    this.#state.names.add(name);
    const outputs = types.map((type, i) => this.#tensor(i === 0 ? name : `${name}:${i}`, type));
    const stored = frozenCopy(op.normalize(attributes, inputs));
    const node = { id: this.#state.nodes.length, op: op.name, name, inputs: [...inputs], outputs, attributes: stored };
    this.#state.nodes.push(frozenCopy(node) as unknown as Node);
    return outputs;
  }

  /**
   * The tensor an operand stands for. The same weights in the same type become one constant.
   * @param like the tensor whose type weights and numbers adopt
   */
  operand<D extends DataType, R extends number>(value: Operand<D, R>, like: { readonly dataType: D }): Tensor<D, R> {
    if (value instanceof Tensor) return value;
    const constant = typeof value === 'number' ? scalar(like.dataType, value) : value;
    const converted = located(`${this.prefix || this.networkName}: ${like.dataType}`, () => constant.as(like.dataType));
    const key = typeof value === 'number' ? `${like.dataType} ${Object.is(value, -0) ? '-0' : value}` : converted;
    const known = this.#state.constants.get(key);
    if (known) return known as Tensor<D, R>;
    const label = converted.name.split(/[/.:]/).at(-1) || 'constant';
    const [tensor] = this.add(layers.constant, [], { weights: converted }, {}, label);
    this.#state.constants.set(key, tensor!);
    return tensor as Tensor<D, R>;
  }

  /** Marks `tensor` as an output of the network, under `name` (nvinfer1::INetworkDefinition::markOutput). */
  markOutput(tensor: Tensor, name: string): void {
    const { outputs, nodes } = this.#state;
    if (tensor.owner !== this.#state)
      throw new TrtDslError('argument', `output "${name}": "${tensor.name}" belongs to another network`);
    const input = nodes.find((node) => node.op === 'input' && node.name === name);
    if (typeof name !== 'string' || name === '' || outputs.has(name) || (input && input.outputs[0] !== tensor))
      throw new TrtDslError('name', `output "${name}": the name is empty or already that of another input or output`);
    outputs.set(name, tensor);
  }

  /**
   * The network as it stands, frozen.
   * @throws TrtDslError if it has no output, or a named dim that stands bare on no input axis (nothing would give its size)
   */
  graph(): Graph {
    const { nodes, outputs } = this.#state;
    if (outputs.size === 0)
      throw new TrtDslError('argument', `network "${this.networkName}" has no output: markOutput one`);
    const inputs = nodes.filter((node) => node.op === 'input').flatMap((node) => node.outputs);
    const bare = new Set(inputs.flatMap((input) => input.shape.map(bareName)));
    for (const input of inputs)
      for (const name of input.shape.flatMap(dimNames))
        if (!bare.has(name))
          throw new TrtDslError(
            'shape',
            `input "${input.name}" (${input}): the size of "${name}" follows from no input; give it an axis of its own`,
          );
    return new Graph(this.networkName, nodes, outputs);
  }

  #fullName(given: string | undefined, label: string): string {
    const name = this.prefix + (given === undefined ? label : checkName(given));
    if (!this.#state.names.has(name)) return name;
    if (given !== undefined) throw new TrtDslError('name', `a layer is already named "${name}"`);
    for (let i = 1; ; i++) if (!this.#state.names.has(`${name}_${i}`)) return `${name}_${i}`;
  }

  #tensor(name: string, type: TensorType): Tensor {
    return new Tensor(this.#state, this.#state.tensors++, name, type);
  }
}

const scalar = (dataType: DataType, value: number): Weights =>
  Weights.fromNumbers(dataType, [], [value], String(value).replace('.', '_'));

function checkName(name: string): string {
  if (typeof name !== 'string' || !/^[^/\s:][^\s:]*$/.test(name))
    throw new TrtDslError(
      'name',
      `${JSON.stringify(name)} cannot name a layer or scope: no spaces, no ":", no "/" in front`,
    );
  return name;
}

const describe = (tensor: Tensor): string => (tensor instanceof Tensor ? formatType(tensor) : String(tensor));

function located<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TrtDslError) throw new TrtDslError(error.code, `${where}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A copy of plain records and arrays, frozen all the way down; dims, tensors, weights and graphs stay themselves. */
function frozenCopy<T>(value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, frozenCopy(part)]))) as T;
}

for (const [name, layer] of Object.entries(layers)) {
  if (!name.startsWith('add')) continue;
  const method = layer as (this: Network, ...args: unknown[]) => unknown;
  /** Calls the layer's function; an error's stack begins at the line that called the method. */
  const wrapper = function (this: Network, ...args: unknown[]): unknown {
    try {
      return method.apply(this, args);
    } catch (error) {
      if (error instanceof TrtDslError) Error.captureStackTrace(error, wrapper);
      throw error;
    }
  };
  Object.defineProperty(Network.prototype, name, { value: wrapper, configurable: true, writable: true });
}
