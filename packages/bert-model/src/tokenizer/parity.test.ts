// Ids, offsets and everything else of an Encoding against the official `tokenizers` package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import huggingface, {
  type Encoding as TheirEncoding,
  type Tokenizer as TheirTokenizer,
  type TruncationOptions,
} from 'tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import { fetchMiniLM } from '../../../../tools/src/models/minilm.ts';
import { type Encoding, type NormalizerOptions, readTokenizer, type Span, type Tokenizer } from './index.ts';

let folder: string;
let ours: Tokenizer;
beforeAll(async () => {
  folder = await fetchMiniLM();
  ours = readTokenizer(folder);
});

/** Their tokenizer, with other steps in the normalizer or other added tokens if wanted. */
function theirs(edit: (json: TokenizerJson) => void = () => {}): TheirTokenizer {
  const json = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as TokenizerJson;
  json.truncation = null;
  json.padding = null;
  edit(json);
  return huggingface.Tokenizer.fromString(JSON.stringify(json));
}

interface TokenizerJson {
  truncation: unknown;
  padding: unknown;
  normalizer: Record<string, unknown>;
  added_tokens: Record<string, unknown>[];
}

/** Positions in code points as positions in UTF-16 units. */
function utf16Positions(text: string): number[] {
  const positions = [0];
  for (const c of text) positions.push(positions.at(-1)! + c.length);
  return positions;
}

/** Their encoding in our form. */
function translate(
  encoding: TheirEncoding,
  texts: readonly string[],
  sequences = encoding.getSequenceIds() as Encoding['sequenceIds'],
): Encoding {
  const positions = texts.map(utf16Positions);
  return {
    ids: encoding.getIds(),
    tokens: encoding.getTokens(),
    typeIds: encoding.getTypeIds(),
    attentionMask: encoding.getAttentionMask(),
    offsets: encoding.getOffsets().map((pair, i): Span => {
      const sequence = sequences[i] ?? null;
      return sequence === null ? [0, 0] : [positions[sequence]![pair[0]!]!, positions[sequence]![pair[1]!]!];
    }),
    wordIds: encoding.getWordIds().map((id) => id ?? null),
    sequenceIds: sequences.map((id) => id ?? null),
    specialTokensMask: encoding.getSpecialTokensMask(),
    overflowing: [],
  };
}

async function expectSame(mine: Tokenizer, their: TheirTokenizer, texts: readonly string[]): Promise<void> {
  const encodings = await their.encodeBatch([...texts]);
  texts.forEach((text, i) => {
    const expected = translate(encodings[i]!, [text]);
    const encoding = mine.encode(text);
    const tokens = encoding.ids.map((id) => mine.tokenOf(id)); // theirs spells added tokens as they stood in the text
    if (!isDeepStrictEqual(encoding, { ...expected, tokens })) {
      expect({ text, ...encoding }).toEqual({ text, ...expected, tokens });
    }
  });
}

