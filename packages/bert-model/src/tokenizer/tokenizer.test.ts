import { describe, expect, it } from 'vitest';
import { stack, Tokenizer } from './index.ts';

const VOCABULARY = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'un', '##aff', '##able', 'hello', 'world', ',', '.'],
  ...['e', '##e', 'tokyo', '東', '京', 'istanbul', 'strasse', '##s'],
];
const tokenizer = Tokenizer.fromVocab(VOCABULARY);
const idsOf = (...tokens: string[]): number[] => tokens.map((token) => VOCABULARY.indexOf(token));

/** What each token covers in its text. */
const slices = (text: string): string[] =>
  tokenizer.encode(text, null, { addSpecialTokens: false }).offsets.map(([start, end]) => text.slice(start, end));

describe('encode', () => {
  it('frames one text', () => {
    const encoding = tokenizer.encode('Hello, unaffable!');
    expect(encoding).toEqual({
      ids: idsOf('[CLS]', 'hello', ',', 'un', '##aff', '##able', '[UNK]', '[SEP]'),
      tokens: ['[CLS]', 'hello', ',', 'un', '##aff', '##able', '[UNK]', '[SEP]'],
      typeIds: [0, 0, 0, 0, 0, 0, 0, 0],
      attentionMask: [1, 1, 1, 1, 1, 1, 1, 1],
      offsets: [[0, 0], [0, 5], [5, 6], [7, 9], [9, 12], [12, 16], [16, 17], [0, 0]], // biome-ignore format: one row
      wordIds: [null, 0, 1, 2, 2, 2, 3, null],
      sequenceIds: [null, 0, 0, 0, 0, 0, 0, null],
      specialTokensMask: [1, 0, 0, 0, 0, 0, 0, 1],
      overflowing: [],
    });
  });

  it('frames a pair', () => {
    const { tokens, typeIds, sequenceIds, wordIds } = tokenizer.encode('hello', 'world.');
    expect(tokens).toEqual(['[CLS]', 'hello', '[SEP]', 'world', '.', '[SEP]']);
    expect(typeIds).toEqual([0, 0, 0, 1, 1, 1]);
    expect(sequenceIds).toEqual([null, 0, null, 1, 1, null]);
    expect(wordIds).toEqual([null, 0, null, 0, 1, null]);
  });

  it('counts positions in UTF-16 units of the text as it was given', () => {
    const text = '😀 Hello 東京, İSTAN\u0000BUL e\u0301é';
    expect(slices(text)).toEqual(['😀', 'Hello', '東', '京', ',', 'İSTAN\u0000BUL', 'e', 'é']);
  });

  it('knows special tokens in text, but only as they are spelt', () => {
    expect(tokenizer.tokenize('hello [MASK]world[SEP]')).toEqual(['hello', '[MASK]', 'world', '[SEP]']);
    expect(tokenizer.tokenize('[mask]')).toEqual(['[UNK]', '[UNK]', '[UNK]']);
    expect(tokenizer.encode('[MASK]').specialTokensMask).toEqual([1, 0, 1]);
  });

  it('gives up on words of more than 100 characters, counted in code points', () => {
    const long = (count: number): string[] => tokenizer.tokenize(`e${'e'.repeat(count - 1)}`);
    expect(long(100)).toHaveLength(100);
    expect(long(101)).toEqual(['[UNK]']);
    const astral = Tokenizer.fromVocab([...VOCABULARY, '𐐨', '##𐐨']);
    expect(astral.tokenize('𐐨'.repeat(100))).toHaveLength(100);
    expect(astral.tokenize('𐐨'.repeat(101))).toEqual(['[UNK]']);
  });

  it('encodes nothing, and halves of surrogate pairs', () => {
    expect(tokenizer.encode('').tokens).toEqual(['[CLS]', '[SEP]']);
    expect(tokenizer.encode('\ud800hello\udc00').offsets.at(1)).toEqual([1, 6]);
  });

  it('takes any number of accents on one letter', () => {
    const accents = '\u0301\u0316'.repeat(100_000);
    const started = process.cpuUsage();
    expect(tokenizer.encode(`a${accents}`, null, { addSpecialTokens: false }).ids).toEqual(
      tokenizer.encode('a', null, { addSpecialTokens: false }).ids,
    );
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });

  it('refuses what is no text', () => {
    expect(() => tokenizer.encode(7 as never)).toThrow('expected a text, found number');
  });

  it('keeps case and accents if told to', () => {
    const cased = Tokenizer.fromVocab(VOCABULARY, { lowercase: false });
    expect(cased.tokenize('Hello hello é')).toEqual(['[UNK]', 'hello', '[UNK]']);
  });
});

