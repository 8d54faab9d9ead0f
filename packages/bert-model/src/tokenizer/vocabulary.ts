import { readFileSync } from 'node:fs';
import { TextDecoder } from 'node:util';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';

/** The tokens that frame, fill and stand in for text. `mask` need not be in the vocabulary. */
export interface SpecialTokenNames {
  readonly unk: string;
  readonly cls: string;
  readonly sep: string;
  readonly pad: string;
  readonly mask: string;
}

/** Google's names. */
export const BERT_SPECIAL_TOKENS: SpecialTokenNames = {
  unk: '[UNK]',
  cls: '[CLS]',
  sep: '[SEP]',
  pad: '[PAD]',
  mask: '[MASK]',
};

const REQUIRED = ['unk', 'cls', 'sep', 'pad'] as const;
const MAX_ID = 1 << 24;

/** Tokens and their ids. */
export class Vocabulary {
  /** Where it was read from, for messages. */
  readonly source: string;
  /** One more than the greatest id: the rows that an embedding table needs. */
  readonly size: number;
  private readonly ids: ReadonlyMap<string, number>;
  private readonly tokens: readonly string[];

  /**
   * @param ids token → id; ids are whole numbers, each given once
   * @param source what messages call it, such as a path
   * @throws TrtDslError (`file`) for an id that is not a whole number, or given twice
   */
  constructor(ids: Iterable<readonly [string, number]>, source = 'the vocabulary') {
    const tokens: string[] = [];
    const map = new Map<string, number>();
    for (const [token, id] of ids) {
      if (!Number.isInteger(id) || id < 0 || id >= MAX_ID) {
        throw new TrtDslError('file', `${source}: token ${quote(token)} has id ${id}, not a whole number from 0`);
      }
      if (tokens[id] !== undefined) {
        throw new TrtDslError('file', `${source}: tokens ${quote(tokens[id])} and ${quote(token)} share id ${id}`);
      }
      tokens[id] = token;
      map.set(token, id);
    }
    this.source = source;
    this.ids = map;
    this.tokens = tokens;
    this.size = tokens.length;
  }

  /** The id of a token, or undefined. */
  idOf(token: string): number | undefined {
    return this.ids.get(token);
  }

  /** The token with an id, or undefined. */
  tokenOf(id: number): string | undefined {
    return this.tokens[id];
  }

  /** [token, id] pairs. */
  entries(): IterableIterator<[string, number]> {
    return this.ids.entries();
  }

  /** @throws TrtDslError (`file`) if one of the tokens that encoding needs is missing */
  require(names: SpecialTokenNames): void {
    const missing = REQUIRED.filter((name) => !this.ids.has(names[name])).map((name) => names[name]);
    if (missing.length === 0) return;
    throw new TrtDslError(
      'file',
      `${this.source}: no ${missing.join(', ')} among its ${this.ids.size} tokens; ` +
        'is this a BERT vocabulary (one token a line, with [PAD], [UNK], [CLS] and [SEP])?',
    );
  }
}

/**
 * Reads a `vocab.txt`: one token a line in UTF-8, the first line being id 0.
 *
 * @param source what messages call it, such as the path
 * @throws TrtDslError (`file`) with the line, for an empty line, a token given twice or bytes that are not UTF-8
 */
export function parseVocabulary(contents: string | Uint8Array, source = 'the vocabulary'): Vocabulary {
  const text = typeof contents === 'string' ? contents : decodeUtf8(contents, source);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new TrtDslError('file', `${source}: is empty; expected one token a line`);
  const lineOf = new Map<string, number>();
  const entries = lines.map((line, index): [string, number] => {
    const token = line.endsWith('\r') ? line.slice(0, -1) : line;
    const where = `${source}: line ${index + 1}`;
    if (token === '') {
      throw new TrtDslError(
        'file',
        `${where} is empty; every line must hold a token, for its number is the token's id`,
      );
    }
    const before = lineOf.get(token);
    if (before !== undefined) {
      throw new TrtDslError('file', `${where} repeats the token ${quote(token)} of line ${before + 1}`);
    }
    lineOf.set(token, index);
    return [token, index];
  });
  return new Vocabulary(entries, source);
}

/** Reads the `vocab.txt` at a path: see {@link parseVocabulary}. */
export function readVocabulary(path: string): Vocabulary {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new TrtDslError('file', `${path}: cannot read the vocabulary: ${messageOf(error)}`, { cause: error });
  }
  return parseVocabulary(bytes, path);
}

function decodeUtf8(bytes: Uint8Array, source: string): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return decoder.decode(bytes);
  } catch (error) {
    const bad = firstBadLine(bytes, decoder);
    throw new TrtDslError('file', `${source}: line ${bad.line} (at byte ${bad.start}) is not UTF-8`, { cause: error });
  }
}

function firstBadLine(bytes: Uint8Array, decoder: TextDecoder): { line: number; start: number } {
  let line = 1;
  let start = 0;
  for (; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      break;
    }
    start = end + 1;
  }
  return { line, start };
}

const quote = (token: string): string => JSON.stringify(token);
