import type { Tensors } from './backend.ts';
import { type DataType, dataTypes, isDataType } from './data-type.ts';
import { bareName, type Dim, dimNames } from './dim.ts';
import { TrtDslError } from './errors.ts';
import { Graph } from './graph.ts';
import { checkLayerOptions } from './layer-options.ts';
import * as layers from './layers/index.ts';
import type { Attributes, Node, OpName } from './node.ts';
import type { Op } from './op.ts';
import { formatType, type Operand, Tensor } from './tensor.ts';
import { Weights } from './weights.ts';
import { describe, located } from './where.ts';

/** What every layer takes besides its own attributes. */
export interface LayerOptions {
  /** name within the scope; by default the op's own, made unique by a number */
  readonly name?: string;
}

interface State {
  readonly nodes: Node[];
  readonly names: Set<string>;
  /** names that layers without a name of their own leave to others */
  readonly reserved: Set<string>;
  /** for a name that is taken, the first number worth trying behind it */
  readonly numbers: Map<string, number>;
  readonly constants: Map<unknown, Tensor>;
  readonly inputs: Map<string, Tensor>;
  readonly outputs: Map<string, Tensor>;
  tensors: number;
}

type Methods = { [K in keyof typeof layers as K extends `add${string}` ? K : never]: (typeof layers)[K] };
type Method = (this: Network, ...args: unknown[]) => unknown;

/** TensorRT's limit (nvinfer1::Dims::MAX_DIMS). */
const mostAxes = 8;

/** A network being written; every `add…` method is a file in `layers/`. */
export interface Network extends Methods {}

/**
 * A network being written, layer by layer (nvinfer1::INetworkDefinition). Each `add…` checks its inputs, infers the
 * outputs' type and returns them; `graph()` gives the finished, frozen graph that backends compile. A method that
 * throws leaves the network as it was.
 */
export class Network {
  /** names the network in listings and engines */
  readonly networkName: string;
  /** path in front of every layer's name, `encoder/layer_0/`; empty at the top */
  readonly prefix: string;
  readonly #state: State;

