import { TrtDslError } from '@trt-dsl/dsl';
import type { TokenList, TokenRange } from './encoding.ts';

/** Which text gives way: the longer one (a token at a time), always the first, or always the second. */
export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second';

/** A way to cut token lists. */
export interface Truncation {
  readonly strategy: TruncationStrategy;
  /** Tokens left for the texts, without those that frame them. */
  readonly maxTokens: number;
  /** Tokens that a window repeats of the one before it. */
  readonly stride: number;
}

/**
 * Cuts one or two token lists into windows of at most `maxTokens` together. The first window is what truncation
 * leaves; the others hold what it cut off, in the order of Hugging Face's `overflowing`: every later part of the first
 * text with every part of the second, then the first part of the first text with the later parts of the second.
 *
 * @throws TrtDslError (`argument`) if the strategy's text is missing or too short to give way, or if stride leaves no room
 */
export function truncate(lists: readonly TokenList[], truncation: Truncation): TokenRange[][] {
  const lengths = lists.map(({ ids }) => ids.length);
  const room = roomFor(lengths, truncation);
  const parts = lists.map((list, i) => windows(list, room[i]!, truncation.stride));
  const [first, second] = parts as [TokenRange[], TokenRange[]?];
  if (!second) return first.map((a) => [a]);
  const [a0, ...aRest] = first as [TokenRange, ...TokenRange[]];
  const [b0, ...bRest] = second as [TokenRange, ...TokenRange[]];
  return [[a0, b0], ...aRest.flatMap((a) => second.map((b) => [a, b])), ...bRest.map((b) => [a0, b])];
}

/** How many tokens each text may keep. */
function roomFor(lengths: readonly number[], { strategy, maxTokens }: Truncation): number[] {
  const excess = lengths.reduce((sum, n) => sum + n, 0) - maxTokens;
  if (excess <= 0) return [...lengths];
  if (maxTokens === 0) return lengths.map(() => 0);
  if (strategy === 'longest_first') {
    return lengths.length === 1 ? [maxTokens] : shareBetween(lengths as [number, number], maxTokens);
  }
  const which = strategy === 'only_first' ? 0 : 1;
  const length = lengths[which];
  if (length === undefined) {
    throw new TrtDslError('argument', `truncation '${strategy}' needs a pair of texts, but only one was given`);
  }
  if (length <= excess) {
    throw new TrtDslError(
      'argument',
      `truncation '${strategy}': the ${which === 0 ? 'first' : 'second'} text has ${length} tokens and cannot give way by ` +
        `${excess} to fit ${maxTokens}: raise maxLength, shorten the other text, or use 'longest_first'`,
    );
  }
  return lengths.map((n, i) => (i === which ? n - excess : n));
}

/** The shorter text keeps up to half, the longer one the rest. */
function shareBetween([a, b]: readonly [number, number], max: number): [number, number] {
  const short = Math.min(a, b);
  const half = Math.floor(max / 2);
  const [keepShort, keepLong] = short <= half ? [short, max - short] : [half, max - half];
  return a <= b ? [keepShort, keepLong] : [keepLong, keepShort];
}

function windows(list: TokenList, size: number, stride: number): TokenRange[] {
  const length = list.ids.length;
  if (size >= length) return [{ list, from: 0, to: length }];
  if (size === 0) {
    return [
      { list, from: 0, to: 0 },
      { list, from: 0, to: length },
    ];
  }
  if (stride >= size) {
    throw new TrtDslError(
      'argument',
      `stride ${stride} leaves no room in windows of ${size} tokens: use a smaller stride or a greater maxLength`,
    );
  }
  const ranges: TokenRange[] = [];
  for (let from = 0; ; from += size - stride) {
    const to = Math.min(from + size, length);
    ranges.push({ list, from, to });
    if (to === length) return ranges;
  }
}
