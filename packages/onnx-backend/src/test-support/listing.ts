import { Buffer } from 'node:buffer';
import type { OnnxModel } from '../model.ts';
import { type AttributeProto, toNumber } from '../proto/messages.ts';

const written = (attribute: AttributeProto): string => {
  const { i, f, s, ints } = attribute;
  if (ints) return `[${ints.map(toNumber)}]`;
  if (s) return Buffer.from(s).toString();
  return String(f ?? toNumber(i));
};

/** A model's nodes, one a line: `y = Op(x, k) axis=1`. */
export const listing = ({ proto }: OnnxModel): string[] =>
  (proto.graph?.node ?? []).map(({ input, output, opType, attribute }) => {
    const attributes = (attribute ?? []).map((a) => `${a.name}=${written(a)}`).join(' ');
    return `${output?.join(', ')} = ${opType}(${input?.join(', ')}) ${attributes}`.trim();
  });
