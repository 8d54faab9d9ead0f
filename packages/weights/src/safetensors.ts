import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '@trt-dsl/dsl';
import { FileBytes, fileError } from './file-bytes.ts';
import type { StoredType } from './stored-types.ts';
import { storedLength, type TensorEntry, TensorFile, type WeightsFile } from './weights-file.ts';

/** The format's own spelling of each type. */
export const safetensorsTypes: Readonly<Record<string, StoredType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F8_E4M3: 'float8_e4m3',
  F8_E5M2: 'float8_e5m2',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
  C64: 'complex64',
};

/** The reference implementation's own limit. */
const longestHeader = 100_000_000;
const lengthBytes = 8;

interface Header {
  readonly entries: Map<string, TensorEntry>;
  readonly metadata: Record<string, string>;
}

function readHeader(file: FileBytes): Header {
  const { path, size } = file;
  if (size < lengthBytes) throw fileError(path, 0, `${size} bytes are too few for safetensors; it is truncated`);
  const prefix = file.read(0, lengthBytes, 'the header length');
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > longestHeader || lengthBytes + length > size)
    throw fileError(
      path,
      0,
      `the header should be ${length} bytes long, but the file has ${size}; it is truncated or no safetensors file`,
    );
  const text = file.read(lengthBytes, length, 'the header');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (error) {
    throw fileError(path, lengthBytes, `the header is no UTF-8 JSON: ${messageOf(error)}`, error);
  }
  if (!isRecord(json)) throw fileError(path, lengthBytes, 'the header is no JSON object');
  const entries = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(json))
    if (key === '__metadata__') metadata = readMetadata(path, value);
    else entries.set(key, readEntry(file, lengthBytes + length, key, value));
  checkCoverage(file, lengthBytes + length, entries);
  return { entries, metadata };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNaturals = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);

function readMetadata(path: string, value: unknown): Record<string, string> {
  if (!isRecord(value) || Object.values(value).some((item) => typeof item !== 'string'))
    throw fileError(path, lengthBytes, '"__metadata__" should map names to strings');
  return value as Record<string, string>;
}

function readEntry(file: FileBytes, dataStart: number, key: string, value: unknown): TensorEntry {
  const { path } = file;
  const refuse = (text: string) => fileError(path, lengthBytes, `"${key}": ${text}`);
  if (!isRecord(value)) throw refuse('should be an object with dtype, shape and data_offsets');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(safetensorsTypes, dtype))
    throw refuse(`dtype ${JSON.stringify(dtype)} is none of ${Object.keys(safetensorsTypes).join(', ')}`);
  if (!isNaturals(shape)) throw refuse('shape should be a list of sizes');
  if (!isNaturals(offsets) || offsets.length !== 2 || offsets[1]! < offsets[0]!)
    throw refuse('data_offsets should be [begin, end]');
  const [begin, end] = offsets as [number, number];
  const type = safetensorsTypes[dtype]!;
  const byteLength = storedLength(type, shape, { path, offset: lengthBytes, key })!;
  if (byteLength !== end - begin)
    throw refuse(`${dtype}[${shape.join(', ')}] needs ${byteLength} bytes, data_offsets give ${end - begin}`);
  const offset = dataStart + begin;
  return { type, shape, byteLength, path, offset, read: () => file.read(offset, byteLength, `"${key}"`) };
}

/** The tensors must fill the rest of the file without holes or overlaps, as the format demands. */
function checkCoverage({ path, size }: FileBytes, dataStart: number, entries: ReadonlyMap<string, TensorEntry>): void {
  let at = dataStart;
  const byOffset = [...entries].sort(([, a], [, b]) => a.offset! - b.offset! || a.byteLength! - b.byteLength!);
  for (const [key, { offset, byteLength }] of byOffset) {
    if (offset !== at)
      throw fileError(path, offset, `"${key}" begins here, but the tensor before it ends at byte ${at}`);
    at = offset + byteLength!;
    if (at > size)
      throw fileError(path, offset, `"${key}" ends at byte ${at}, but the file has ${size}; it is truncated`);
  }
  if (at !== size) throw fileError(path, at, `the last tensor ends here, but the file has ${size} bytes`);
}

/**
 * Opens one .safetensors file.
 * @throws TrtDslError 'file' if it is truncated, damaged or something else
 */
export function readSafetensors(path: string): WeightsFile {
  const file = new FileBytes(path);
  try {
    return new TensorFile({ format: 'safetensors', path, ...readHeader(file), close: () => file.close() });
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Opens a model in several files by its `model.safetensors.index.json`, as Hugging Face splits large ones.
 * @throws TrtDslError 'file' if a shard is missing or does not hold what the index says
 */
export function readSafetensorsShards(indexPath: string): WeightsFile {
  let map: unknown;
  try {
    const json: unknown = JSON.parse(readFileSync(indexPath, 'utf8'));
    map = isRecord(json) ? json['weight_map'] : undefined;
  } catch (error) {
    throw fileError(indexPath, undefined, `cannot be read as JSON: ${messageOf(error)}`, error);
  }
  if (!isRecord(map)) throw fileError(indexPath, undefined, 'has no "weight_map" from key to file');
  const files: FileBytes[] = [];
  const close = (): void => {
    for (const file of files) file.close();
  };
  try {
    const entries = new Map<string, TensorEntry>();
    for (const name of new Set(Object.values(map))) {
      if (typeof name !== 'string' || basename(name) !== name || name === '..')
        throw fileError(indexPath, undefined, `${JSON.stringify(name)} in "weight_map" is no file beside it`);
      const file = new FileBytes(join(dirname(indexPath), name));
      files.push(file);
      for (const [key, entry] of readHeader(file).entries) {
        if (map[key] !== name)
          throw fileError(indexPath, undefined, `does not list "${key}", which ${name} holds, as being there`);
        entries.set(key, entry);
      }
    }
    const absent = Object.keys(map).find((key) => !entries.has(key));
    if (absent !== undefined)
      throw fileError(indexPath, undefined, `says that ${map[absent]} holds "${absent}", but it does not`);
    return new TensorFile({ format: 'safetensors', path: indexPath, entries, close });
  } catch (error) {
    close();
    throw error;
  }
}
