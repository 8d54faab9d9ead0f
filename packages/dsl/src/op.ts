import type { Dim } from './dim.ts';
import type { TensorType } from './tensor.ts';
import type { Weights } from './weights.ts';

/** What attributes are made of: JSON's values, dims, and weights. */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | Dim
  | Weights
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

/** An op: its name, how many inputs it takes, and the rule that gives the outputs' types or throws a TrtDslError. */
export interface Op<Name extends string = string, A = unknown> {
  readonly name: Name;
  /** the least and the largest number of inputs */
  readonly arity: readonly [least: number, most: number];
  /** called with as many inputs as `arity` allows; its errors are told with the layer's name in front */
  readonly infer: (inputs: readonly TensorType[], attributes: A) => readonly TensorType[];
  /** the form in which checked attributes are stored: axes counted from the front, for one */
  readonly normalize: (attributes: A, inputs: readonly TensorType[]) => A;
}

/** Defines an op by its name and shape rule; `attributes` are plain data and reach every backend as they are. */
export const defineOp = <const Name extends string, A>(
  name: Name,
  arity: number | readonly [least: number, most: number],
  infer: (inputs: readonly TensorType[], attributes: A) => readonly TensorType[],
  normalize: (attributes: A, inputs: readonly TensorType[]) => A = (attributes) => attributes,
): Op<Name, A> =>
  Object.freeze({ name, arity: typeof arity === 'number' ? ([arity, arity] as const) : arity, infer, normalize });
