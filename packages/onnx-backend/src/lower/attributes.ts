import { Buffer } from 'node:buffer';
import { type AttributeProto, attributeTypes } from '../proto/messages.ts';

/** An attribute as lowerings write it; a number is an integer unless it is wrapped in `float`. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };
export type NodeAttributes = { readonly [name: string]: AttributeValue | undefined };

export const float = (value: number): AttributeValue => ({ float: value });

/** AttributeProtos; what is undefined is left out. */
export const attributeProtos = (attributes: NodeAttributes): AttributeProto[] =>
  Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [{ name, ...encode(value) }]));

function encode(value: AttributeValue): AttributeProto {
  if (typeof value === 'number') return { type: attributeTypes.int, i: value };
  if (typeof value === 'string') return { type: attributeTypes.string, s: Buffer.from(value) };
  if ('float' in value) return { type: attributeTypes.float, f: value.float };
  return { type: attributeTypes.ints, ints: [...value] };
}
