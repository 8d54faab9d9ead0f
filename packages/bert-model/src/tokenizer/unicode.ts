import * as ranges from './unicode-ranges.ts';

/** What the tokenizer must know of a code point: a bit each in {@link kindOf}. */
export const Kind = {
  control: 1,
  /** Made a space by the normalizer. */
  whitespace: 2,
  /** A CJK ideograph: a word of its own. */
  cjk: 4,
  /** An accent: a nonspacing mark (Mn). */
  mark: 8,
  punctuation: 16,
  /** NFD takes it apart. */
  decomposes: 32,
  /** NFD sorts it among its like (canonical combining class above 0). */
  combining: 64,
  /** Ends a word in the pre-tokenizer (Unicode's White_Space, with the control characters that clean text loses). */
  separator: 128,
} as const;

const REPLACEMENT = 0xfffd;

const KINDS = table({
  [Kind.control]: ranges.CONTROL,
  [Kind.whitespace]: ranges.WHITESPACE,
  [Kind.cjk]: ranges.CJK,
  [Kind.mark]: ranges.MARK,
  [Kind.punctuation]: ranges.PUNCTUATION,
  [Kind.decomposes]: ranges.DECOMPOSES,
  [Kind.combining]: ranges.COMBINING,
  [Kind.separator]: `${ranges.WHITESPACE} b-c 85`,
});

function table(kinds: Record<number, string>): Uint8Array {
  const bits = new Uint8Array(0x110000);
  for (const [kind, text] of Object.entries(kinds)) {
    for (const range of text.trim().split(/\s+/)) {
      const [first, last] = range.split('-').map((hex) => Number.parseInt(hex, 16)) as [number, number?];
      for (let code = first; code <= (last ?? first); code++) bits[code]! |= Number(kind);
    }
  }
  return bits;
}

/** The bits of {@link Kind} that hold for a code point. */
export const kindOf = (codePoint: number): number => KINDS[codePoint]!;

/** The code point at a position, with U+FFFD for half a surrogate pair, which is what UTF-8 makes of it. */
export function codePointAt(text: string, index: number): number {
  const code = text.codePointAt(index)!;
  return code >= 0xd800 && code <= 0xdfff ? REPLACEMENT : code;
}

/** Lowercase mappings of Unicode 16 and 17, for versions of Node that do not know them yet: from, to, how many. */
const RECENT_LOWERCASE = [
  [0x1c89, 0x1c8a, 1],
  [0xa7cb, 0x264, 1],
  [0xa7cc, 0xa7cd, 1],
  [0xa7ce, 0xa7cf, 1],
  [0xa7d2, 0xa7d3, 1],
  [0xa7d4, 0xa7d5, 1],
  [0xa7da, 0xa7db, 1],
  [0xa7dc, 0x19b, 1],
  [0x10d50, 0x10d70, 22],
  [0x16ea0, 0x16ebb, 25],
] as const;

/** The lower case of one code point, whatever stands around it ('Σ' is always 'σ'); 'İ' becomes two code points. */
export function lowercase(codePoint: number): string {
  const text = String.fromCodePoint(codePoint);
  const lower = text.toLowerCase();
  if (lower !== text || codePoint < 0x1c89) return lower;
  const row = RECENT_LOWERCASE.find(([from, , count]) => codePoint >= from && codePoint < from + count);
  return row ? String.fromCodePoint(row[1] + codePoint - row[0]) : lower;
}
