import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { type DataType, dataTypes, messageOf, TrtDslError, Weights } from '@trt-dsl/dsl';
import { dataTypeOf, onnxTypeName } from '../onnx-types.ts';
import { decodeModel } from '../proto/codec.ts';
import { externalLocation, type ModelProto, type TensorProto, toNumber } from '../proto/messages.ts';
import { type ForeignType, foreignTypes } from './foreign-types.ts';

/** An ONNX model whose weights lie where they were found. */
export interface ModelFile {
  /** names the file in errors */
  readonly where: string;
  readonly model: ModelProto;
  /** a TensorProto as weights that are read when they are asked for */
  readonly weightsOf: (tensor: TensorProto) => Weights;
}

/**
 * Reads an ONNX model from a path or from bytes. Of a file, the weights are not kept in memory: they are read again,
 * one by one, when they are needed.
 * @throws TrtDslError 'file'
 */
export function openModel(source: string | Uint8Array): ModelFile {
  if (typeof source !== 'string' && !(source instanceof Uint8Array))
    throw new TrtDslError('argument', `an ONNX model is a path or bytes, not ${String(source)}`);
  const path = typeof source === 'string' ? source : undefined;
  const where = path ?? 'an ONNX model';
  const given = path === undefined ? (source as Uint8Array) : readWhole(path);
  // Not a Buffer: its slice() does not copy.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const model = decodeModel(bytes, where);
  const size = bytes.byteLength;
  const start = bytes.byteOffset;
  const { buffer } = bytes;
  const ranges = new Map<TensorProto, { readonly offset: number; readonly length: number }>();
  if (path !== undefined)
    for (const tensor of rawTensors(model)) {
      const { rawData } = tensor;
      // Small ones are kept; the others are remembered by their place, so that the file's bytes can go.
      if (!rawData || rawData.buffer !== buffer) continue;
      if (rawData.byteLength <= 4096) tensor.rawData = rawData.slice();
      else {
        ranges.set(tensor, { offset: rawData.byteOffset - start, length: rawData.byteLength });
        delete tensor.rawData;
      }
    }
  const folder = path === undefined ? undefined : dirname(path);
  return {
    where,
    model,
    weightsOf: (tensor) => {
      const range = ranges.get(tensor);
      const name = tensor.name ?? '';
      if (range)
        return weights(where, tensor, range.length, () => readRange(path!, range.offset, range.length, name, size));
      if (tensor.dataLocation === externalLocation) return externalWeights(where, folder, tensor);
      const raw = tensor.rawData?.length ? tensor.rawData : listed(where, tensor);
      return weights(where, tensor, raw.byteLength, () => raw);
    },
  };
}

