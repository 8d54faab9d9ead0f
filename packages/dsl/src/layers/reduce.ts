import { floatTypes, type NumericType, numericTypes } from '../data-type.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Axis, Minus } from '../ranks.ts';
import type { Tensor } from '../tensor.ts';
import { frontAxes, requireBoolean, requireOneOf, requireType, wrongArgument } from './checks.ts';

export const reduceOperations = ['sum', 'mean', 'max', 'min', 'prod'] as const;
export type ReduceOperation = (typeof reduceOperations)[number];

export interface ReduceAttributes {
  readonly operation: ReduceOperation;
  readonly axes: readonly number[];
  readonly keepDimensions: boolean;
}

export const reduce = defineOp(
  'reduce',
  1,
  ([x], { operation, axes, keepDimensions }: ReduceAttributes) => {
    requireOneOf('operation', operation, reduceOperations);
    requireBoolean('keepDimensions', keepDimensions);
    requireType('the input', x!, operation === 'mean' ? floatTypes : numericTypes);
    const gone = frontAxes(axes, x!.shape.length);
    if (gone.length === 0) wrongArgument('no axis to reduce over');
    const shape = x!.shape.map((size, axis) => (gone.includes(axis) ? 1 : size));
    return [
      { dataType: x!.dataType, shape: keepDimensions ? shape : x!.shape.filter((_, axis) => !gone.includes(axis)) },
    ];
  },
  (attributes, [x]) => ({ ...attributes, axes: frontAxes(attributes.axes, x!.shape.length) }),
);

/**
 * Sum, mean, maximum, minimum or product over axes (INetworkDefinition::addReduce). Half types accumulate in float32.
 * @param options keepDimensions: the axes stay, with size 1; otherwise (the default) they go
 */
export function addReduce<
  D extends NumericType,
  R extends number,
  const A extends readonly number[],
  K extends boolean = false,
>(
  this: Network,
  x: Tensor<D, R>,
  options: LayerOptions & {
    readonly operation: ReduceOperation;
    readonly axes: A & readonly Axis<NoInfer<R>>[];
    readonly keepDimensions?: K;
  },
): Tensor<D, K extends true ? R : Minus<R, A['length']>> {
  const attributes = {
    operation: options.operation,
    axes: options.axes,
    keepDimensions: options.keepDimensions ?? false,
  };
  const label = `reduce_${options.operation}`;
  return this.add(reduce, [x], attributes, options, label)[0] as Tensor<D, K extends true ? R : Minus<R, A['length']>>;
}