describe('against the tokenizers package', () => {
  it('encodes 10,000 random Unicode strings alike', { timeout: 120_000 }, async () => {
    const next = randomFrom(20_261_121);
    const texts = Array.from({ length: 10_000 }, () => randomText(next));
    await expectSame(ours, theirs(), texts);
  });

  it('treats every code point alike, alone and within a word', { timeout: 120_000 }, async () => {
    const their = theirs();
    // Planes 0 and 1, and what is not empty or all alike in the others.
    const blocks = Array.from({ length: 16 }, (_, i) => i * 0x2000);
    blocks.push(0x20000, 0x2a000, 0x2c000, 0x2e000, 0xe0000, 0xf0000, 0x10e000);
    for (const block of blocks) {
      const codes = Array.from({ length: 0x2000 }, (_, i) => block + i).filter(
        (code) => code < 0xd800 || code > 0xdfff,
      );
      const text = codes.map((code) => `a${String.fromCodePoint(code)}e`).join(' ');
      await expectSame(ours, their, [text]);
    }
  });

  const steps: NormalizerOptions[] = [
    { lowercase: false },
    { lowercase: false, stripAccents: true },
    { lowercase: true, stripAccents: false },
    { cleanText: false },
    { cleanText: false, handleChineseChars: false, stripAccents: false, lowercase: false },
    { handleChineseChars: false },
  ];
  it.each(steps)('normalizes alike with %o', async (options) => {
    const mine = readTokenizer(folder, options);
    const their = theirs(({ normalizer }) => {
      if (options.cleanText !== undefined) normalizer['clean_text'] = options.cleanText;
      if (options.handleChineseChars !== undefined) normalizer['handle_chinese_chars'] = options.handleChineseChars;
      if (options.stripAccents !== undefined) normalizer['strip_accents'] = options.stripAccents;
      if (options.lowercase !== undefined) normalizer['lowercase'] = options.lowercase;
    });
    const next = randomFrom(7);
    await expectSame(
      mine,
      their,
      Array.from({ length: 1000 }, () => randomText(next)),
    );
  });

  it('finds added tokens alike, with every flag', async () => {
    const flags = [
      { content: '<a>', lstrip: true },
      { content: '<a>b', rstrip: true },
      { content: 'zqx', single_word: true },
      { content: 'ÉTÉ', normalized: true },
      { content: 'new york', normalized: true, lstrip: true, rstrip: true },
      { content: '[[x]]', special: true },
    ];
    const added = flags.map((token, i) => ({
      id: ours.size + i,
      special: false,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      ...token,
    }));
    const mine = readTokenizer(folder, {
      addedTokens: added.map(({ single_word, ...token }) => ({ ...token, singleWord: single_word })),
    });
    const their = theirs((json) => {
      json.added_tokens.push(...added);
    });
    const next = randomFrom(11);
    const pieces = [
      ...flags.map(({ content }) => content),
      ' ',
      '  ',
      'x',
      'été',
      'New York',
      'NEW YORK',
      '[MASK]',
      '字',
      '\u0301',
      '7',
      '_',
    ];
    const texts = Array.from({ length: 2000 }, () =>
      Array.from({ length: 1 + (next() % 8) }, () => pieces[next() % pieces.length]!).join(''),
    );
    await expectSame(mine, their, texts);
  });

  it('truncates, frames and overflows alike', async () => {
    const next = randomFrom(13);
    const their = theirs();
    const strategies = ['longest_first', 'only_first', 'only_second'] as const;
    const names = { longest_first: 'LongestFirst', only_first: 'OnlyFirst', only_second: 'OnlySecond' };
    let compared = 0;
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const text = randomText(next);
      const pair = next() % 3 === 0 ? null : randomText(next);
      const addSpecialTokens = next() % 4 !== 0;
      const maxLength = 7 + (next() % 24); // theirs aborts the process if stride leaves no room
      const strategy = strategies[next() % 3]!;
      const stride = next() % 4;
      let mine: Encoding;
      try {
        mine = ours.encode(text, pair, { maxLength, truncation: strategy, stride, addSpecialTokens });
      } catch {
        refused++;
        continue;
      }
      const truncation = { strategy: names[strategy], stride } as TruncationOptions;
      const windows = await theirWindows(their, text, pair, addSpecialTokens, maxLength, truncation);
      expect([mine, ...mine.overflowing].length).toBe(windows.length);
      [mine, ...mine.overflowing].forEach((window, w) => {
        // Theirs forgets sequence and type ids in overflowing windows; the rest must be equal.
        const expected = translate(windows[w]!, pair === null ? [text] : [text, pair], window.sequenceIds);
        expect({ ...window, overflowing: [] }).toEqual({
          ...expected,
          typeIds: w === 0 ? expected.typeIds : window.typeIds,
        });
      });
      compared++;
    }
    expect(compared).toBeGreaterThan(1500);
    expect(refused).toBeGreaterThan(0);
  });

  it('decodes alike', async () => {
    const next = randomFrom(17);
    const their = theirs();
    for (let i = 0; i < 500; i++) {
      const ids =
        i % 2 ? ours.encode(randomText(next)).ids : Array.from({ length: next() % 20 }, () => next() % 30_600);
      for (const skipSpecialTokens of [true, false]) {
        expect(ours.decode(ids, { skipSpecialTokens })).toBe(await their.decode([...ids], skipSpecialTokens));
      }
    }
  });
});

