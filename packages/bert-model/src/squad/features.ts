import { TrtDslError } from '@trt-dsl/dsl';
import type { Encoding, Tokenizer } from '../tokenizer/index.ts';
import type { SquadExample } from './dataset.ts';

/** How questions and passages are cut to fit a network. The defaults are those of Google's run_squad. */
export interface FeatureOptions {
  /** Tokens of one window: `[CLS] question [SEP] part of the passage [SEP]`. Default 384. */
  readonly maxSequenceLength?: number;
  /** Passage tokens from the beginning of one window to the beginning of the next. Default 128. */
  readonly docStride?: number;
  /** Tokens of a question. Default 64. */
  readonly maxQueryLength?: number;
  /** What to do with a longer question. Default `truncate`. */
  readonly longQuestion?: 'truncate' | 'refuse';
}

/** One window: what the network reads, and how its positions relate to the passage. Not padded. */
export interface Feature {
  readonly encoding: Encoding;
  /** Positions [from, to) of the encoding that hold tokens of the passage. */
  readonly passage: readonly [from: number, to: number];
  /**
   * For each position of the encoding, whether it is a passage token with no more context in another window. An answer
   * begins only at such a token, so that windows that overlap do not offer it twice.
   */
  readonly isMaxContext: readonly boolean[];
}

/**
 * The windows that a network must read to answer a question.
 *
 * A token that stands in several windows has its greatest context in the one where the smaller of its distances to the
 * window's two ends, plus a hundredth of the window's length, is greatest; the earliest of equals.
 *
 * @throws TrtDslError (`argument`) if the passage has no tokens, if the question leaves no room for it, or is longer than
 *   allowed and may not be truncated
 */
export function squadFeatures(
  example: Pick<SquadExample, 'question' | 'passage'> & { readonly id?: string },
  tokenizer: Tokenizer,
  options: FeatureOptions = {},
): Feature[] {
  const { maxSequenceLength = 384, docStride = 128, maxQueryLength = 64, longQuestion = 'truncate' } = options;
  const where = example.id === undefined ? '' : `question ${JSON.stringify(example.id)}: `;
  const refuse = (message: string): TrtDslError => new TrtDslError('argument', where + message);
  for (const [name, value] of Object.entries({ maxSequenceLength, docStride, maxQueryLength })) {
    if (!Number.isInteger(value) || value < 1) throw refuse(`${name} is ${value}; expected a whole number from 1`);
  }
  const question = tokenizer.tokenList(example.question);
  const passage = tokenizer.tokenList(example.passage);
  if (passage.ids.length === 0) throw refuse('the passage has no text to find an answer in');
  if (question.ids.length > maxQueryLength && longQuestion === 'refuse') {
    throw refuse(`the question has ${question.ids.length} tokens, more than maxQueryLength ${maxQueryLength}`);
  }
  const query = { list: question, from: 0, to: Math.min(question.ids.length, maxQueryLength) };
  const room = maxSequenceLength - query.to - 3;
  if (room < 1) {
    throw refuse(
      `${query.to} question tokens and 3 that frame them leave no room for the passage in ${maxSequenceLength}: ` +
        'raise maxSequenceLength or lower maxQueryLength',
    );
  }
  const windows = slidingWindows(passage.ids.length, room, docStride);
  const best = maxContextWindows(passage.ids.length, windows);
  const first = query.to + 2;
  return windows.map(({ from, to }, w) => {
    const encoding = tokenizer.assemble([query, { list: passage, from, to }]);
    const isMaxContext = encoding.ids.map((_, position) => {
      const token = from + position - first;
      return token >= from && token < to && best[token] === w;
    });
    return { encoding, passage: [first, first + to - from], isMaxContext };
  });
}

interface Window {
  readonly from: number;
  readonly to: number;
}

/** Windows of `size` tokens, a stride apart (never further than `size`), the last one ending with the text. */
function slidingWindows(length: number, size: number, stride: number): Window[] {
  const windows: Window[] = [];
  for (let from = 0; ; from += Math.min(size, stride)) {
    const to = Math.min(from + size, length);
    windows.push({ from, to });
    if (to === length) return windows;
  }
}

/** For each token the window where it has its greatest context. */
function maxContextWindows(length: number, windows: readonly Window[]): Int32Array {
  const best = new Int32Array(length);
  const scores = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
  windows.forEach(({ from, to }, w) => {
    for (let token = from; token < to; token++) {
      const score = Math.min(token - from, to - 1 - token) + 0.01 * (to - from);
      if (score > scores[token]!) {
        scores[token] = score;
        best[token] = w;
      }
    }
  });
  return best;
}
