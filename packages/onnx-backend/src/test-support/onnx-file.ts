import { bytesOf, type DataType, fromNumbers } from '@trt-dsl/dsl';
import { attributeProtos, type NodeAttributes } from '../lower/attributes.ts';
import { onnxTypes } from '../onnx-types.ts';
import { encodeGraph, encodeModel, encodeTensor, fieldHeader } from '../proto/codec.ts';
import type { NodeProto, TensorProto, ValueInfoProto } from '../proto/messages.ts';
import { fieldNumbers } from '../proto/schema.ts';

/** `y, z = Op(a, , b)` */
export function node(text: string, attributes: NodeAttributes = {}, domain = ''): NodeProto {
  const [, outputs, opType, inputs] = /^(.*?) = (\w+)\((.*)\)$/.exec(text)!;
  const list = (names: string): string[] => (names === '' ? [] : names.split(',').map((name) => name.trim()));
  const attribute = attributeProtos(attributes);
  return {
    name: `n_${outputs!.split(',')[0]}`,
    opType: opType!,
    domain,
    input: list(inputs!),
    output: list(outputs!),
    attribute,
  };
}

export const tensor = (
  name: string,
  type: DataType,
  dims: readonly number[],
  values: readonly number[],
): TensorProto => ({
  name,
  dataType: onnxTypes[type],
  dims: [...dims],
  rawData: bytesOf(fromNumbers(type, values)),
});

const info = (name: string, type: DataType, shape: readonly (number | string)[]): ValueInfoProto => {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: onnxTypes[type], shape: { dim } } } };
};

/** The bytes of an ONNX file. */
export function onnxFile(parts: {
  readonly inputs: { readonly [name: string]: readonly [DataType, readonly (number | string)[]] };
  readonly nodes: readonly NodeProto[];
  readonly initializers?: readonly TensorProto[];
  readonly outputs?: readonly string[];
  readonly opset?: number;
}): Uint8Array {
  const { inputs, nodes, initializers = [], outputs = ['y'], opset = 21 } = parts;
  const head = encodeModel({ irVersion: 10, opsetImport: [{ domain: '', version: opset }] });
  const graph = encodeGraph({
    name: 'g',
    node: [...nodes],
    input: Object.entries(inputs).map(([name, [type, shape]]) => info(name, type, shape)),
    output: outputs.map((name) => ({ name })),
  });
  const tensors = initializers
    .map((t) => encodeTensor(t))
    .flatMap((bytes) => [fieldHeader(fieldNumbers.initializer, bytes.length), bytes]);
  const body = Buffer.concat([graph, ...tensors]);
  return new Uint8Array(Buffer.concat([head, fieldHeader(fieldNumbers.graph, body.length), body]));
}
