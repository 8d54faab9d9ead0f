import { bareName, type DataType, type Dim, type Graph, SymbolicDim, TrtDslError, Weights } from '@trt-dsl/dsl';
import type { Dims, ILayer, INetworkDefinition, ITensor, TensorRT } from '../types.ts';
import { nvDataTypes } from './data-types.ts';

/** Where a named dim can be read at run time. */
interface Origin {
  readonly input: string;
  readonly axis: number;
}

/** Choices that a lowering leaves to its caller. */
export interface LoweringOptions {
  /** sum float16 products in float32; true by default */
  readonly wideSums?: boolean;
}

/** What the lowering of one graph carries along. */
export class Context {
  readonly network: INetworkDefinition;
  readonly tensorrt: TensorRT;
  readonly wideSums: boolean;
  readonly inputs = new Map<string, ITensor>();
  /** the graph's shape of a tensor of the network, for as long as it is needed */
  readonly #dims = new Map<ITensor, readonly Dim[]>();
  readonly #origins = new Map<string, Origin>();
  readonly #bytes = new Map<Weights, Uint8Array>();
  readonly #sizes = new Map<string, ITensor>();
  readonly #shapes = new Map<ITensor, ITensor>();
  readonly #outputs: ReadonlySet<string>;

  constructor(
    tensorrt: TensorRT,
    network: INetworkDefinition,
    graph: Graph,
    { wideSums = true }: LoweringOptions = {},
  ) {
    this.wideSums = wideSums;
    this.tensorrt = tensorrt;
    this.network = network;
    this.#outputs = new Set(graph.outputs.keys());
    for (const [input, tensor] of graph.inputs)
      (tensor.shape as readonly Dim[]).forEach((size, axis) => {
        const name = bareName(size);
        if (name !== undefined && !this.#origins.has(name)) this.#origins.set(name, { input, axis });
      });
  }

  /** Whether the library has a method of INetworkDefinition. */
  has(method: string): boolean {
    return this.tensorrt.supports('INetworkDefinition', method);
  }

  /** Names a layer and its first output, and remembers the output's shape as the graph knows it. */
  named<L extends ILayer>(layer: L, name: string, shape?: readonly Dim[]): ITensor {
    layer.setName(name);
    const output = this.nameTensor(layer.getOutput(0), name);
    if (shape) this.#dims.set(output, shape);
    return output;
  }

  /** Names a tensor; in other words where an output of the graph, which need not be this one, has the name. */
  nameTensor(tensor: ITensor, name: string): ITensor {
    tensor.setName(this.#outputs.has(name) ? `${name} (layer)` : name);
    return tensor;
  }

  /** Remembers the graph's shape of a tensor. */
  remember(tensor: ITensor, shape: readonly Dim[]): void {
    this.#dims.set(tensor, shape);
  }

  /** The shape of a tensor as the graph knows it, with names; TensorRT knows −1 only. */
  dimsOf(tensor: ITensor): readonly Dim[] {
    return this.#dims.get(tensor) ?? tensor.getDimensions();
  }

  /** A constant in a shape with as many elements as the weights have; their bytes are read once and not copied. */
  constant(name: string, weights: Weights, shape: Dims): ITensor {
    let data = this.#bytes.get(weights);
    if (!data) {
      data = weights.bytes();
      this.#bytes.set(weights, data);
    }
    return this.named(this.network.addConstant(shape, { type: nvDataTypes[weights.dataType], data }), name, shape);
  }

  /** A scalar of a float type with `rank` axes of size 1. */
  scalar(name: string, dataType: DataType, value: number, rank: number): ITensor {
    return this.constant(name, Weights.fromNumbers(dataType, [], [value], name), Array<number>(rank).fill(1));
  }

  /**
   * x + 0: as good as x, but a layer of its own, where TensorRT 10.6 computes wrongly what it makes of x's layer and the
   * next together.
   */
  apart(x: ITensor, dataType: DataType, name: string): ITensor {
    const zero = this.scalar(`${name}:zero`, dataType, 0, x.getDimensions().length);
    return this.named(this.network.addElementWise(x, zero, 'SUM'), name, this.dimsOf(x));
  }

  /** x in another type; x itself if it has it. */
  cast(x: ITensor, from: DataType, to: DataType, name: string): ITensor {
    return from === to ? x : this.named(this.network.addCast(x, nvDataTypes[to]), name, this.dimsOf(x));
  }

  /** x in another shape of as many elements. */
  reshape(x: ITensor, shape: readonly Dim[], name: string): ITensor {
    const layer = this.network.addShuffle(x);
    this.setReshape(layer, shape, this.dimsOf(x));
    return this.named(layer, name, shape);
  }

  /** Gives a shuffle its reshape: by numbers where one size at most is open, else by a shape tensor. */
  setReshape(layer: ReturnType<INetworkDefinition['addShuffle']>, shape: readonly Dim[], from: readonly Dim[]): void {
    const zero = shape.includes(0) || from.includes(0);
    const copied = zero ? shape : shape.map((size, i) => (isOpen(size) && String(size) === String(from[i]) ? 0 : size));
    const open = copied.filter(isOpen);
    if (open.length > 1 || (open.length === 1 && zero)) {
      layer.setInput(1, this.shapeTensor(shape));
      return;
    }
    layer.setZeroIsPlaceholder(!zero);
    layer.setReshapeDimensions(staticDims(copied));
  }

  /** Sizes as a shape tensor, int64 `[n]`: computed from the inputs' shapes at run time. */
  shapeTensor(shape: readonly Dim[]): ITensor {
    const key = `[${shape.join(', ')}]`;
    const known = this.#sizes.get(key);
    if (known) return known;
    const parts = shape.map((size) => this.#size(size));
    const tensor =
      parts.length === 1
        ? parts[0]!
        : shape.some(isOpen)
          ? this.#joined(key, parts)
          : this.#numbers(key, shape as number[]);
    this.#sizes.set(key, tensor);
    return tensor;
  }

  #joined(key: string, parts: readonly ITensor[]): ITensor {
    return this.named(this.network.addConcatenation(parts), `shape ${key}`);
  }

  #numbers(key: string, values: readonly number[]): ITensor {
    return this.constant(`shape ${key}`, Weights.fromNumbers('int64', [values.length], values, key), [values.length]);
  }

  /** One size as an int64 `[1]` tensor. */
  #size(size: Dim): ITensor {
    const key = String(size);
    const known = this.#sizes.get(key);
    if (known) return known;
    const tensor = typeof size === 'number' ? this.#numbers(key, [size]) : this.#polynomial(size);
    this.#sizes.set(key, tensor);
    return tensor;
  }