  /** @param name names the network in listings and engines; a network inside another's scope shares its layers */
  constructor(name: string | Network, scope?: string) {
    if (typeof name === 'string') {
      this.networkName = name;
      this.prefix = '';
      this.#state = {
        nodes: [],
        names: new Set(),
        reserved: new Set(),
        numbers: new Map(),
        constants: new Map(),
        inputs: new Map(),
        outputs: new Map(),
        tensors: 0,
      };
    } else {
      if (!(name instanceof Network)) throw new TrtDslError('argument', `${describe(name)} is no name of a network`);
      this.networkName = name.networkName;
      this.prefix = scope === undefined ? name.prefix : `${name.prefix}${checkName(scope)}/`;
      this.#state = name.#state;
    }
  }

  /** A handle on the same network whose layers' names begin with `name/`. */
  scope(name: string): Network {
    return new Network(this, checkName(name));
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
    if (typeof options !== 'object' || options === null)
      throw new TrtDslError('argument', `the options are ${describe(options)}, no object such as { name: 'fc1' }`);
    const state = this.#state;
    const name = this.#fullName(options.name, label);
    try {
      for (const input of inputs) this.#requireOwn(input);
      const [least, most] = op.arity;
      if (inputs.length < least || inputs.length > most)
        throw new TrtDslError('argument', `takes ${formatArity(op.arity)}, not ${inputs.length}`);
      const types = op.infer(inputs, attributes);
      for (const type of types)
        if (type.shape.length > mostAxes)
          throw new TrtDslError('shape', `${formatType(type)} has ${type.shape.length} axes; ${mostAxes} is the most`);
      const stored = frozenCopy(op.normalize(attributes, inputs));
      const outputs = types.map((type, i) => new Tensor(state, state.tensors++, i === 0 ? name : `${name}:${i}`, type));
      const node = {
        id: state.nodes.length,
        op: op.name,
        name,
        inputs: Object.freeze([...inputs]),
        outputs: Object.freeze(outputs),
        attributes: stored,
      };
      state.names.add(name);
      state.nodes.push(Object.freeze(node) as unknown as Node);
      if (op.name === 'constant') this.#rememberConstant(stored as Attributes['constant'], outputs[0]!);
      if (op.name === 'input') {
        if (state.outputs.has(name)) throw new TrtDslError('name', `an output is already named "${name}"`);
        state.inputs.set(name, outputs[0]!);
      }
      return outputs;
    } catch (error) {
      throw located(`${name}: ${op.name}(${inputs.map(describe).join(', ')})`, error);
    }
  }

  /**
   * The tensor an operand stands for. The same weights in the same type become one constant.
   * @param like the tensor whose type weights and numbers adopt
   */
  operand<D extends DataType, R extends number>(value: Operand<D, R>, like: { readonly dataType: D }): Tensor<D, R> {
    if (value instanceof Tensor) return value;
    if (!isDataType(like?.dataType))
      throw new TrtDslError('argument', `${describe(value)} stands beside ${describe(like)}, which is no tensor`);
    if (typeof value !== 'number' && !(value instanceof Weights))
      throw new TrtDslError('argument', `${describe(value)} is no tensor, no weights and no number`);
    const { constants } = this.#state;
    const key = typeof value === 'number' ? scalarKey(like.dataType, value) : value.as(like.dataType);
    const known = constants.get(key);
    if (known) return known as Tensor<D, R>;
    const weights = typeof value === 'number' ? scalar(like.dataType, value) : value.as(like.dataType);
    const label = weights.name.replace(/:\d+$/, '').split(/[/.:]/).at(-1) || 'constant';
    const [tensor] = this.add(layers.constant, [], { weights }, {}, label);
    constants.set(key, tensor!);
    return tensor as Tensor<D, R>;
  }

  /** Marks `tensor` as an output of the network, under `name` (nvinfer1::INetworkDefinition::markOutput). */
  markOutput(tensor: Tensor, name: string): void {
    this.#addOutput(this.#state.outputs, name, tensor);
  }

  /**
   * The network as it stands, frozen.
   * @param signature all inputs and outputs by their names, which makes the engine's feeds and results typed:
   * `net.graph({ inputs: { x }, outputs: { probs } })`. Outputs need not be marked before; those that are have to be among them.
   * @throws TrtDslError if it has no output, or a named dim that stands bare on no input axis (nothing would give its size)
   */
  graph(): Graph;
  graph<const I extends Tensors, const O extends Tensors>(signature: {
    readonly inputs: I;
    readonly outputs: O;
  }): Graph<I, O>;
  graph(signature?: { readonly inputs: Tensors; readonly outputs: Tensors }): Graph {
    const outputs = signature ? this.#signed(signature.inputs, signature.outputs) : this.#state.outputs;
    const graph = this.#graphOf(outputs);
    this.#requireSizes();
    return graph;
  }

  /**
   * The network as it stands, as a graph inside another (a plugin's decomposition), which knows the sizes of all names.
   * @internal
   */
  body(): Graph {
    return this.#graphOf(this.#state.outputs);
  }

  /**
   * Keeps names for layers that will be given them: layers without a name of their own choose others.
   * @internal for graphs that are built from graphs
   */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#state.reserved.add(name);
  }

  #graphOf(outputs: ReadonlyMap<string, Tensor>): Graph {
    if (outputs.size === 0)
      throw new TrtDslError('argument', `network "${this.networkName}" has no output: markOutput one`);
    return new Graph(this.networkName, this.#state.nodes, outputs);
  }

  #addOutput(outputs: Map<string, Tensor>, name: string, tensor: Tensor): void {
    const { inputs } = this.#state;
    try {
      this.#requireOwn(tensor);
      if (typeof name !== 'string' || name === '') throw new TrtDslError('name', 'the name is no text or empty');
      if (outputs.has(name)) throw new TrtDslError('name', 'another output already has this name');
      if (inputs.has(name) && inputs.get(name) !== tensor)
        throw new TrtDslError('name', 'an input already has this name');
      outputs.set(name, tensor);
    } catch (error) {
      throw located(`network "${this.networkName}": output ${describe(name)}`, error);
    }
  }

  /** The outputs of a signature, held against what was declared and marked. */
  #signed(inputs: Tensors, outputs: Tensors): ReadonlyMap<string, Tensor> {
    const declared = this.#state.inputs;
    const names = Object.keys(inputs);
    if (names.length !== declared.size || names.some((name) => declared.get(name) !== inputs[name]))
      throw new TrtDslError(
        'argument',
        `graph: the inputs are ${[...declared.keys()].join(', ') || 'none'}, not ${names.join(', ') || 'none'}`,
      );
    const signed = new Map<string, Tensor>();
    for (const [name, tensor] of Object.entries(outputs)) this.#addOutput(signed, name, tensor);
    for (const [name, tensor] of this.#state.outputs)
      if (signed.get(name) !== tensor)
        throw new TrtDslError(
          'argument',
          `graph: output "${name}" is marked and not among ${[...signed.keys()].join(', ') || 'none'}`,
        );
    return signed;
  }

  #fullName(given: string | undefined, label: string): string {
    const { nodes, names, reserved, numbers } = this.#state;
    if (given !== undefined) {
      const name = this.prefix + checkName(given);
      if (names.has(name)) {
        const isConstant = nodes.some((node) => node.name === name && node.op === 'constant');
        throw new TrtDslError(
          'name',
          isConstant
            ? `a constant is already named "${name}"; where none is given its name is that of its weights`
            : `a layer is already named "${name}"`,
        );
      }
      return name;
    }
    const taken = (name: string): boolean => names.has(name) || reserved.has(name);
    const name = this.prefix + cleanName(label);
    if (!taken(name)) return name;
    let number = numbers.get(name) ?? 1;
    while (taken(`${name}_${number}`)) number++;
    numbers.set(name, number);
    return `${name}_${number}`;
  }

  #requireOwn(tensor: unknown): void {
    if (!(tensor instanceof Tensor)) throw new TrtDslError('argument', `${describe(tensor)} is no tensor of a network`);
    if (tensor.owner !== this.#state) throw new TrtDslError('argument', `"${tensor.name}" belongs to another network`);
  }

  #rememberConstant({ weights }: Attributes['constant'], tensor: Tensor): void {
    const { constants } = this.#state;
    if (!constants.has(weights)) constants.set(weights, tensor);
  }

  /** Every name of a size stands bare on an axis of an input, which gives it its value. */
  #requireSizes(): void {
    const { nodes, inputs } = this.#state;
    const bare = new Set([...inputs.values()].flatMap((input) => input.shape.map(bareName)));
    const good = new Set<Dim>();
    for (const node of nodes) {
      const start = node.op === 'slice' ? node.attributes.start : [];
      for (const size of [...node.outputs.flatMap((output): readonly Dim[] => output.shape), ...start]) {
        if (typeof size === 'number' || good.has(size)) continue;
        good.add(size);
        const open = dimNames(size).find((name) => !bare.has(name));
        if (open !== undefined)
          throw new TrtDslError(
            'shape',
            `${node.op === 'input' ? 'input' : 'layer'} "${node.name}" (${node.outputs.map(formatType).join(', ')}): the size of "${open}" follows from no input; give it an axis of its own`,
          );
      }
    }
  }

  static {
    for (const name of ['scope', 'add', 'markOutput', 'graph', 'body'] as const)
      Network.#guard(name, Network.prototype[name] as Method, false);
    for (const [name, layer] of Object.entries(layers))
      if (name.startsWith('add')) Network.#guard(name, layer as Method, true);
  }

  /**
   * Makes a function a method that leaves the network as it was where it throws, and whose errors say where they
   * happened and have a stack that begins at the line that called it.
   */
  static #guard(method: string, run: Method, isLayer: boolean): void {
    const guarded = function (this: Network, ...args: unknown[]): unknown {
      if (typeof this !== 'object' || this === null || !(#state in this))
        throw new TrtDslError('argument', `${method} is a method of a Network: write net.${method}(…)`);
      const state = this.#state;
      const { length } = state.nodes;
      const { size } = state.outputs;
      // A constant that the layer makes on the way does not take the name that the layer is going to have.
      const options = optionsOf(method, args);
      const name = isLayer ? givenName(options) : undefined;
      const kept = name === undefined ? '' : this.prefix + name;
      const keeps = kept !== '' && !state.reserved.has(kept);
      if (keeps) state.reserved.add(kept);
      try {
        if (isLayer) checkLayerOptions(method, options ?? {});
        return run.apply(this, args);
      } catch (error) {
        if (state.nodes.length > length) undo(state, length);
        for (const added of [...state.outputs.keys()].slice(size)) state.outputs.delete(added);
        state.numbers.clear();
        const told = !isLayer && error instanceof TrtDslError;
        const result = told ? error : located(isLayer ? callOf(this, method, args) : method, error);
        if (result instanceof TrtDslError) Error.captureStackTrace(result, guarded);
        throw result;
      } finally {
        if (keeps) state.reserved.delete(kept);
      }
    };
    Object.defineProperty(Network.prototype, method, { value: guarded, configurable: true, writable: true });
  }
}

