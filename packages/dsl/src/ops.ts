import * as layers from './layers/index.ts';
import type { Attributes, OpName } from './node.ts';
import type { Op } from './op.ts';

const isOp = (value: unknown): value is Op =>
  typeof value === 'object' && value !== null && 'infer' in value && 'name' in value;

/** Every op by its name. */
export const ops: { readonly [Name in OpName]: Op<Name, Attributes[Name]> } = Object.freeze(
  Object.fromEntries(
    Object.values<unknown>(layers)
      .filter(isOp)
      .map((op) => [op.name, op]),
  ),
) as never;

export const opNames = Object.keys(ops) as readonly OpName[];
