import type { Tensors } from '../backend.ts';
import type { FloatType, QuantizedType } from '../data-type.ts';
import type { Graph } from '../graph.ts';
import type { Network } from '../network.ts';
import type { Node } from '../node.ts';
import { copyNode, rewrite } from '../rewrite.ts';
import type { Tensor } from '../tensor.ts';
import { Weights } from '../weights.ts';
import { dropUnused } from './drop-unused.ts';
import {
  findPoints,
  noLayers,
  type QuantizedLayer,
  quantizedTensors,
  rangeName,
  type Selection,
  sourceOf,
} from './points.ts';
import { quantizeWeights, roundedScale } from './quantize-weights.ts';
import { type Ranges, requireRanges } from './ranges.ts';

/** How a graph is quantized. */
export interface QuantizeOptions extends Selection {
  readonly dataType: QuantizedType;
  /** of every tensor that is quantized, see `calibrate`; softmax has 1 if nothing is given */
  readonly ranges: Ranges;
  /** a scale for each output channel of a kernel, or one for all of it; `channel` by default for int8, `tensor` for float8 */
  readonly weightScales?: 'channel' | 'tensor';
  /**
   * what a kernel becomes: constants of the quantized type behind a dequantize (by default: a quarter of the size of float32,
   * the same rounding on every backend), or the float constants behind quantize and dequantize
   */
  readonly weights?: 'quantized' | 'float';
}

/**
 * The graph with quantize and dequantize layers (Q/DQ, symmetric) around the products that `recipe` means, as TensorRT
 * fuses them into GEMMs of the quantized type: activations per tensor, kernels per output channel. A tensor that several
 * layers take is quantized once. Everything else stays in the graph's own type, and so do the scales, which are constants
 * and rounded before they are used.
 * @throws TrtDslError 'argument' that lists the tensors without a range, or if there is nothing to quantize though no layer
 * was excluded
 */
export function quantize<I extends Tensors, O extends Tensors>(
  graph: Graph<I, O>,
  options: QuantizeOptions,
): Graph<I, O> {
  const points = findPoints(graph, options);
  if (points.layers.length === 0 && !options.exclude?.length) throw noLayers(graph);
  requireRanges(options.ranges, quantizedTensors(points).keys(), `graph "${graph.name}"`);
  const layers = new Map(points.layers.map((layer) => [layer.node, layer]));
  const inserted = new Inserted(options, points.producers);
  const rewritten = rewrite(points.graph, (node, inputs, net) => {
    const layer = layers.get(node);
    return layer && inserted.layer(layer, inputs, net);
  });
  return dropUnused(rewritten as Graph<I, O>);
}

/** A quantized kernel, and by what its product is still to be multiplied, channel by channel. */
interface Kernel {
  readonly kernel: Tensor;
  readonly shares?: Tensor<FloatType, 1>;
}

/** Adds Q/DQ pairs, each once. */
class Inserted {
  readonly #options: QuantizeOptions;
  readonly #producers: ReadonlyMap<Tensor, Node>;
  readonly #activations = new Map<Tensor, Tensor>();
  readonly #kernels = new Map<string, Kernel>();

  constructor(options: QuantizeOptions, producers: ReadonlyMap<Tensor, Node>) {
    this.#options = options;
    this.#producers = producers;
  }

  /** The layer on quantized inputs. */
  layer(layer: QuantizedLayer, inputs: readonly Tensor[], net: Network): readonly Tensor[] {
    const { node, activations, kernel } = layer;
    const weights = kernel && this.#kernel(layer, inputs[1] as Tensor<FloatType>, net);
    const outputs = copyNode(
      node,
      inputs.map((input, i) => {
        if (activations.includes(i)) return this.#activation(node.inputs[i]!, input, net);
        return weights && i === 1 ? weights.kernel : input;
      }),
      net,
    );
    if (!weights?.shares) return outputs;
    const scope = net.scope(scopeOf(node.outputs[0]!));
    return [scope.addMul(outputs[0] as Tensor<FloatType>, weights.shares, { name: 'scale' })];
  }

  #activation(original: Tensor, x: Tensor, net: Network): Tensor {
    const known = this.#activations.get(original);
    if (known) return known;
    const fallback = sourceOf(original, this.#producers).op === 'softmax' ? 1 : 0;
    const amax = this.#options.ranges.get(rangeName(original, this.#producers)) ?? fallback;
    const floatType = x.dataType as FloatType;
    const scale = roundedScale(amax, this.#options.dataType, floatType);
    const scope = net.scope(scopeOf(original));
    const scales = scope.operand(Weights.fromNumbers(floatType, [], [scale], 'scale'), { dataType: floatType });
    const added = this.#pair(x as Tensor<FloatType>, scales as Tensor<FloatType, 0>, scope);
    this.#activations.set(original, added);
    return added;
  }

  /**
   * The kernel in as many axes as x has: no layer that would lift it stands between its dequantize and the product.
   * In front of an activation function that computes in float the channels' scales are one scale and, behind the product, a
   * share of it: TensorRT 10.6 multiplies with channels' scales there after it rounded the int8 sums to float16, infinity.
   */
  #kernel({ node, kernel, floatActivation }: QuantizedLayer, x: Tensor<FloatType>, net: Network): Kernel {
    const { dataType, weightScales = dataType === 'int8' ? 'channel' : 'tensor' } = this.#options;
    const { weights, channelAxis } = kernel!;
    const rank = node.inputs[0]!.shape.length;
    const axis = weightScales === 'channel' ? channelAxis + rank - 2 : undefined;
    const apart = floatActivation && axis !== undefined && this.#options.weights !== 'float';
    const original = node.inputs[1]!;
    const key = `${original.id} ${rank} ${axis} ${apart}`;
    const known = this.#kernels.get(key);
    if (known) return known;
    const scope = net.scope(scopeOf(original));
    const lifted = liftedWeights(weights, rank);
    const { values, scales, largestScale, shares } = quantizeWeights(lifted, dataType, x.dataType, axis);
    const constant = (numbers: Weights) => scope.operand(numbers, { dataType: x.dataType }) as Tensor<FloatType, 1>;
    const dequantize = (scale: Weights, at?: number): Tensor =>
      scope.addDequantize(scope.addConstant(values) as Tensor<QuantizedType>, constant(scale), {
        dataType: x.dataType,
        ...(at !== undefined && { axis: at }),
      });
    const added: Kernel = apart
      ? { kernel: dequantize(largestScale), shares: constant(shares) }
      : this.#options.weights === 'float'
        ? { kernel: this.#pair(constant(lifted), constant(scales), scope, axis) }
        : { kernel: dequantize(scales, axis) };
    this.#kernels.set(key, added);
    return added;
  }

  #pair(x: Tensor<FloatType>, scale: Tensor<FloatType, 0 | 1>, scope: Network, axis?: number): Tensor {
    const at = axis === undefined ? {} : { axis };
    const quantized = scope.addQuantize(x, scale, { dataType: this.#options.dataType, ...at });
    return scope.addDequantize(quantized, scale, { dataType: x.dataType, ...at });
  }
}

/** The scope of what is added behind a tensor: its name. */
const scopeOf = (tensor: Tensor): string => tensor.name.replaceAll(':', '_');

/** The same weights with axes of size 1 in front. */
const liftedWeights = (weights: Weights, rank: number): Weights => {
  const shape = weights.shape as readonly number[];
  const from = weights.as('float32');
  const read = (): Uint8Array => from.bytes();
  return Weights.from({
    name: weights.name,
    dataType: 'float32',
    shape: [...Array<number>(rank - shape.length).fill(1), ...shape],
    read,
  });
};