/** Takes back the nodes from `length` on. */
function undo(state: State, length: number): void {
  const gone = new Set<Tensor>();
  for (const node of state.nodes.splice(length)) {
    state.names.delete(node.name);
    state.inputs.delete(node.name);
    for (const output of node.outputs) gone.add(output);
  }
  state.tensors -= gone.size;
  for (const [key, tensor] of state.constants) if (gone.has(tensor)) state.constants.delete(key);
}

const formatArity = ([least, most]: Op['arity']): string => {
  const count = least === most ? `${least}` : Number.isFinite(most) ? `${least} to ${most}` : `at least ${least}`;
  return `${count} input${count.endsWith('1') ? '' : 's'}`;
};

const isOptions = (value: unknown): value is LayerOptions =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The options that end a layer's arguments; a plugin's fields, which may stand last too, are none. */
function optionsOf(method: string, args: readonly unknown[]): LayerOptions | undefined {
  const last = method === 'addPlugin' ? args[3] : args.at(-1);
  return isOptions(last) ? last : undefined;
}

const givenName = (options: LayerOptions | undefined): string | undefined =>
  typeof options?.name === 'string' ? options.name : undefined;

/** `encoder/fc1: addLinear(float16[2, 768], float32[512, 10])` */
function callOf(net: Network, method: string, args: readonly unknown[]): string {
  const options = optionsOf(method, args);
  const path = net.prefix + (givenName(options) ?? '');
  const shown = (options ? args.slice(0, -1) : args).map(describe).join(', ');
  return `${path || net.networkName}: ${method}(${shown})`;
}

