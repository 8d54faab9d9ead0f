import { type FloatType, floatTypes } from '../data-type.ts';
import { type Dim, difference, sum } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import { formatType, type Operand, type Tensor } from '../tensor.ts';
import {
  requireInteger,
  requireRank,
  requireSameType,
  requireShape,
  requireType,
  wrongArgument,
  wrongShape,
} from './checks.ts';

type Pair = readonly [number, number];

export interface ConvolutionAttributes {
  readonly stride: Pair;
  /** zeros before and after, along height and width */
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}

export const convolution = defineOp('convolution', [2, 3], ([x, kernel, bias], attributes: ConvolutionAttributes) => {
  const { stride, padding, dilation, groups } = attributes;
  requireType('the input', x!, floatTypes);
  requireRank('the input', x!, 4);
  requireSameType(x!, kernel!);
  requireRank('the kernel', kernel!, 4);
  requireInteger('groups', groups, 1);
  requirePair('stride', stride, 1);
  requirePair('padding', padding, 0);
  requirePair('dilation', dilation, 1);
  const [batch, channels, ...space] = x!.shape as readonly [Dim, Dim, Dim, Dim];
  if (!kernel!.shape.every((size) => typeof size === 'number'))
    wrongShape(`the sizes of the kernel ${formatType(kernel!)} have to be numbers`);
  const [filters, depth, ...window] = kernel!.shape as readonly [number, number, number, number];
  if (channels !== depth * groups || filters % groups !== 0)
    wrongShape(
      `in ${groups} groups a kernel of ${depth} channels takes ${depth * groups} channels and a multiple of ${groups} filters, not ${channels} and ${filters}`,
    );
  if (bias) {
    requireSameType(x!, bias);
    requireShape('the bias', bias, [filters]);
  }
  const extent = window.map((size, i) => (size - 1) * dilation[i as 0 | 1] + 1);
  return [{ dataType: x!.dataType, shape: [batch, filters, ...slide(space, extent, stride, padding)] }];
});

/** How often a window fits along height and width: ⌊(size + 2 padding − extent) / stride⌋ + 1. */
export function slide(space: readonly Dim[], extent: readonly number[], stride: Pair, padding: Pair): readonly Dim[] {
  return space.map((size, i) => {
    const room = difference(sum(size, 2 * padding[i as 0 | 1]), extent[i]!);
    const step = stride[i as 0 | 1];
    if (typeof room === 'number') {
      if (room < 0) wrongShape(`a window of ${extent[i]} does not fit ${size} with padding ${padding[i as 0 | 1]}`);
      return Math.floor(room / step) + 1;
    }
    if (step !== 1)
      wrongShape(`the size ${size} has to be a number where the stride is ${step}; a stride of 1 takes names`);
    return sum(room, 1);
  });
}

/** @throws TrtDslError 'argument' unless `pair` is two integers ≥ `least` */
export function requirePair(what: string, pair: unknown, least: number): void {
  if (!Array.isArray(pair) || pair.length !== 2) wrongArgument(`${what} ${String(pair)} is no [height, width]`);
  for (const size of pair) requireInteger(what, size, least);
}

/**
 * Two-dimensional convolution: `[batch, channels, height, width]` to `[batch, filters, height', width']`
 * (INetworkDefinition::addConvolutionNd). Height and width may have names where the stride is 1.
 * @param kernel `[filters, channels / groups, height, width]`, weights
 * @param bias `[filters]`, or undefined
 */
export function addConv2d<D extends FloatType>(
  this: Network,
  x: Tensor<D, 4>,
  kernel: Operand<NoInfer<D>, 4>,
  bias?: Operand<NoInfer<D>, 1>,
  options: LayerOptions & Partial<ConvolutionAttributes> = {},
): Tensor<D, 4> {
  const { stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 } = options;
  const weights = (bias === undefined ? [kernel] : [kernel, bias]).map((w) => this.operand<D, number>(w, x));
  return this.add(convolution, [x, ...weights], { stride, padding, dilation, groups }, options)[0] as Tensor<D, 4>;
}
