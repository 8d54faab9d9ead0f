import { TrtDslError } from '@trt-dsl/dsl';
import { type AddedToken, AddedTokenSplitter } from './added-tokens.ts';
import type { AlignedText } from './aligned-text.ts';
import { joinPieces } from './decode.ts';
import { assemble, type Encoding, type Frame, frameSize, pad, type TokenList, type TokenRange } from './encoding.ts';
import { type NormalizerOptions, type NormalizerSteps, normalize, normalizerSteps } from './normalizer.ts';
import { preTokenize } from './pre-tokenizer.ts';
import { type TruncationStrategy, truncate } from './truncation.ts';
import {
  BERT_SPECIAL_TOKENS,
  parseVocabulary,
  readVocabulary,
  type SpecialTokenNames,
  type Vocabulary,
} from './vocabulary.ts';
import { WordPiece, type WordPieceOptions } from './word-piece.ts';

/** How a {@link Tokenizer} reads text; every default is that of an uncased BERT. */
export interface TokenizerOptions extends NormalizerOptions, WordPieceOptions {
  readonly specialTokens?: Partial<SpecialTokenNames>;
  /** Tokens found in text besides the special ones. */
  readonly addedTokens?: readonly AddedToken[];
}

/** How one text, or one pair, is encoded. */
export interface EncodeOptions {
  /** At most so many tokens, those that frame the text included; what is cut off is in `overflowing`. Default: no limit. */
  readonly maxLength?: number;
  /** Which text of a pair is cut. Default `longest_first`. */
  readonly truncation?: TruncationStrategy;
  /** Tokens that an overflowing window repeats of the one before. Default 0. */
  readonly stride?: number;
  /** Pad to exactly so many tokens. Default: none. */
  readonly padTo?: number;
  /** Frame the text as `[CLS] A [SEP]` or `[CLS] A [SEP] B [SEP]`. Default true. */
  readonly addSpecialTokens?: boolean;
}

/** How several texts are encoded. */
export interface EncodeBatchOptions extends Omit<EncodeOptions, 'padTo'> {
  /** Pad to the longest of the batch (overflowing windows count too), to a length, or not at all. Default `longest`. */
  readonly padding?: 'longest' | 'none' | number;
  /** Round the padded length up to a multiple of this. */
  readonly padToMultipleOf?: number;
}

/**
 * BERT's WordPiece tokenizer. Ids and offsets equal those of Hugging Face's `tokenizers`, on any string; offsets count
 * UTF-16 units, as JavaScript does.
 */
export class Tokenizer {
  readonly vocabulary: Vocabulary;
  readonly specialTokens: SpecialTokenNames;
  readonly normalizer: NormalizerSteps;
  /** What it was made with, beside the vocabulary: plain data, from which another can be made. */
  readonly options: TokenizerOptions;
  private readonly frame: Frame;
  private readonly padId: number;
  private readonly prefix: string;
  private readonly wordPiece: WordPiece;
  private readonly added = new Map<number, AddedToken>();
  private readonly inOriginal: AddedTokenSplitter;
  private readonly inNormalized: AddedTokenSplitter;

  /** @throws TrtDslError (`file`) if the vocabulary lacks [UNK], [CLS], [SEP] or [PAD] */
  constructor(vocabulary: Vocabulary, options: TokenizerOptions = {}) {
    const names = { ...BERT_SPECIAL_TOKENS, ...options.specialTokens };
    vocabulary.require(names);
    this.vocabulary = vocabulary;
    this.specialTokens = names;
    this.options = options;
    this.normalizer = normalizerSteps(options);
    this.frame = { cls: vocabulary.idOf(names.cls)!, sep: vocabulary.idOf(names.sep)! };
    this.padId = vocabulary.idOf(names.pad)!;
    this.prefix = options.continuingSubwordPrefix ?? '##';
    this.wordPiece = new WordPiece(vocabulary, vocabulary.idOf(names.unk)!, options);
    for (const content of Object.values(names)) {
      const id = vocabulary.idOf(content);
      if (id !== undefined) this.added.set(id, { content, id, special: true });
    }
    for (const token of options.addedTokens ?? []) this.added.set(token.id, token);
    const tokens = [...this.added.values()];
    this.inOriginal = new AddedTokenSplitter(
      tokens.filter(({ normalized }) => !normalized),
      ({ content }) => content,
    );
    this.inNormalized = new AddedTokenSplitter(
      tokens.filter(({ normalized }) => normalized),
      ({ content }) => normalize(content, this.normalizer).text,
    );
  }

  /** From a `vocab.txt`. See {@link readVocabulary} for the errors. */
  static fromVocabFile(path: string, options?: TokenizerOptions): Tokenizer {
    return new Tokenizer(readVocabulary(path), options);
  }

  /** From the contents of a `vocab.txt`, or its tokens in order of id. */
  static fromVocab(vocab: string | readonly string[], options?: TokenizerOptions): Tokenizer {
    return new Tokenizer(parseVocabulary(typeof vocab === 'string' ? vocab : vocab.join('\n')), options);
  }

  /** Rows that an embedding table needs: one more than the greatest id. */
  get size(): number {
    return [...this.added.keys()].reduce((size, id) => Math.max(size, id + 1), this.vocabulary.size);
  }

  /** The id of a token, or undefined. */
  idOf(token: string): number | undefined {
    return this.vocabulary.idOf(token) ?? [...this.added.values()].find(({ content }) => content === token)?.id;
  }

  /** The token with an id, or undefined. */
  tokenOf(id: number): string | undefined {
    return this.added.get(id)?.content ?? this.vocabulary.tokenOf(id);
  }

