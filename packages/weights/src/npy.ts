import { FileBytes, fileError } from './file-bytes.ts';
import { type StoredType, storedInfo } from './stored-types.ts';
import { fromColumnMajor } from './views.ts';
import { storedLength, type TensorEntry } from './weights-file.ts';

/** numpy's spelling of each type, without the byte order. */
export const npyTypes: Readonly<Record<string, StoredType>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
  c8: 'complex64',
  c16: 'complex128',
};

export interface NpyHeader {
  readonly type: StoredType;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  readonly byteLength: number;
  /** where the elements begin */
  readonly dataStart: number;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
export const isNpy = (bytes: Uint8Array): boolean => magic.every((byte, i) => bytes[i] === byte);

/** More than numpy ever writes: it refuses to parse headers beyond 10,000 characters by default. */
const longestHeader = 65_536;

/**
 * Reads the header of an .npy file (versions 1 to 3).
 * @param bytes the file's beginning; as much of it as there is, or 64 KiB
 * @param path names the file in errors
 * @param key names the array in errors
 * @throws TrtDslError 'file'; 'pickled', structured and big-endian arrays are refused by name
 */
export function readNpyHeader(bytes: Uint8Array, path: string, key: string): NpyHeader {
  const refuse = (offset: number, text: string) => fileError(path, offset, `"${key}": ${text}`);
  if (bytes.length < 10 || !isNpy(bytes))
    throw refuse(0, 'no .npy array: it should begin with the 6 bytes \\x93NUMPY, a version and a length');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [major, minor] = [bytes[6]!, bytes[7]!];
  if (major < 1 || major > 3 || minor !== 0) throw refuse(6, `.npy version ${major}.${minor} is not 1.0, 2.0 or 3.0`);
  const textStart = major === 1 ? 10 : 12;
  const length = major === 1 || bytes.length < 12 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader || textStart + length > bytes.length)
    throw refuse(8, `the header should be ${length} bytes long, but ${bytes.length - textStart} are there`);
  const text = new TextDecoder('latin1').decode(bytes.subarray(textStart, textStart + length));
  const { descr, fortran_order: order, shape: tuple } = parseDictionary(text);
  if (descr === undefined || order === undefined || tuple === undefined)
    throw refuse(textStart, `the header should be {'descr': …, 'fortran_order': …, 'shape': …}, not ${quote(text)}`);
  const type = elementType(descr, (reason) => refuse(textStart, reason));
  const shape = tuple
    .slice(1, -1)
    .split(',')
    .filter((item) => item.trim() !== '')
    .map((item) => Number(item.replace('L', '')));
  const byteLength = storedLength(type, shape, { path, offset: textStart, key })!;
  return { type, shape, fortranOrder: order === 'True', byteLength, dataStart: textStart + length };
}

const quote = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text.trim());

const item =
  /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*('[^']*'|"[^"]*"|True|False|\((?:\s*\d+L?\s*,)*(?:\s*\d+L?)?\s*\)|\[.*\])\s*(,|(?=\}))/y;

/** The three items of numpy's header, in any order; an empty result for anything else. */
function parseDictionary(text: string): { descr?: string; fortran_order?: string; shape?: string } {
  const found: Record<string, string> = {};
  if (!text.startsWith('{')) return found;
  item.lastIndex = 1;
  let end = 1;
  for (let match = item.exec(text); match; match = item.exec(text)) {
    found[match[2]!] = match[3]!;
    end = item.lastIndex;
  }
  const wellFormed = /^\s*\}\s*$/.test(text.slice(end)) && found['shape']?.startsWith('(');
  return wellFormed && /^(True|False)$/.test(found['fortran_order'] ?? '') ? found : {};
}

function elementType(descr: string, refuse: (reason: string) => Error): StoredType {
  if (descr.startsWith('['))
    throw refuse(`a structured array (${quote(descr)}) is no tensor; save each of its fields as an array`);
  const [, order, code] = /^['"]([<>|=]?)(.*)['"]$/.exec(descr) ?? [];
  if (code?.startsWith('O'))
    throw refuse(
      'holds pickled Python objects, which could run any code when loaded. Save plain arrays instead: np.save(path, array, allow_pickle=False), or a dictionary of them with np.savez(path, **dictionary)',
    );
  const type = Object.hasOwn(npyTypes, code ?? '') ? npyTypes[code!] : undefined;
  if (type === undefined)
    throw refuse(
      `type ${descr} is none of ${Object.keys(npyTypes).join(', ')}; .npy has no bfloat16 or float8, save those as float32 or in safetensors`,
    );
  if (order === '>' && storedInfo(type).bytes !== 1)
    throw refuse(`is big-endian (${descr}); save it as little-endian: array.astype(array.dtype.newbyteorder("<"))`);
  return type;
}

/** The elements as stored to row-major order. */
export const rowMajor = ({ type, shape, fortranOrder }: NpyHeader, bytes: Uint8Array): Uint8Array =>
  fortranOrder ? fromColumnMajor(bytes, storedInfo(type).bytes as 1 | 2 | 4 | 8, shape) : bytes;

/** A whole .npy file as the entry `key`; it is opened for each read, so a folder of thousands holds none open. */
export function npyEntry(path: string, key: string): TensorEntry {
  const withFile = <T>(use: (file: FileBytes, header: NpyHeader) => T): T => {
    const file = new FileBytes(path);
    try {
      const beginning = file.read(0, Math.min(file.size, longestHeader + 12), 'the header');
      const header = readNpyHeader(beginning, path, key);
      const end = header.dataStart + header.byteLength;
      if (end !== file.size)
        throw fileError(
          path,
          header.dataStart,
          `"${key}": [${header.shape.join(', ')}] of ${header.type} should end at byte ${end}, but the file has ${file.size}`,
        );
      return use(file, header);
    } finally {
      file.close();
    }
  };
  const listed = withFile((_, header) => header);
  const read = (): Uint8Array =>
    withFile((file, header) => {
      if (
        header.type !== listed.type ||
        header.byteLength !== listed.byteLength ||
        header.fortranOrder !== listed.fortranOrder
      )
        throw fileError(path, 0, `"${key}": the file changed after it was opened`);
      return rowMajor(header, file.read(header.dataStart, header.byteLength, `"${key}"`));
    });
  return {
    type: listed.type,
    shape: listed.shape,
    byteLength: listed.byteLength,
    path,
    offset: listed.dataStart,
    read,
  };
}

/**
 * The header that numpy itself would write for little-endian, row-major elements, so that they begin at a multiple of 64.
 * @param code numpy's spelling without byte order, see npyTypes
 */
export function npyHeader(code: string, shape: readonly number[]): Uint8Array {
  const order = code.endsWith('1') ? '|' : '<';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const padded = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Uint8Array.from([...magic, 1, 0, padded & 255, padded >>> 8]);
  return Buffer.concat([head, new TextEncoder().encode(`${text.padEnd(padded - 1)}\n`)]);
}
