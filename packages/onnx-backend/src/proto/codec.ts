import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import protobuf from 'protobufjs/light.js';
import type { ModelProto, TensorProto } from './messages.ts';
import { schema } from './schema.ts';

const root = protobuf.Root.fromJSON(schema);
const modelType = root.lookupType('ModelProto');
const graphType = root.lookupType('GraphProto');
const tensorType = root.lookupType('TensorProto');

/** A model's bytes without its graph, for a writer that appends the graph piece by piece. */
export const encodeModel = ({ graph: _, ...rest }: ModelProto): Uint8Array => modelType.encode(rest).finish();

/** A graph's bytes without its initializers. */
export const encodeGraph = (graph: NonNullable<ModelProto['graph']>): Uint8Array => {
  const { initializer: _, ...rest } = graph;
  return graphType.encode(rest).finish();
};

export const encodeTensor = (tensor: TensorProto): Uint8Array => tensorType.encode(tensor).finish();

/**
 * A model from an ONNX file's bytes; raw tensor data are views into `bytes`.
 * @param where names the file in errors
 * @throws TrtDslError 'file' for bytes that are no ONNX model
 */
export function decodeModel(bytes: Uint8Array, where: string): ModelProto {
  let model: ModelProto;
  try {
    model = modelType.decode(bytes) as unknown as ModelProto;
  } catch (error) {
    throw new TrtDslError('file', `${where}: no ONNX model, or a truncated one: ${messageOf(error)}`, { cause: error });
  }
  if (!model.graph?.node || !model.opsetImport?.length || !model.graph.output?.length)
    throw new TrtDslError('file', `${where}: ${bytes.byteLength} bytes that hold no ONNX graph`);
  return model;
}

/** A base-128 varint, as in front of every length-delimited field. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** Key and length of a length-delimited field. */
export function fieldHeader(field: number, length: number): Uint8Array {
  const key = varint(field * 8 + 2);
  const size = varint(length);
  const out = new Uint8Array(key.length + size.length);
  out.set(key);
  out.set(size, key.length);
  return out;
}
