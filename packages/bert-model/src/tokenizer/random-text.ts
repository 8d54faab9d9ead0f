// Random strings for tests that compare the tokenizer with its oracle.

/** A repeatable source of whole numbers below 2³² (xorshift32). */
export function randomFrom(seed: number): () => number {
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
export function randomText(next: Next): string {
  if (next() % 50 === 0) return WORDS[next() % WORDS.length]!.repeat(next() % 40);
  const few = next() % 3 === 0 ? [PIECES[next() % PIECES.length]!, PIECES[0]!, PIECES[5]!] : PIECES;
  let text = '';
  for (let count = next() % 40; count > 0; count--) {
    text += few[next() % few.length]!(next);
    if (next() % 3 === 0) text += ' ';
  }
  return text;
}
