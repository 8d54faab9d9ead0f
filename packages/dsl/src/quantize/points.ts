import { floatTypes } from '../data-type.ts';
import { TrtDslError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import type { Node } from '../node.ts';
import type { Tensor } from '../tensor.ts';
import type { Weights } from '../weights.ts';
import { type LayerPattern, matchLayers } from './layer-pattern.ts';
import { type Recipe, type RecipeName, recipeOf } from './recipes.ts';
import { splitAttention } from './split-attention.ts';

/** Which layers are meant. */
export interface Selection {
  /** `gemm` by default; for calibration `full`, whose ranges serve all recipes */
  readonly recipe?: RecipeName | Recipe;
  /** layers that stay as they are */
  readonly exclude?: readonly LayerPattern[];
}

/** A layer that computes with quantized inputs. */
export interface QuantizedLayer {
  readonly node: Node;
  readonly role: 'linear' | 'attention' | 'residual';
  /** which inputs are activations to be quantized, per tensor */
  readonly activations: readonly number[];
  /** a linear layer's weights, and the axis of the output channels */
  readonly kernel?: { readonly weights: Weights; readonly channelAxis: number };
  /** whether an activation function follows, behind a bias or not, whose result nothing quantizes */
  readonly floatActivation: boolean;
}

/** A graph that is ready to be quantized: attention split if the recipe wants it, and the layers that are meant. */
export interface Points {
  readonly graph: Graph;
  readonly layers: readonly QuantizedLayer[];
  /** the layer that makes each tensor */
  readonly producers: ReadonlyMap<Tensor, Node>;
}

/** Products with fewer rows or columns than this stay as they are: there is nothing to win. */
const leastSize = 16;

/**
 * Finds the layers of a graph that a recipe quantizes.
 * @throws TrtDslError 'name' for a pattern that no layer matches
 */
export function findPoints(graph: Graph, { recipe = 'gemm', exclude = [] }: Selection): Points {
  const wanted = recipeOf(recipe);
  const excluded = matchLayers(splitAttention(graph), exclude);
  const split = wanted.attention ? splitAttention(graph, excluded) : graph;
  const producers = producersIn(split);
  const found = split.nodes.flatMap((node) => {
    if (excluded(node.name)) return [];
    const layer = linear(node, producers) ?? product(node, producers) ?? residual(node, producers);
    return layer && isWanted(layer, wanted, producers) ? [layer] : [];
  });
  const open = floatActivations(split, found, producers);
  const layers = found.map((layer) => ({ ...layer, floatActivation: open.has(layer.node) }));
  return { graph: split, layers, producers };
}

/** What is said where a recipe finds no layer in a graph. */
export const noLayers = ({ name }: Graph): TrtDslError =>
  new TrtDslError(
    'argument',
    `graph "${name}": the recipe quantizes none of its layers; linear layers are quantized if their kernel is constant and at least [${leastSize}, ${leastSize}], convolutions never`,
  );

/** What stands in front of activation functions whose results nothing quantizes, behind it a bias or not. */
function floatActivations(graph: Graph, layers: readonly Found[], producers: Producers): ReadonlySet<Node> {
  const quantized = new Set(layers.flatMap(({ node, activations }) => activations.map((i) => node.inputs[i]!)));
  const open = graph.nodes.filter((node) => node.op === 'activation' && !quantized.has(node.outputs[0]!));
  return new Set(
    open.flatMap((node) => {
      const before = sourceOf(node.inputs[0]!, producers);
      const isSum = before.op === 'elementwise' && before.attributes.operation === 'sum';
      return isSum ? before.inputs.map((input) => sourceOf(input, producers)) : [before];
    }),
  );
}

/**
 * The tensors that are quantized and need a range, by the name their range has, in the graph's order. Softmax has one by
 * nature.
 */
export function quantizedTensors({ layers, producers }: Points): ReadonlyMap<string, Tensor> {
  const tensors = layers.flatMap(({ node, activations }) => activations.map((i) => node.inputs[i]!));
  const open = tensors.filter((tensor) => sourceOf(tensor, producers).op !== 'softmax');
  return new Map(
    open
      .toReversed()
      .map((tensor) => [rangeName(tensor, producers), tensor] as const)
      .toReversed(),
  );
}

/** The layer that makes each tensor. */
const producersIn = (graph: Graph): Producers =>
  new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));

/** The tensor whose values a tensor has: itself, or what casts and transposes of it lead back to. */
export function originOf(tensor: Tensor, producers: Producers): Tensor {
  const node = producers.get(tensor)!;
  return keepsValues(node) ? originOf(node.inputs[0]!, producers) : tensor;
}

