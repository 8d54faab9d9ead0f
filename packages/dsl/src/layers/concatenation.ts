import type { DataType } from '../data-type.ts';
import { equalDims, sum } from '../dim.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Axis } from '../ranks.ts';
import { formatType, type Operand, type Tensor } from '../tensor.ts';
import { fromFront, frontAxis, requireRank, requireSameType, wrongArgument, wrongShape } from './checks.ts';

export interface ConcatenationAttributes {
  readonly axis: number;
}

export const concatenation = defineOp(
  'concatenation',
  [1, Number.POSITIVE_INFINITY],
  (inputs, { axis }: ConcatenationAttributes) => {
    const [first] = inputs;
    if (!first) wrongArgument('nothing to concatenate');
    requireRank('the first tensor', first, 1, 8);
    const at = frontAxis(axis, first.shape.length);
    for (const other of inputs.slice(1)) {
      requireSameType(first, other);
      const same = other.shape.length === first.shape.length;
      if (!same || !other.shape.every((size, i) => i === at || equalDims(size, first.shape[i]!)))
        wrongShape(`${formatType(first)} and ${formatType(other)} differ elsewhere than along axis ${at}`);
    }
    const length = sum(...inputs.map(({ shape }) => shape[at]!));
    return [{ dataType: first.dataType, shape: first.shape.map((size, i) => (i === at ? length : size)) }];
  },
  fromFront,
);

/** Tensors one behind the other along `axis`; all other sizes are equal (INetworkDefinition::addConcatenation). */
export function addConcatenation<D extends DataType, R extends number>(
  this: Network,
  inputs: readonly [Tensor<D, R>, ...Operand<NoInfer<D>, NoInfer<R>>[]],
  options: LayerOptions & { readonly axis: Axis<NoInfer<R>> },
): Tensor<D, R> {
  if (!Array.isArray(inputs)) wrongArgument('the tensors are no list: [a, b]');
  const tensors = inputs.map((part) => this.operand<D, R>(part, inputs[0]));
  return this.add(concatenation, tensors, { axis: options.axis }, options)[0] as Tensor<D, R>;
}