function readWhole(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TrtDslError('file', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

const rawTensors = ({ graph }: ModelProto): TensorProto[] => [
  ...(graph?.initializer ?? []),
  ...(graph?.node ?? []).flatMap(({ attribute }) => (attribute ?? []).flatMap(({ t }) => (t ? [t] : []))),
];

/** @param expected the file's size when it was opened, to notice that it changed */
function readRange(path: string, offset: number, length: number, name: string, expected?: number): Uint8Array {
  const out = new Uint8Array(length);
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      if (offset + length > size || (expected !== undefined && size !== expected))
        throw new Error(`${length} bytes at ${offset} do not lie in its ${size} bytes`);
      for (let at = 0; at < length; ) {
        const read = readSync(file, out, at, Math.min(length - at, 2 ** 30), offset + at);
        if (read === 0) throw new Error(`it ends at ${offset + at}`);
        at += read;
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new TrtDslError('file', `${path}: tensor "${name}": ${messageOf(error)}`, { cause: error });
  }
  return out;
}

function weights(where: string, tensor: TensorProto, length: number, read: () => Uint8Array): Weights {
  const name = tensor.name || 'constant';
  const shape = (tensor.dims ?? []).map(toNumber);
  const dataType = dataTypeOf(tensor.dataType);
  if (dataType === undefined) return foreignWeights(where, tensor, shape, length, read);
  checkLength(where, name, shape, dataTypes[dataType].bytes, length, dataType);
  return Weights.from({ name, dataType, shape, read });
}

function foreignWeights(
  where: string,
  tensor: TensorProto,
  shape: number[],
  length: number,
  read: () => Uint8Array,
): Weights {
  const name = tensor.name || 'constant';
  const foreign: ForeignType | undefined = foreignTypes[tensor.dataType ?? 0];
  if (!foreign)
    throw new TrtDslError(
      'unsupported',
      `${where}: tensor "${name}" is ${onnxTypeName(tensor.dataType)}, which the DSL lacks`,
    );
  checkLength(where, name, shape, foreign.bytes, length, onnxTypeName(tensor.dataType));
  return Weights.from({
    name,
    dataType: foreign.becomes,
    shape,
    read: () => foreign.convert(read(), `${where}: "${name}"`),
  });
}

function checkLength(
  where: string,
  name: string,
  shape: readonly number[],
  bytes: number,
  length: number,
  type: DataType | string,
): void {
  const wanted = shape.reduce((a, b) => a * b, bytes);
  if (wanted !== length || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new TrtDslError('file', `${where}: tensor "${name}": ${length} bytes are not ${type}[${shape.join(', ')}]`);
}

/** Data that lie in a file beside the model; only there: a model cannot name any file of the machine. */
function externalWeights(where: string, folder: string | undefined, tensor: TensorProto): Weights {
  const name = tensor.name ?? '';
  const entry = (key: string): string | undefined => tensor.externalData?.find((pair) => pair.key === key)?.value;
  const location = normalize(entry('location') ?? '');
  if (folder === undefined)
    throw new TrtDslError(
      'file',
      `${where}: tensor "${name}" lies in "${location}" beside the model: open it by its path`,
    );
  if (location === '.' || isAbsolute(location) || location.split(sep)[0] === '..')
    throw new TrtDslError('file', `${where}: tensor "${name}" lies in "${location}", outside the model's folder`);
  const offset = Number(entry('offset') ?? 0);
  const bytes = dataTypeOf(tensor.dataType);
  const size = bytes ? dataTypes[bytes].bytes : (foreignTypes[tensor.dataType ?? 0]?.bytes ?? 0);
  const length = Number(entry('length') ?? (tensor.dims ?? []).map(toNumber).reduce((a, b) => a * b, size));
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
    throw new TrtDslError(
      'file',
      `${where}: tensor "${name}" lies at "${entry('offset')}", "${entry('length')}" bytes`,
    );
  return weights(where, tensor, length, () => readRange(join(folder, location), offset, length, name));
}

/** The bytes of a tensor that is written as a list of numbers. */
function listed(where: string, tensor: TensorProto): Uint8Array {
  const { floatData = [], int32Data = [], int64Data = [], doubleData = [], uint64Data = [] } = tensor;
  const bytesOf = (array: ArrayBufferView): Uint8Array =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const big = (list: typeof int64Data): bigint[] => list.map((value) => BigInt(value.toString()));
  const lists: { readonly [onnxType: number]: () => ArrayBufferView } = {
    1: () => Float32Array.from(floatData),
    2: () => Uint8Array.from(int32Data),
    3: () => Int8Array.from(int32Data),
    4: () => Uint16Array.from(int32Data),
    5: () => Int16Array.from(int32Data),
    6: () => Int32Array.from(int32Data),
    7: () => BigInt64Array.from(big(int64Data)),
    9: () => Uint8Array.from(int32Data),
    10: () => Uint16Array.from(int32Data),
    11: () => Float64Array.from(doubleData),
    12: () => Uint32Array.from(uint64Data.map(toNumber)),
    13: () => BigUint64Array.from(big(uint64Data)),
    16: () => Uint16Array.from(int32Data),
    17: () => Uint8Array.from(int32Data),
  };
  const list = lists[tensor.dataType ?? 0];
  if (!list)
    throw new TrtDslError(
      'unsupported',
      `${where}: tensor "${tensor.name}" is ${onnxTypeName(tensor.dataType)}, which the DSL lacks`,
    );
  return bytesOf(list());
}
