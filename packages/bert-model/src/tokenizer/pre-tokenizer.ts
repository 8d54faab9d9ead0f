import { codePointAt, Kind, kindOf } from './unicode.ts';

const ASCII_KIND = Uint8Array.from({ length: 0x80 }, (_, code) => kindOf(code) & (Kind.separator | Kind.punctuation));

/**
 * Hugging Face's BertPreTokenizer: splits a normalized text at whitespace, which goes, and at punctuation, each
 * character of which is a word of its own.
 *
 * @param onWord called with the UTF-16 range [start, end) of each word in `text`
 */
export function preTokenize(text: string, onWord: (start: number, end: number) => void): void {
  let start = 0;
  let at = 0;
  while (at < text.length) {
    let code = text.charCodeAt(at);
    let size = 1;
    let kind: number;
    if (code < 0x80) {
      kind = ASCII_KIND[code]!;
    } else {
      code = codePointAt(text, at);
      size = code > 0xffff ? 2 : 1;
      kind = kindOf(code) & (Kind.separator | Kind.punctuation);
    }
    if (kind !== 0) {
      if (start < at) onWord(start, at);
      start = at + size;
      if (kind & Kind.punctuation) onWord(at, start);
    }
    at += size;
  }
  if (start < text.length) onWord(start, text.length);
}