  /** The id of a special token, such as `mask`. @throws TrtDslError (`name`) if the vocabulary lacks it */
  specialId(which: keyof SpecialTokenNames): number {
    const id = this.idOf(this.specialTokens[which]);
    if (id !== undefined) return id;
    throw new TrtDslError('name', `${this.vocabulary.source}: no ${which} token ${this.specialTokens[which]}`);
  }

  /**
   * Encodes a text, or a pair of texts.
   *
   * @throws TrtDslError (`argument`) if maxLength leaves no room, if a text cannot be truncated as asked, or if padTo is too small
   */
  encode(text: string, pair?: string | null, options: EncodeOptions = {}): Encoding {
    const lists = [text, ...(pair === undefined || pair === null ? [] : [pair])].map((each) => this.tokenList(each));
    const addSpecialTokens = options.addSpecialTokens ?? true;
    const [first, ...others] = truncate(lists, {
      strategy: options.truncation ?? 'longest_first',
      maxTokens: roomForText(options.maxLength, addSpecialTokens ? frameSize(lists.length === 2) : 0),
      stride: wholeNumber('stride', options.stride ?? 0, 0),
    });
    const overflowing = others.map((window) => this.assemble(window, addSpecialTokens));
    const encoding = { ...this.assemble(first!, addSpecialTokens), overflowing };
    return options.padTo === undefined ? encoding : this.pad(encoding, wholeNumber('padTo', options.padTo, 1));
  }

  /** Frames one or two ranges of token lists: what {@link encode} returns for each window that it cuts. */
  assemble(sequences: readonly TokenRange[], addSpecialTokens = true): Encoding {
    return assemble(sequences, addSpecialTokens ? this.frame : null, (id) => this.tokenOf(id)!);
  }

  /** Encodes several texts, or pairs, and pads them to one length. See {@link encode}. */
  encodeBatch(
    texts: readonly (string | readonly [text: string, pair: string])[],
    options: EncodeBatchOptions = {},
  ): Encoding[] {
    const { padding = 'longest', padToMultipleOf, ...rest } = options;
    const encodings = texts.map((text) =>
      typeof text === 'string' ? this.encode(text, null, rest) : this.encode(text[0], text[1], rest),
    );
    if (padding === 'none') return encodings;
    const multiple = wholeNumber('padToMultipleOf', padToMultipleOf ?? 1, 1);
    const length =
      padding === 'longest'
        ? encodings.reduce((most, encoding) => Math.max(most, longestOf(encoding)), 0)
        : wholeNumber('padding', padding, 1);
    return encodings.map((encoding) => this.pad(encoding, Math.ceil(length / multiple) * multiple));
  }

  /** Fills an encoding up with [PAD] to a length. @throws TrtDslError (`argument`) if it is longer */
  pad(encoding: Encoding, length: number): Encoding {
    return pad(encoding, length, this.padId, this.specialTokens.pad);
  }

  /** The pieces that a text is split into, as the vocabulary spells them. */
  tokenize(text: string): string[] {
    return this.tokenList(text).ids.map((id) => this.tokenOf(id)!);
  }

  /** Text from ids; ids that no token has are left out. */
  decode(ids: Iterable<number>, options: { readonly skipSpecialTokens?: boolean } = {}): string {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.tokenOf(id);
      const skip = (options.skipSpecialTokens ?? true) && this.added.get(id)?.special;
      if (token !== undefined && !skip) tokens.push(token);
    }
    return joinPieces(tokens, this.prefix);
  }

  /** The tokens of a text, before anything frames them: what {@link assemble} takes ranges of. */
  tokenList(text: string): TokenList {
    if (typeof text !== 'string') {
      throw new TrtDslError('argument', `expected a text, found ${text === null ? 'null' : typeof text}`);
    }
    const list: TokenList = { ids: [], starts: [], ends: [], words: [] };
    const addWhole = (id: number, start: number, end: number): void => {
      list.words.push(nextWord(list));
      list.ids.push(id);
      list.starts.push(start);
      list.ends.push(end);
    };
    for (const { id, start, end } of this.inOriginal.split(text)) {
      if (id !== null) {
        addWhole(id, start, end);
        continue;
      }
      const normalized = normalize(text.slice(start, end), this.normalizer, start);
      for (const stretch of this.inNormalized.split(normalized.text)) {
        if (stretch.id === null) this.addWords(list, normalized, stretch.start, stretch.end);
        else addWhole(stretch.id, normalized.start(stretch.start), normalized.end(stretch.end - 1));
      }
    }
    return list;
  }

  private addWords(list: TokenList, normalized: AlignedText, from: number, to: number): void {
    const { text } = normalized;
    const { ids, starts, ends, words } = list;
    preTokenize(from === 0 && to === text.length ? text : text.slice(from, to), (start, end) => {
      const word = nextWord(list);
      let i = ids.length;
      this.wordPiece.split(text, from + start, from + end, ids, starts, ends);
      for (; i < ids.length; i++) {
        starts[i] = normalized.start(starts[i]!);
        ends[i] = normalized.end(ends[i]! - 1);
        words.push(word);
      }
    });
  }
}

const nextWord = ({ words }: TokenList): number => (words.length === 0 ? 0 : words[words.length - 1]! + 1);

const longestOf = (encoding: Encoding): number =>
  encoding.overflowing.reduce((most, window) => Math.max(most, window.ids.length), encoding.ids.length);

function roomForText(maxLength: number | undefined, framing: number): number {
  if (maxLength === undefined) return Number.POSITIVE_INFINITY;
  const room = wholeNumber('maxLength', maxLength, 0) - framing;
  if (room >= 0) return room;
  throw new TrtDslError('argument', `maxLength ${maxLength} has no room for the ${framing} tokens that frame the text`);
}

function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new TrtDslError('argument', `${name} is ${value}; expected a whole number from ${least}`);
}
