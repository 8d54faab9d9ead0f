import { Kind, kindOf } from './unicode.ts';

/** A token that is found in text as it stands, before words are split: [MASK], [SEP] and others given to a model. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  /** Left out of decoded text when special tokens are. */
  readonly special: boolean;
  /** Only where no letter or digit touches it. */
  readonly singleWord?: boolean;
  /** Takes the whitespace before it along. */
  readonly lstrip?: boolean;
  /** Takes the whitespace after it along. */
  readonly rstrip?: boolean;
  /** Looked for in the normalized text, not in the original. */
  readonly normalized?: boolean;
}

/** A stretch of a text: an added token, or (id null) text between them. */
export interface Stretch {
  readonly id: number | null;
  readonly start: number;
  readonly end: number;
}

/** Cuts texts at added tokens: leftmost first, and the longest of those that begin at one place. */
export class AddedTokenSplitter {
  private readonly pattern: RegExp | null;
  private readonly tokens: ReadonlyMap<string, AddedToken>;

  /** @param key the string to look for: the content, or what the normalizer makes of it */
  constructor(tokens: readonly AddedToken[], key: (token: AddedToken) => string) {
    this.tokens = new Map(tokens.map((token) => [key(token), token]));
    const keys = [...this.tokens.keys()].filter((text) => text !== '').sort((a, b) => b.length - a.length);
    this.pattern = keys.length > 0 ? new RegExp(keys.map(escaped).join('|'), 'gu') : null;
  }

  /** The stretches of a text, in order, none of them empty. */
  split(text: string): Stretch[] {
    const stretches: Stretch[] = [];
    let from = 0;
    for (const match of this.pattern ? text.matchAll(this.pattern) : []) {
      const token = this.tokens.get(match[0])!;
      let start = match.index;
      let end = start + match[0].length;
      if (token.singleWord && touchesWord(text, start, end)) continue;
      if (token.lstrip) start = Math.max(from, spacesBefore(text, start));
      if (token.rstrip) end = spacesAfter(text, end);
      if (from < start) stretches.push({ id: null, start: from, end: start });
      stretches.push({ id: token.id, start, end });
      from = end;
    }
    if (from < text.length) stretches.push({ id: null, start: from, end: text.length });
    return stretches;
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** Whether a letter, mark, digit or connector stands right before or after a range. */
const touchesWord = (text: string, start: number, end: number): boolean =>
  WORD_BEFORE.test(text.slice(Math.max(0, start - 2), start)) || WORD_AFTER.test(text.slice(end, end + 2));

const WORD_BEFORE = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const WORD_AFTER = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

const isSpace = (text: string, at: number): boolean => (kindOf(text.charCodeAt(at)) & Kind.separator) !== 0;

function spacesBefore(text: string, start: number): number {
  let at = start;
  while (at > 0 && isSpace(text, at - 1)) at--;
  return at;
}

function spacesAfter(text: string, end: number): number {
  let at = end;
  while (at < text.length && isSpace(text, at)) at++;
  return at;
}
