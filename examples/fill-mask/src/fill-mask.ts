import { type Encoding, feedsOf, type Tokenizer } from '@trt-dsl/bert-model';
import { type Engine, TrtDslError } from '@trt-dsl/dsl';

/** A word that could stand in a blank. */
export interface Candidate {
  readonly token: string;
  readonly id: number;
  /** softmax over the whole vocabulary */
  readonly probability: number;
  /** the text with this word in this blank; other blanks as they were */
  readonly text: string;
}

/** One blank of the text, with the words that fit best. */
export interface Blank {
  /** place in the sequence, [CLS] being 0 */
  readonly position: number;
  /** UTF-16 units [start, end) of the text */
  readonly span: readonly [start: number, end: number];
  readonly candidates: readonly Candidate[];
}

/** A text whose blanks are spelt as the vocabulary spells its mask token: `[mask]` and `[Mask]` become `[MASK]`. */
export function withMasks(text: string, mask: string): string {
  const pattern = new RegExp(mask.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'giu');
  return text.replaceAll(pattern, mask);
}

/**
 * The ids of a text with blanks.
 * @throws TrtDslError 'argument' if it has no blank or is longer than the network reads
 */
export function encodeBlanks(text: string, tokenizer: Tokenizer, maxPositions: number): Encoding {
  const maskId = tokenizer.specialId('mask');
  const encoding = tokenizer.encode(text);
  if (!encoding.ids.includes(maskId))
    throw new TrtDslError(
      'argument',
      `the text has no ${tokenizer.specialTokens.mask}: put one where a word is to be found`,
    );
  if (encoding.ids.length > maxPositions)
    throw new TrtDslError('argument', `the text has ${encoding.ids.length} tokens, the network reads ${maxPositions}`);
  return encoding;
}

/**
 * The most probable words for each blank, each blank on its own.
 * @param engine of task `masked-lm`: logits `[batch, seq, vocabulary]`
 * @param count words for each blank
 */
export async function fillMask(
  engine: Engine,
  tokenizer: Tokenizer,
  text: string,
  encoding: Encoding,
  count: number,
): Promise<Blank[]> {
  const { logits } = await engine.run(feedsOf([encoding]));
  const width = logits!.shape[2]!;
  const scores = logits!.data as Float32Array;
  const maskId = tokenizer.specialId('mask');
  return encoding.ids.flatMap((id, position) => {
    if (id !== maskId) return [];
    const span = encoding.offsets[position]!;
    const best = mostProbable(scores.subarray(position * width, (position + 1) * width), count);
    const candidates = best.map(({ id: word, probability }) => {
      const token = tokenizer.tokenOf(word) ?? `#${word}`;
      return { token, id: word, probability, text: text.slice(0, span[0]) + token + text.slice(span[1]) };
    });
    return [{ position, span, candidates }];
  });
}

/** The places of the greatest values, with their softmax over all; the earlier of equals first. */
function mostProbable(scores: Float32Array, count: number): { id: number; probability: number }[] {
  const most = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - most), 0);
  return Array.from(scores, (score, id) => ({ id, probability: Math.exp(score - most) / total }))
    .sort((a, b) => b.probability - a.probability || a.id - b.id)
    .slice(0, count);
}