const scalarKey = (dataType: DataType, value: number): string =>
  `${dataType} ${Object.is(value, -0) ? '-0' : String(value)}`;

/** A number as a scalar of `dataType`. @throws TrtDslError 'argument' if it is NaN, or infinite, 0 or another integer in it */
function scalar(dataType: DataType, value: number): Weights {
  const weights = Weights.fromNumbers(dataType, [], [value], String(value).replace('.', '_'));
  const { kind } = dataTypes[dataType];
  const stored = Number(weights.as(kind === 'float' ? 'float32' : dataType).array()[0]);
  const isKept = Number.isFinite(stored) === Number.isFinite(value) && (stored !== 0 || value === 0);
  const fits = kind === 'float' ? isKept && !Number.isNaN(value) : stored === value;
  if (!fits) throw new TrtDslError('argument', `the number ${value} does not fit ${dataType}`);
  return weights;
}

function checkName(name: string): string {
  if (typeof name !== 'string' || !/^[^/\s:]+(\/[^/\s:]+)*$/.test(name))
    throw new TrtDslError(
      'name',
      `${describe(name)} cannot name a layer or scope: no spaces, no ":", no "/" but between parts`,
    );
  return name;
}

/** A name made of one that was not chosen for this purpose: a checkpoint's key, a plugin's. */
const cleanName = (name: string): string =>
  name
    .replace(/[\s:]+/g, '_')
    .split('/')
    .filter(Boolean)
    .join('/') || 'layer';

/** A copy of plain records and arrays, frozen all the way down; dims, tensors, weights and graphs stay themselves. */
function frozenCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy = { ...value } as Record<string, unknown>;
  for (const key of Object.keys(copy)) copy[key] = frozenCopy(copy[key]);
  return Object.freeze(copy) as T;
}
