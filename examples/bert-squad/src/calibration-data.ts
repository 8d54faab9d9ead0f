import { type BertConfig, type BertFeeds, parseSquad, type Tokenizer } from '@trt-dsl/bert-model';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import { linesOf, readBytes, utf8Of } from '@trt-dsl/tools';
import { readNpy } from '@trt-dsl/weights';
import { paddedFeeds, type Row, squadWindows } from './inputs.ts';

/** What a file of calibration data can be; which one, its content says. */
export type DataKind = 'lines of text' | 'SQuAD questions' | 'token arrays';

/** Sequences for a network to read. */
export interface CalibrationSet {
  readonly kind: DataKind;
  /** how many there are, at most as many as were asked for */
  readonly sequences: number;
  /** in batches, each padded to its longest sequence */
  readonly batches: readonly BertFeeds[];
}

/** What the data is for. */
export interface Reader {
  readonly config: BertConfig;
  /** called only for text; throws where there is no vocabulary */
  readonly tokenizer: () => Tokenizer;
  /** tokens of a sequence, at most: text is cut there, passages go on in further windows */
  readonly seq: number;
  /** sequences, at most: the file's first */
  readonly count: number;
  /** sequences at once */
  readonly batchSize: number;
}

/**
 * Reads calibration data: lines of text; SQuAD JSON, whose questions are read with their passages; or token arrays, in
 * JSON (an array of arrays of ids) or .npy (int32 or int64, `[n, seq]`), where zeros at the end are padding.
 * @throws TrtDslError 'file' that says what is wrong with the file
 */
export function readCalibrationData(path: string, reader: Reader): CalibrationSet {
  const { kind, rows } = rowsOf(path, reader);
  const kept = rows.slice(0, reader.count);
  const batches = Array.from({ length: Math.ceil(kept.length / reader.batchSize) }, (_, i) => {
    const batch = kept.slice(i * reader.batchSize, (i + 1) * reader.batchSize);
    return paddedFeeds(batch, Math.max(...batch.map(({ ids }) => ids.length)));
  });
  return { kind, sequences: kept.length, batches };
}

/** What the file holds, and its rows; a text is read and parsed once. */
function rowsOf(path: string, reader: Reader): { readonly kind: DataKind; readonly rows: readonly Row[] } {
  const { tokenizer, seq, count } = reader;
  const bytes = readBytes(path);
  if (bytes.length === 0) throw refusal(path, 'is empty');
  if (bytes.subarray(0, 6).toString('latin1') === '\x93NUMPY')
    return { kind: 'token arrays', rows: tokenRows(path, npyArrays(path, reader.count), reader) };
  const text = utf8Of(bytes)?.trimStart();
  if (text === undefined) throw refusal(path, 'holds binary data that is no .npy array');
  if (text.startsWith('['))
    return { kind: 'token arrays', rows: tokenRows(path, parsed(path, text) as readonly unknown[], reader) };
  if (text.startsWith('{'))
    return { kind: 'SQuAD questions', rows: squadWindows(parseSquad(text, path), tokenizer(), seq, count) };
  const lines = linesOf(text, path).slice(0, count);
  const words = tokenizer();
  return { kind: 'lines of text', rows: lines.map((line) => words.encode(line, undefined, { maxLength: seq })) };
}

const refusal = (path: string, what: string): TrtDslError =>
  new TrtDslError(
    'file',
    `${path}: ${what}; calibration data is lines of text, SQuAD JSON, or token arrays (JSON [[101, 7592, 102], …] or .npy int32 [n, seq])`,
  );

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refusal(path, `begins like JSON, but is none: ${messageOf(error)}`);
  }
}

/** The first rows of an .npy array. */
function npyArrays(path: string, count: number): readonly (readonly number[])[] {
  using file = readNpy(path);
  const [key] = file.keys();
  const { type, shape } = file.info(key!);
  if ((type !== 'int32' && type !== 'int64') || shape.length !== 2)
    throw refusal(path, `is ${type}[${shape.join(', ')}], not int32[n, seq]`);
  const [rows, width] = shape as readonly [number, number];
  const ids = file.get(key!).array() as Int32Array | BigInt64Array;
  return Array.from({ length: Math.min(rows, count) }, (_, i) =>
    Array.from(ids.subarray(i * width, (i + 1) * width) as ArrayLike<number | bigint>, Number),
  );
}

/** Token arrays, checked against the network, without the zeros that pad them. */
function tokenRows(path: string, arrays: readonly unknown[], { config, seq, count }: Reader): readonly Row[] {
  const { vocabSize } = config;
  if (arrays.length === 0) throw refusal(path, 'holds no sequence');
  return arrays.slice(0, count).map((array, i) => {
    if (!Array.isArray(array)) throw refusal(path, `element ${i} is ${JSON.stringify(array)}, not an array of ids`);
    const wrong = array.findIndex((id: unknown) => !Number.isSafeInteger(id) || (id as number) < 0);
    if (wrong >= 0) throw refusal(path, `sequence ${i} has ${JSON.stringify(array[wrong])} for a token's id`);
    const foreign = array.find((id: number) => id >= vocabSize) as number | undefined;
    if (foreign !== undefined)
      throw new TrtDslError(
        'file',
        `${path}: sequence ${i} has the token id ${foreign}, but the network's embedding ${vocabSize} rows: these are another vocabulary's ids`,
      );
    const ids = array.slice(0, array.findLastIndex((id: number) => id !== 0) + 1) as number[];
    if (ids.length === 0) throw refusal(path, `sequence ${i} has no tokens`);
    if (ids.length > seq)
      throw new TrtDslError(
        'file',
        `${path}: sequence ${i} has ${ids.length} tokens, more than the ${seq} of --sequence-length`,
      );
    return { ids, typeIds: ids.map(() => 0) };
  });
}