/**
 * Truncated by their post-processor from whole encodings: `encode` of 0.23 stops reading a text at maxLength tokens, and so
 * loses what should overflow.
 */
async function theirWindows(
  their: TheirTokenizer,
  text: string,
  pair: string | null,
  addSpecialTokens: boolean,
  maxLength: number,
  truncation: TruncationOptions,
): Promise<TheirEncoding[]> {
  their.disableTruncation();
  const whole = await their.encode(text, null, { addSpecialTokens: false });
  const wholePair = pair === null ? null : await their.encode(pair, null, { addSpecialTokens: false });
  their.setTruncation(maxLength, truncation);
  const first = their.postProcess(whole, wholePair, addSpecialTokens);
  return [first, ...first.getOverflowing()];
}

/** A repeatable source of whole numbers below 2³² (xorshift32). */
function randomFrom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

type Next = () => number;

const between = (next: Next, first: number, last: number): string => {
  const code = first + (next() % (last - first + 1));
  return code >= 0xd800 && code <= 0xdfff ? ' ' : String.fromCodePoint(code);
};

const WORDS =
  'the quick brown Fox unaffable embeddings İstanbul Straße Ångström naïve café ΣΊΣΥΦΟΣ don’t 3.14 e-mail'.split(' ');
const ODD = [
  ...['[MASK]', '[SEP]', '[CLS]', '[PAD]', '[UNK]', '[mask]', '##ing', '[', ']'],
  ...['\0', '\u200b', '\u00ad', '\ufffd', '\ufeff', '\u0085', '\u2028', '\u3000', '\t', '\r\n', '\u000b'],
  ...[
    'é',
    'e\u0301',
    'ḱ\u0323',
    '\u0344',
    '\u0f73',
    'ﬁ',
    'ǅ',
    'ẞ',
    'İ',
    'ı',
    'ΐ',
    'ᾂ',
    '한국',
    '각',
    '豈',
    '𝔘',
    '𝟘',
    '👩‍👩‍👧',
    '🇩🇪',
  ],
  ...[
    '\u302e',
    '\u{1d165}',
    '\u{1d15e}',
    '\u{1bf2}',
    '\u0334',
    '\u0345',
    '\u{11938}',
    '\u{1e130}',
    '\u{10d50}',
    '\u1a7f',
  ],
];

/** The kinds of pieces that random texts are made of. */
const PIECES: readonly ((next: Next) => string)[] = [
  (next) => WORDS[next() % WORDS.length]!,
  (next) => ODD[next() % ODD.length]!,
  (next) => between(next, 0x20, 0x7e),
  (next) => between(next, 0x00, 0xff),
  (next) => between(next, 0x100, 0x58f),
  (next) => between(next, 0x300, 0x36f),
  (next) => between(next, 0x590, 0x1fff),
  (next) => between(next, 0x2000, 0x33ff),
  (next) => between(next, 0x4e00, 0x9fff),
  (next) => between(next, 0xa000, 0xffff),
  (next) => between(next, 0x10000, 0x1ffff),
  (next) => between(next, 0x20000, 0x2ffff),
  (next) => between(next, 0, 0x10ffff),
  () => ' ',
];

/** A text of up to 40 pieces: words, single characters of every block, marks, special tokens. Sometimes one endless word. */
function randomText(next: Next): string {
  if (next() % 50 === 0) return WORDS[next() % WORDS.length]!.repeat(next() % 40);
  const few = next() % 3 === 0 ? [PIECES[next() % PIECES.length]!, PIECES[0]!, PIECES[5]!] : PIECES;
  let text = '';
  for (let count = next() % 40; count > 0; count--) {
    text += few[next() % few.length]!(next);
    if (next() % 3 === 0) text += ' ';
  }
  return text;
}
