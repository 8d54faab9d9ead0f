import { TrtDslError } from '@trt-dsl/dsl';

/** UTF-16 units [start, end) of the text that was given to `encode`: `text.slice(start, end)` is what a token covers. */
export type Span = readonly [start: number, end: number];

/** A text, or a pair of texts, as BERT reads it. The arrays have one element a token. */
export interface Encoding {
  readonly ids: readonly number[];
  /** The tokens as the vocabulary spells them. */
  readonly tokens: readonly string[];
  /** 0 for the first text and what frames it, 1 for the second. */
  readonly typeIds: readonly number[];
  /** 1 for tokens, 0 for padding. */
  readonly attentionMask: readonly number[];
  /** Where each token stands in its own text; [0, 0] for [CLS], [SEP] and padding that were added. */
  readonly offsets: readonly Span[];
  /** The word of its text that each token is a piece of, from 0; null for added ones. */
  readonly wordIds: readonly (number | null)[];
  /** 0 for tokens of the first text, 1 for those of the second; null for added ones. */
  readonly sequenceIds: readonly (0 | 1 | null)[];
  /** 1 for [CLS], [SEP] and padding that were added (not for a [MASK] that stood in the text). */
  readonly specialTokensMask: readonly number[];
  /** What truncation cut off, in windows that overlap by `stride` tokens, each framed as the first one is. */
  readonly overflowing: readonly Encoding[];
}

/** Tokens of one text, before anything frames them. */
export interface TokenList {
  readonly ids: number[];
  readonly starts: number[];
  readonly ends: number[];
  readonly words: number[];
}

/** A range of a {@link TokenList}: what is left of it in one window. */
export interface TokenRange {
  readonly list: TokenList;
  readonly from: number;
  readonly to: number;
}

/** The framing of BERT: `[CLS] A [SEP]` or `[CLS] A [SEP] B [SEP]`. */
export interface Frame {
  readonly cls: number;
  readonly sep: number;
}

/** How many tokens {@link assemble} adds. */
export const frameSize = (pair: boolean): number => (pair ? 3 : 2);

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Puts one window together; `frame` null adds nothing. */
export function assemble(
  sequences: readonly TokenRange[],
  frame: Frame | null,
  tokenOf: (id: number) => string,
): Encoding {
  const encoding: Mutable<Encoding> = {
    ids: [],
    tokens: [],
    typeIds: [],
    attentionMask: [],
    offsets: [],
    wordIds: [],
    sequenceIds: [],
    specialTokensMask: [],
    overflowing: [],
  };
  if (frame) addSpecial(encoding, frame.cls, tokenOf(frame.cls), 0, 1);
  sequences.forEach(({ list, from, to }, sequence) => {
    for (let i = from; i < to; i++) {
      const id = list.ids[i]!;
      encoding.ids.push(id);
      encoding.tokens.push(tokenOf(id));
      encoding.typeIds.push(sequence);
      encoding.attentionMask.push(1);
      encoding.offsets.push([list.starts[i]!, list.ends[i]!]);
      encoding.wordIds.push(list.words[i]!);
      encoding.sequenceIds.push(sequence as 0 | 1);
      encoding.specialTokensMask.push(0);
    }
    if (frame) addSpecial(encoding, frame.sep, tokenOf(frame.sep), sequence, 1);
  });
  return encoding;
}

function addSpecial(encoding: Mutable<Encoding>, id: number, token: string, typeId: number, attention: 0 | 1): void {
  encoding.ids.push(id);
  encoding.tokens.push(token);
  encoding.typeIds.push(typeId);
  encoding.attentionMask.push(attention);
  encoding.offsets.push([0, 0]);
  encoding.wordIds.push(null);
  encoding.sequenceIds.push(null);
  encoding.specialTokensMask.push(1);
}

/** Fills an encoding and its overflowing windows up with padding at the end. */
export function pad(encoding: Encoding, length: number, id: number, token: string): Encoding {
  if (encoding.ids.length > length) {
    throw new TrtDslError(
      'argument',
      `cannot pad to ${length} tokens a text that has ${encoding.ids.length}: pass maxLength: ${length} to truncate it`,
    );
  }
  const padded: Mutable<Encoding> = {
    ids: [...encoding.ids],
    tokens: [...encoding.tokens],
    typeIds: [...encoding.typeIds],
    attentionMask: [...encoding.attentionMask],
    offsets: [...encoding.offsets],
    wordIds: [...encoding.wordIds],
    sequenceIds: [...encoding.sequenceIds],
    specialTokensMask: [...encoding.specialTokensMask],
    overflowing: encoding.overflowing.map((window) => pad(window, length, id, token)),
  };
  while (padded.ids.length < length) addSpecial(padded, id, token, 0, 0);
  return padded;
}

/** What a BERT network is fed: three int32 tensors `[batch, seq]`, row after row. */
export interface EncodedBatch {
  readonly batch: number;
  readonly seq: number;
  readonly inputIds: Int32Array<ArrayBuffer>;
  readonly tokenTypeIds: Int32Array<ArrayBuffer>;
  readonly attentionMask: Int32Array<ArrayBuffer>;
}

/**
 * Encodings of one length as flat arrays.
 *
 * @throws TrtDslError (`argument`) if their lengths differ
 */
export function stack(encodings: readonly Encoding[]): EncodedBatch {
  const seq = encodings[0]?.ids.length ?? 0;
  const size = encodings.length * seq;
  const inputIds = new Int32Array(size);
  const tokenTypeIds = new Int32Array(size);
  const attentionMask = new Int32Array(size);
  encodings.forEach(({ ids, typeIds, attentionMask: mask }, row) => {
    if (ids.length !== seq) {
      throw new TrtDslError(
        'argument',
        `encoding ${row} has ${ids.length} tokens, encoding 0 has ${seq}: pad them to one length (padding: 'longest')`,
      );
    }
    inputIds.set(ids, row * seq);
    tokenTypeIds.set(typeIds, row * seq);
    attentionMask.set(mask, row * seq);
  });
  return { batch: encodings.length, seq, inputIds, tokenTypeIds, attentionMask };
}