  #polynomial(size: SymbolicDim): ITensor {
    const terms = size.terms.map(({ coefficient, names }) => {
      const factors = names.map((name) => this.#named(name));
      if (coefficient !== 1 || factors.length === 0) factors.unshift(this.#size(coefficient));
      return factors.reduce((a, b) => this.network.addElementWise(a, b, 'PROD').getOutput(0));
    });
    return terms.reduce((a, b) => this.network.addElementWise(a, b, 'SUM').getOutput(0));
  }

  #named(name: string): ITensor {
    const key = `dim ${name}`;
    const known = this.#sizes.get(key);
    if (known) return known;
    const origin = this.#origins.get(name);
    if (!origin) throw new TrtDslError('shape', `no input gives the size "${name}"`);
    const input = this.inputs.get(origin.input)!;
    let shape = this.#shapes.get(input);
    if (!shape) {
      shape = this.named(this.network.addShape(input), `shape of ${origin.input}`);
      this.#shapes.set(input, shape);
    }
    const tensor = this.named(this.network.addSlice(shape, [origin.axis], [1], [1]), key);
    this.#sizes.set(key, tensor);
    return tensor;
  }
}

/** −1 where a size is known at run time only. */
export const staticDims = (shape: readonly Dim[]): Dims => shape.map((size) => (isOpen(size) ? -1 : size));

/** Whether a size is known only at run time. */
export const isOpen = (size: Dim): size is SymbolicDim => size instanceof SymbolicDim;
