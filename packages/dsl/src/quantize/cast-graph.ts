import type { Tensors } from '../backend.ts';
import { type ConversionLoss, convertBytes, floatRange, toNumbers } from '../convert.ts';
import type { DataType } from '../data-type.ts';
import { TrtDslError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { Network } from '../network.ts';
import type { Attributes, Node } from '../node.ts';
import { ops } from '../ops.ts';
import { copyNode } from '../rewrite.ts';
import type { Tensor } from '../tensor.ts';
import { Weights } from '../weights.ts';
import { float32Layers } from './float32-layers.ts';
import { type LayerPattern, matchLayers } from './layer-pattern.ts';

export interface CastOptions {
  /** what float32 becomes */
  readonly dataType: 'float16' | 'bfloat16';
  /** layers that stay in float32, see LayerPattern */
  readonly keepFloat32?: readonly LayerPattern[];
  /** whether float32 inputs and outputs stay float32, between casts (`keep`, the default), or change too (`cast`) */
  readonly bindings?: 'keep' | 'cast';
}

/** A constant that lost values when it became a half type. */
export interface WeightsLoss extends ConversionLoss {
  /** the constant's path */
  readonly layer: string;
  /** the weights' own name, a checkpoint's key */
  readonly weights: string;
  readonly count: number;
  /** a number such as a mask's −3.4e38, which was replaced by ±30000 where it does not fit */
  readonly saturated: boolean;
}

export interface CastResult<I extends Tensors = Tensors, O extends Tensors = Tensors> {
  readonly graph: Graph<I, O>;
  /** constants with values that overflow the new type, by layer; infinities there make results infinite or NaN */
  readonly overflows: readonly WeightsLoss[];
  /** constants with values that became zero or subnormal */
  readonly underflows: readonly WeightsLoss[];
  /** paths of the layers that compute in float32 */
  readonly float32Layers: readonly string[];
}

/** What a scalar that does not fit float16 becomes: large enough for a mask, small enough to be added to a score. */
const maskValue = 30_000;

/**
 * The graph with its float32 layers in a half type: weights converted (nearest even), casts where types meet, int32 and
 * other types left alone. LayerNorm, softmax and attention compute in float32 inside whatever their type; where they are
 * written out in parts, sums, means, exponentials, powers and roots, and what is between them, stay in float32 as well.
 * Plugins keep the types that they were made for.
 * @throws TrtDslError 'argument' for wrong options, 'name' for a pattern that matches no layer
 */
export function castGraph<I extends Tensors, O extends Tensors>(
  graph: Graph<I, O>,
  options: CastOptions & { readonly bindings?: 'keep' },
): CastResult<I, O>;
export function castGraph(graph: Graph, options: CastOptions): CastResult;
export function castGraph(graph: Graph, options: CastOptions): CastResult {
  const { dataType, keepFloat32 = [], bindings = 'keep' } = options;
  if (!['float16', 'bfloat16'].includes(dataType))
    throw new TrtDslError('argument', `cannot cast a graph to ${String(dataType)}: float16 or bfloat16`);
  if (!['keep', 'cast'].includes(bindings))
    throw new TrtDslError('argument', `bindings "${String(bindings)}" is neither "keep" nor "cast"`);
  const isKept = matchLayers(graph, keepFloat32);
  const kept = float32Layers(graph, (node) => isKept(node.name));
  const net = new Network(graph.name);
  net.reserve(graph.nodes.map((node) => node.name));
  const caster = new Caster(net, dataType, kept, bindings);
  for (const node of graph.nodes) caster.add(node);
  for (const [name, output] of graph.outputs)
    net.markOutput(bindings === 'keep' ? caster.as(output, output.dataType) : caster.plain(output), name);
  const losses = caster.losses;
  return {
    graph: net.graph(),
    overflows: losses.filter(({ overflowed }) => overflowed > 0),
    underflows: losses.filter(({ underflowed }) => underflowed > 0),
    float32Layers: [...kept].map((node) => node.name),
  };
}

/** Adds a graph's layers to a network in their new types. */
class Caster {
  readonly losses: WeightsLoss[] = [];
  readonly #net: Network;
  readonly #half: 'float16' | 'bfloat16';
  readonly #kept: ReadonlySet<Node>;
  readonly #bindings: 'keep' | 'cast';
  /** what stands for a tensor of the old graph, in the type that its layer gives it; constants are added when used */
  readonly #made = new Map<Tensor, Tensor>();
  readonly #constants = new Map<Tensor, Node<'constant'>>();
  /** constants whose name is taken */
  readonly #named = new Set<Node>();
  /** the same in other types */
  readonly #cast = new Map<string, Tensor>();

  constructor(net: Network, half: 'float16' | 'bfloat16', kept: ReadonlySet<Node>, bindings: 'keep' | 'cast') {
    this.#net = net;
    this.#half = half;
    this.#kept = kept;
    this.#bindings = bindings;
  }

  add(node: Node): void {
    if (node.op === 'constant') {
      this.#constants.set(node.outputs[0]!, node);
      return;
    }
    const type = this.#kept.has(node) ? 'float32' : this.#half;
    const inputs = node.inputs.map((input, place) => this.#input(node, input, place, type));
    const changed = { ...node, attributes: this.#attributes(node, type) } as Node;
    const sameType = changed.op === 'cast' && changed.attributes.dataType === inputs[0]!.dataType;
    const outputs = sameType ? inputs : copyNode(changed, inputs, this.#net);
    node.outputs.forEach((output, i) => {
      this.#made.set(output, outputs[i]!);
    });
  }

  /** What stands for a tensor, in the type it happens to have. */
  plain(tensor: Tensor): Tensor {
    return this.#made.get(tensor) ?? this.as(tensor, tensor.dataType === 'float32' ? this.#half : tensor.dataType);
  }

  /** What stands for a tensor, in a type. */
  as(tensor: Tensor, dataType: DataType): Tensor {
    const made = this.#made.get(tensor);
    if (made?.dataType === dataType) return made;
    const key = `${tensor.id} ${dataType}`;
    const known = this.#cast.get(key);
    if (known) return known;
    const constant = this.#constants.get(tensor);
    const added = constant ? this.#constant(constant, dataType) : this.#castLayer(made!, dataType);
    this.#cast.set(key, added);
    return added;
  }

  #input(node: Node, input: Tensor, place: number, type: DataType): Tensor {
    if (input.dataType !== 'float32' || node.op === 'plugin') return this.as(input, input.dataType);
    if (node.op === 'cast' || node.op === 'shape') return this.plain(input);
    if (node.op === 'layerNorm' && place > 0) return this.as(input, 'float32');
    return this.as(input, type);
  }

  #attributes(node: Node, type: DataType): unknown {
    const { attributes } = node;
    const fixed = node.op === 'input' && this.#bindings === 'keep';
    return 'dataType' in attributes && attributes.dataType === 'float32' && !fixed
      ? { ...attributes, dataType: type }
      : attributes;
  }

  #castLayer(tensor: Tensor, dataType: DataType): Tensor {
    const label = `${tensor.name}/${dataType}`;
    return this.#net.add(ops.cast, [tensor], { dataType }, {}, label)[0]!;
  }

  #constant(node: Node<'constant'>, dataType: DataType): Tensor {
    const { weights } = node.attributes;
    const converted = weights.dataType === dataType ? weights : this.#convert(node, dataType);
    const attributes: Attributes['constant'] = { weights: converted };
    const options = this.#named.has(node) ? {} : { name: node.name };
    this.#named.add(node);
    return this.#net.add(ops.constant, [], attributes, options, `${node.name}/${dataType}`)[0]!;
  }

  #convert({ name, attributes: { weights } }: Node<'constant'>, dataType: DataType): Weights {
    const { overflowed, underflowed } = convertBytes(weights.bytes(), weights.dataType, dataType);
    const saturated = overflowed > 0 && weights.size === 1;
    if (overflowed + underflowed > 0)
      this.losses.push({ layer: name, weights: weights.name, count: weights.size, overflowed, underflowed, saturated });
    if (!saturated) return weights.as(dataType, () => {});
    const [value] = toNumbers(weights.dataType, weights.array());
    const largest = Math.min(maskValue, floatRange[this.#half].max);
    const shape = weights.shape as readonly number[];
    return Weights.fromNumbers(dataType, shape, [Math.sign(value!) * largest], weights.name);
  }
}
