import type { Vocabulary } from './vocabulary.ts';

/** How WordPiece splits a word. */
export interface WordPieceOptions {
  /** Written before a piece that does not begin a word. Default `##`. */
  readonly continuingSubwordPrefix?: string;
  /** Longer words, in code points, become the unknown token. Default 100. */
  readonly maxInputCharsPerWord?: number;
}

/** The WordPiece model: splits words into the longest pieces that a vocabulary has, from the left. */
export class WordPiece {
  private readonly first = new Map<string, number>();
  private readonly later = new Map<string, number>();
  private readonly unknown: number;
  private readonly maxChars: number;
  /** The longest token, in UTF-16 units. */
  private readonly longest: number;

  constructor(vocabulary: Vocabulary, unknown: number, options: WordPieceOptions = {}) {
    const prefix = options.continuingSubwordPrefix ?? '##';
    let longest = 0;
    for (const [token, id] of vocabulary.entries()) {
      this.first.set(token, id);
      if (token.startsWith(prefix)) this.later.set(token.slice(prefix.length), id);
      longest = Math.max(longest, token.length);
    }
    this.unknown = unknown;
    this.maxChars = options.maxInputCharsPerWord ?? 100;
    this.longest = longest;
  }

  /**
   * Splits the word `text[start, end)`. A word with a part that the vocabulary lacks is one unknown token.
   *
   * @param ids, starts, ends each piece's id and UTF-16 range in `text` are pushed here
   */
  split(text: string, start: number, end: number, ids: number[], starts: number[], ends: number[]): void {
    const before = ids.length;
    let at = start;
    if (!this.tooLong(text, start, end)) {
      while (at < end) {
        const pieces = at === start ? this.first : this.later;
        let stop = Math.min(end, at + this.longest);
        let id: number | undefined;
        for (; stop > at; stop--) {
          id = pieces.get(text.slice(at, stop));
          if (id !== undefined) break;
        }
        if (id === undefined) break;
        ids.push(id);
        starts.push(at);
        ends.push(stop);
        at = stop;
      }
    }
    if (at < end) {
      ids.length = starts.length = ends.length = before;
      ids.push(this.unknown);
      starts.push(start);
      ends.push(end);
    }
  }

  private tooLong(text: string, start: number, end: number): boolean {
    if (end - start <= this.maxChars) return false;
    let chars = end - start;
    for (let at = start + 1; at < end; at++) {
      if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) chars--;
    }
    return chars > this.maxChars;
  }
}
