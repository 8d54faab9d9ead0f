import { Buffer } from 'node:buffer';
import { TrtDslError, type Weights } from '@trt-dsl/dsl';
import { onnxTypes } from './onnx-types.ts';
import { encodeGraph, encodeModel, encodeTensor, fieldHeader } from './proto/codec.ts';
import { externalLocation, type ModelProto, type TensorProto } from './proto/messages.ts';
import { fieldNumbers } from './proto/schema.ts';

/** An ONNX model in memory whose initializers are weights by reference: nothing is read before it is written. */
export interface OnnxModel {
  /** all but the initializers */
  readonly proto: ModelProto;
  /** by the name of the tensor, in the order of the graph */
  readonly initializers: ReadonlyMap<string, Weights>;
}

/** Where an initializer's bytes lie in the file beside the model. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** protobuf's limit: sizes are signed 32-bit numbers. */
export const largestFile = 2 ** 31 - 1;

/** A tensor's message without its bytes. */
const headerOf = (name: string, { dataType, shape }: Weights, external: TensorProto = {}): TensorProto => ({
  dims: [...(shape as readonly number[])],
  dataType: onnxTypes[dataType],
  name,
  ...external,
});

const inFile = (location: string, { offset, length }: Place): TensorProto => ({
  dataLocation: externalLocation,
  externalData: [
    { key: 'location', value: location },
    { key: 'offset', value: String(offset) },
    { key: 'length', value: String(length) },
  ],
});

/** An ONNX file, cut into pieces that are made one at a time. */
export interface ModelPieces {
  readonly byteLength: number;
  readonly pieces: Iterable<Uint8Array>;
}

/**
 * The model as the bytes of an ONNX file.
 * @param places of the initializers that lie in a file beside it, named `location`; the others are written inline
 */
export function modelPieces(
  { proto, initializers }: OnnxModel,
  places: ReadonlyMap<string, Place> = new Map(),
  location = '',
): ModelPieces {
  const head = encodeModel(proto);
  const nodes = encodeGraph(proto.graph ?? {});
  const tensors = [...initializers].map(([name, weights]) => {
    const place = places.get(name);
    if (place) return { header: encodeTensor(headerOf(name, weights, inFile(location, place))), data: undefined };
    const header = encodeTensor(headerOf(name, weights));
    const data = fieldHeader(fieldNumbers.rawData, weights.byteLength);
    return { header, data: { key: data, weights } };
  });
  const sizes = tensors.map(
    ({ header, data }) => header.length + (data ? data.key.length + data.weights.byteLength : 0),
  );
  const keys = sizes.map((size) => fieldHeader(fieldNumbers.initializer, size));
  const graphSize = sizes.reduce((total, size, i) => total + size + keys[i]!.length, nodes.length);
  const graphKey = fieldHeader(fieldNumbers.graph, graphSize);
  function* pieces(): Iterable<Uint8Array> {
    yield head;
    yield graphKey;
    yield nodes;
    for (const [i, { header, data }] of tensors.entries()) {
      yield keys[i]!;
      yield header;
      if (!data) continue;
      yield data.key;
      yield data.weights.bytes();
    }
  }
  return { byteLength: head.length + graphKey.length + graphSize, pieces: pieces() };
}

/**
 * The bytes of an ONNX file with all weights in it.
 * @throws TrtDslError 'unsupported' beyond protobuf's limit of 2 GB; `writeOnnx` puts the weights into a second file
 */
export function serializeOnnx(model: OnnxModel): Uint8Array {
  const { byteLength, pieces } = modelPieces(model);
  if (byteLength > largestFile)
    throw new TrtDslError(
      'unsupported',
      `model "${model.proto.graph?.name}": ${byteLength} bytes exceed the 2 GB of one ONNX file; use writeOnnx`,
    );
  const out = Buffer.allocUnsafeSlow(byteLength);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