/** The name under which a tensor's range is known, so that the same ranges serve the graph in whatever type and order of axes. */
export const rangeName = (tensor: Tensor, producers: Producers): string => originOf(tensor, producers).name;

/** What computes a tensor's values, apart from what keeps them. */
export const sourceOf = (tensor: Tensor, producers: Producers): Node => producers.get(originOf(tensor, producers))!;

/** Whether a tensor is what a LayerNorm makes, by itself or inside a plugin, which may clear rows that are padding behind it. */
export function isNormalized(tensor: Tensor, producers: Producers, inPlugin = false): boolean {
  const origin = originOf(tensor, producers);
  const node = producers.get(origin)!;
  if (node.op === 'plugin') {
    const { body } = node.attributes;
    return isNormalized([...body.outputs.values()][node.outputs.indexOf(origin)]!, producersIn(body), true);
  }
  if (inPlugin && node.op === 'elementwise' && node.attributes.operation === 'prod')
    return isNormalized(node.inputs[0]!, producers, true);
  return node.op === 'layerNorm';
}

/** Whether the result has the input's values, by channel too: of a cast between float types, and of a transpose in front. */
function keepsValues(node: Node): boolean {
  if (node.op === 'cast') return floatTypes.includes(node.inputs[0]!.dataType);
  if (node.op !== 'shuffle' || node.attributes.reshape) return false;
  const { firstTranspose, secondTranspose } = node.attributes;
  return [firstTranspose, secondTranspose].every((order) => !order || order.at(-1) === order.length - 1);
}

type Producers = ReadonlyMap<Tensor, Node>;
/** A layer that may be quantized, before it is known which others are. */
type Found = Omit<QuantizedLayer, 'floatActivation'>;

function isWanted({ role, node }: Found, recipe: Recipe, producers: Producers): boolean {
  if (role !== 'linear') return recipe[role];
  if (recipe.linear === 'all') return true;
  return recipe.linear === 'not-after-activation' && !followsActivation(node, producers);
}

/** Whether the input comes from an activation function, also if it was divided on the way by `smooth`. */
function followsActivation(node: Node, producers: Producers): boolean {
  const x = sourceOf(node.inputs[0]!, producers);
  if (x.op === 'activation') return true;
  if (x.op !== 'elementwise' || x.attributes.operation !== 'prod') return false;
  return producers.get(x.inputs[1]!)!.op === 'constant' && followsActivation(x, producers);
}

function linear(node: Node, producers: Producers): Found | undefined {
  if (node.op !== 'matmul') return undefined;
  const [x, kernel] = node.inputs.map((input) => producers.get(input)!) as [Node, Node];
  if (x.op === 'constant' || kernel.op !== 'constant') return undefined;
  const { weights } = kernel.attributes;
  const shape = weights.shape as readonly number[];
  if (shape.length !== 2 || shape.some((size) => size < leastSize)) return undefined;
  const channelAxis = node.attributes.transposeB ? 0 : 1;
  return { node, role: 'linear', activations: [0], kernel: { weights, channelAxis } };
}

function product(node: Node, producers: Producers): Found | undefined {
  if (node.op !== 'matmul' || node.inputs.some((input) => producers.get(input)!.op === 'constant')) return undefined;
  return { node, role: 'attention', activations: [0, 1] };
}

/** A sum of a linear layer's output and another activation of the same shape. */
function residual(node: Node, producers: Producers): Found | undefined {
  if (node.op !== 'elementwise' || node.attributes.operation !== 'sum') return undefined;
  const [a, b] = node.inputs as readonly [Tensor, Tensor];
  if (a === b || String(a.shape) !== String(b.shape)) return undefined;
  const projected = [a, b].map((input) => isProjection(sourceOf(input, producers), producers));
  if (projected[0] === projected[1] || [a, b].some((input) => sourceOf(input, producers).op === 'constant'))
    return undefined;
  return { node, role: 'residual', activations: [projected[0] ? 1 : 0] };
}

/** Whether the layer is a product with constant weights, or that and its bias. */
function isProjection(node: Node, producers: Producers): boolean {
  if (node.op === 'matmul') return sourceOf(node.inputs[1]!, producers).op === 'constant';
  if (node.op !== 'elementwise' || node.attributes.operation !== 'sum') return false;
  const [x, bias] = node.inputs.map((input) => sourceOf(input, producers)) as [Node, Node];
  return bias.op === 'constant' && isProjection(x, producers);
}