describe('truncation', () => {
  it('cuts one text into windows that overlap', () => {
    const { tokens, overflowing } = tokenizer.encode('hello , world . hello', null, { maxLength: 5, stride: 1 });
    expect(tokens).toEqual(['[CLS]', 'hello', ',', 'world', '[SEP]']);
    expect(overflowing.map((window) => window.tokens)).toEqual([['[CLS]', 'world', '.', 'hello', '[SEP]']]);
  });

  it('says why it cannot', () => {
    const encode = (options: object) => () => tokenizer.encode('hello world', '. . .', options);
    expect(encode({ maxLength: 2 })).toThrow('maxLength 2 has no room for the 3 tokens that frame the text');
    expect(encode({ maxLength: 5, truncation: 'only_first' })).toThrow(/the first text has 2 tokens.*give way by 3/);
    expect(encode({ maxLength: 6, stride: 2 })).toThrow(/stride 2 leaves no room/);
    expect(encode({ maxLength: 1.5 })).toThrow('maxLength is 1.5; expected a whole number from 0');
    expect(() => tokenizer.encode('hello world', null, { maxLength: 3, truncation: 'only_second' })).toThrow(
      /needs a pair of texts/,
    );
  });
});

describe('padding', () => {
  it('fills a batch up to its longest text', () => {
    const batch = tokenizer.encodeBatch(['hello', ['hello', 'world']]);
    expect(batch.map(({ ids }) => ids)).toEqual([
      idsOf('[CLS]', 'hello', '[SEP]', '[PAD]', '[PAD]'),
      idsOf('[CLS]', 'hello', '[SEP]', 'world', '[SEP]'),
    ]);
    expect(batch.map(({ attentionMask }) => attentionMask)).toEqual([
      [1, 1, 1, 0, 0],
      [1, 1, 1, 1, 1],
    ]);
    expect(batch[0]!.specialTokensMask).toEqual([1, 0, 1, 1, 1]);
    expect(stack(batch)).toEqual({
      batch: 2,
      seq: 5,
      inputIds: Int32Array.from([...batch[0]!.ids, ...batch[1]!.ids]),
      tokenTypeIds: Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1),
      attentionMask: Int32Array.of(1, 1, 1, 0, 0, 1, 1, 1, 1, 1),
    });
  });

  it('fills up to a length, a multiple, or not at all', () => {
    const lengths = (options: object): number[] =>
      tokenizer.encodeBatch(['hello', 'hello hello'], options).map(({ ids }) => ids.length);
    expect(lengths({ padding: 7 })).toEqual([7, 7]);
    expect(lengths({ padToMultipleOf: 8 })).toEqual([8, 8]);
    expect(lengths({ padding: 'none' })).toEqual([3, 4]);
    expect(tokenizer.encode('hello', null, { padTo: 6 }).ids).toHaveLength(6);
    expect(tokenizer.encodeBatch([])).toEqual([]);
  });

  it('pads overflowing windows too', () => {
    const batch = tokenizer.encodeBatch(['hello , world', '.'], { maxLength: 4 });
    expect(batch[0]!.overflowing.map(({ ids }) => ids.length)).toEqual([4]);
  });

  it('does not lose tokens', () => {
    expect(() => tokenizer.encode('hello world', null, { padTo: 3 })).toThrow(
      'cannot pad to 3 tokens a text that has 4: pass maxLength: 3 to truncate it',
    );
    expect(() => stack(tokenizer.encodeBatch(['hello', 'hello .'], { padding: 'none' }))).toThrow(
      'encoding 1 has 4 tokens, encoding 0 has 3',
    );
  });
});

describe('decode', () => {
  it('joins pieces and drops special tokens', () => {
    const { ids } = tokenizer.encode('Hello, unaffable world.', null, { padTo: 10 });
    expect(tokenizer.decode(ids)).toBe('hello, unaffable world.');
    expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe('[CLS] hello, unaffable world. [SEP] [PAD]');
    expect(tokenizer.decode([999, 8])).toBe('hello');
  });
});

it('looks ids up by name', () => {
  expect(tokenizer.specialId('mask')).toBe(4);
  expect(tokenizer.size).toBe(VOCABULARY.length);
  expect(tokenizer.tokenOf(9)).toBe('world');
  const maskless = Tokenizer.fromVocab(VOCABULARY.filter((token) => token !== '[MASK]'));
  expect(() => maskless.specialId('mask')).toThrow('no mask token [MASK]');
});
