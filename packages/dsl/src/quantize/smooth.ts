import type { Backend, Tensors } from '../backend.ts';
import { fromNumbers, toFloat32 } from '../convert.ts';
import { bytesOf, type FloatType } from '../data-type.ts';
import type { Dim } from '../dim.ts';
import { TrtDslError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import type { Network } from '../network.ts';
import type { Node } from '../node.ts';
import { copyNode, repeatNode, rewrite } from '../rewrite.ts';
import type { Tensor } from '../tensor.ts';
import { Weights } from '../weights.ts';
import { type CalibrationData, type ObserveOptions, observe } from './calibrate.ts';
import { dropUnused } from './drop-unused.ts';
import { largestMagnitude } from './histogram.ts';
import { findPoints, isNormalized, originOf, type Points, type QuantizedLayer, type Selection } from './points.ts';
import { channelMaxima } from './quantize-weights.ts';

/** The largest magnitude of each element of a tensor's last axis, by the tensor's name. */
export type ChannelRanges = ReadonlyMap<string, Float64Array>;

/** The channel ranges of all tensors that a recipe quantizes, by one pass over data; see `calibrate`. */
export async function collectChannelRanges(
  graph: Graph,
  backend: Backend,
  feeds: CalibrationData,
  options: ObserveOptions = {},
): Promise<ChannelRanges> {
  const ranges = new Map<string, Float64Array>();
  const observed = await observe(graph, backend, options);
  try {
    await observed.each(feeds, 'ranges', (name, values, spans, sizes) => {
      largestMagnitude(values, spans, 0, name); // refuses what is not finite
      const width = sizes.at(-1) ?? 1;
      const known = ranges.get(name) ?? new Float64Array(width);
      ranges.set(name, known);
      if (known.length !== width) return;
      for (const [from, to] of spans)
        for (let i = from; i < to; i++) known[i % width] = Math.max(known[i % width]!, Math.abs(values[i]!));
    });
  } finally {
    observed.close();
  }
  return ranges;
}

/** How much of the difficulty moves from activations to weights. */
export interface SmoothOptions extends Pick<Selection, 'exclude'> {
  /** see `collectChannelRanges`; a number is the range of every channel of a tensor, and only kernels then tell channels apart */
  readonly ranges: ReadonlyMap<string, Float64Array | number>;
  /** 0 moves nothing, 1 all; 0.5 by default */
  readonly alpha?: number;
  /** linear layers right behind a LayerNorm, or a plugin that ends in one, as in the paper (by default), or all */
  readonly layers?: 'after-layer-norm' | 'all';
}

/**
 * SmoothQuant (Xiao et al. 2023): before each linear layer channel j of the input is divided by
 * s_j = max|x_j|^α / max|w_j|^(1−α), and row j of the kernels that take it multiplied by it: the same function, with
 * activations that have fewer outliers. Calibrate and quantize the graph that this returns. Layers `…/smooth` divide;
 * TensorRT computes them inside what makes the input, unless that is a plugin.
 * @throws TrtDslError 'argument' for a tensor without ranges, or α outside [0, 1]
 */
export function smooth<I extends Tensors, O extends Tensors>(graph: Graph<I, O>, options: SmoothOptions): Graph<I, O> {
  const { ranges, alpha = 0.5, layers: wanted = 'after-layer-norm', exclude = [] } = options;
  if (!(alpha >= 0 && alpha <= 1)) throw new TrtDslError('argument', `alpha ${alpha} is not in [0, 1]`);
  const points = findPoints(graph, { exclude, recipe: 'gemm' });
  const layers = points.layers.filter(
    ({ node }) => wanted === 'all' || isNormalized(node.inputs[0]!, points.producers),
  );
  const linear = new Map(layers.map((layer) => [layer.node, layer]));
  const divisions = new Map<Tensor, Division>();
  for (const [origin, users] of usersOf(layers, points)) {
    const factor = factorsOf(users, origin, ranges.get(origin.name), alpha);
    const inputs = new Set(users.map(({ node }) => node.inputs[0]!));
    const division = { factor, at: inputs.size === 1 ? users[0]!.node.inputs[0]! : origin, name: origin.name };
    for (const input of inputs) divisions.set(input, division);
  }
  /** what stands for the tensors of the graph, and for those that are divided */
  const copies = new Map<Tensor, Tensor>();
  const divided = new Map<Tensor, Tensor>();
  const dividedOf = (tensor: Tensor, division: Division, net: Network): Tensor => {
    const known = divided.get(tensor);
    if (known) return known;
    const maker = points.producers.get(tensor)!;
    const made =
      tensor === division.at
        ? divide(copies.get(tensor) as Tensor<FloatType>, division, net)
        : repeatNode(maker, [dividedOf(maker.inputs[0]!, division, net)], net)[0]!;
    divided.set(tensor, made);
    return made;
  };
  const smoothedInputs = (layer: QuantizedLayer, net: Network): readonly Tensor[] => {
    const [input] = layer.node.inputs as readonly [Tensor, Tensor];
    const division = divisions.get(input)!;
    const x = dividedOf(input, division, net);
    return [x, net.scope(layer.node.name).addConstant(scaledKernel(layer, division.factor))];
  };
  const rewritten = rewrite(graph, (node, inputs, net) => {
    const layer = linear.get(node);
    const outputs = copyNode(node, layer ? smoothedInputs(layer, net) : inputs, net);
    for (const [i, output] of node.outputs.entries()) copies.set(output, outputs[i]!);
    return outputs;
  });
  return dropUnused(rewritten);
}

/** What linear layers' input is divided by, once for all that take the same values. */
interface Division {
  readonly factor: Float64Array;
  /** where: what they take, or where they take it in several types or orders of axes, what all of those are made of */
  readonly at: Tensor;
  /** what the values are called where they are measured */
  readonly name: string;
}

/** The layers by the tensor that their inputs' values are of. */
function usersOf(layers: readonly QuantizedLayer[], { producers }: Points): Map<Tensor, QuantizedLayer[]> {
  const users = new Map<Tensor, QuantizedLayer[]>();
  for (const layer of layers) {
    const origin = originOf(layer.node.inputs[0]!, producers);
    users.get(origin)?.push(layer) ?? users.set(origin, [layer]);
  }
  return users;
}

/** x · 1/s, as a layer of its own. */
function divide(x: Tensor<FloatType>, { factor, name }: Division, net: Network): Tensor {
  const inverse = Weights.fromNumbers(
    x.dataType,
    [factor.length],
    Array.from(factor, (s) => 1 / s),
    'inverse',
  );
  return net.scope(name.replaceAll(':', '_')).addMul(x, inverse as Weights<FloatType>, { name: 'smooth' });
}

function factorsOf(
  users: readonly QuantizedLayer[],
  { name, shape }: Tensor,
  range: Float64Array | number | undefined,
  alpha: number,
): Float64Array {
  const width = (shape as readonly Dim[]).at(-1);
  const activation =
    typeof range === 'number' && typeof width === 'number' ? new Float64Array(width).fill(range) : range;
  const transposed = users.some(({ node }) => isTransposed(node));
  if (!(activation instanceof Float64Array) || activation.length !== width || transposed)
    throw new TrtDslError('argument', `smooth: no ranges of the ${width} channels of "${name}"`);
  const weight = new Float64Array(activation.length);
  for (const { kernel } of users) {
    const values = toFloat32('float32', kernel!.weights.as('float32').array());
    channelMaxima(kernel!.weights, values, 1 - kernel!.channelAxis).forEach((amax, j) => {
      weight[j] = Math.max(weight[j]!, amax);
    });
  }
  // A power of two divides and multiplies without rounding.
  return activation.map((amax, j) =>
    amax > 0 && weight[j]! > 0 ? 2 ** Math.round(Math.log2(amax ** alpha / weight[j]! ** (1 - alpha))) : 1,
  );
}

const isTransposed = (node: Node): boolean => node.op === 'matmul' && node.attributes.transposeA;

/** The kernel with row j multiplied by s_j, when it is read. */
function scaledKernel({ node, kernel }: QuantizedLayer, factor: Float64Array): Weights {
  const { weights, channelAxis } = kernel!;
  const shape = weights.shape as readonly number[];
  const { dataType } = node.inputs[0]!;
  const inner = channelAxis === 1 ? shape[1]! : 1;
  const read = (): Uint8Array => {
    const values = Float32Array.from(weights.as('float32').array());
    for (let i = 0; i < values.length; i++) values[i]! *= factor[Math.floor(i / inner) % factor.length]!;
    return bytesOf(fromNumbers(dataType, values));
  };
  return Weights.from({ name: weights.name, dataType, shape, read });
}
