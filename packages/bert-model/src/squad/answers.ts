import { TrtDslError } from '@trt-dsl/dsl';
import type { Span } from '../tokenizer/index.ts';
import type { SquadExample } from './dataset.ts';
import type { Feature } from './features.ts';

/** What a question-answering head returned for one feature; values beyond the feature's own tokens are not read. */
export interface SpanLogits {
  /** How well each token begins an answer. */
  readonly start: ArrayLike<number>;
  /** How well each token ends one. */
  readonly end: ArrayLike<number>;
}

/** How answers are chosen. The defaults are those of Google's run_squad. */
export interface AnswerOptions {
  /** Answers kept, and start and end positions tried in each window. Default 20. */
  readonly nBestSize?: number;
  /** Longest answer in tokens. Default 30. */
  readonly maxAnswerLength?: number;
  /** SQuAD 2.0: whether "no answer" is one of the answers. Default false. */
  readonly mayBeImpossible?: boolean;
  /** No answer wins if it scores more than this above the best answer. Default 0. */
  readonly nullScoreDiffThreshold?: number;
}

/** One answer among the n best. */
export interface Answer {
  /** The passage's own text; empty for "no answer". */
  readonly text: string;
  /** UTF-16 units [start, end) of the passage; null for "no answer". */
  readonly span: Span | null;
  /** Softmax of `startLogit + endLogit` over the n best. */
  readonly probability: number;
  readonly startLogit: number;
  readonly endLogit: number;
}

/** What a model answers to one question. */
export interface Prediction {
  /** The answer: empty if there is none, or if "no answer" won. */
  readonly text: string;
  /** The answer's place in the passage; null if there is none. */
  readonly span: Span | null;
  /** Best first, no text twice. Empty if no window holds a valid span. */
  readonly nBest: readonly Answer[];
  /** Score of "no answer" less that of the best answer (SQuAD 2.0); null unless `mayBeImpossible`. */
  readonly nullOdds: number | null;
}

type Candidate = Omit<Answer, 'probability'>;

/**
 * Chooses answers from the logits of a question's windows, as Google's run_squad does: the `nBestSize` best starts are
 * combined with the `nBestSize` best ends of each window; a span begins at a token of the passage in its window of
 * greatest context and has at most `maxAnswerLength` tokens; spans rank by the sum of their two logits. An answer's text
 * is cut out of the passage by character positions.
 *
 * @throws TrtDslError (`argument`) if there are not as many logits as features, or fewer than a feature has tokens, or
 *   if one is NaN
 */
export function squadAnswers(
  example: Pick<SquadExample, 'passage'>,
  features: readonly Feature[],
  logits: readonly SpanLogits[],
  options: AnswerOptions = {},
): Prediction {
  const { nBestSize = 20, maxAnswerLength = 30, mayBeImpossible = false, nullScoreDiffThreshold = 0 } = options;
  checkLogits(features, logits);
  const candidates = features.flatMap((feature, f) =>
    spans(example.passage, feature, logits[f]!, nBestSize, maxAnswerLength),
  );
  const none = mayBeImpossible ? leastNullScore(logits) : null;
  if (none) candidates.push(none);
  candidates.sort((a, b) => scoreOf(b) - scoreOf(a));
  const kept = distinct(candidates).slice(0, nBestSize);
  if (none && !kept.some(({ span }) => span === null)) kept.push(none);
  const nBest = withProbabilities(kept);
  const best = nBest.find(({ span }) => span !== null);
  const nullOdds = none && scoreOf(none) - (best?.startLogit ?? 0) - (best?.endLogit ?? 0);
  const impossible = nullOdds !== null && nullOdds > nullScoreDiffThreshold;
  return { text: (!impossible && best?.text) || '', span: (!impossible && best?.span) || null, nBest, nullOdds };
}

const scoreOf = ({ startLogit, endLogit }: Candidate): number => startLogit + endLogit;

function spans(passage: string, feature: Feature, logits: SpanLogits, count: number, maxLength: number): Candidate[] {
  const { offsets } = feature.encoding;
  const [from, to] = feature.passage;
  const inPassage = (position: number): boolean => position >= from && position < to;
  const starts = bestPositions(logits.start, offsets.length, count).filter((i) => feature.isMaxContext[i]);
  const ends = bestPositions(logits.end, offsets.length, count).filter(inPassage);
  return starts.flatMap((first) =>
    ends
      .filter((last) => last >= first && last - first < maxLength)
      .map((last): Candidate => {
        const span: Span = [offsets[first]![0], offsets[last]![1]];
        return {
          text: passage.slice(...span),
          span,
          startLogit: logits.start[first]!,
          endLogit: logits.end[last]!,
        };
      }),
  );
}

/** The positions of the greatest values, best first; the earlier of equals first. */
function bestPositions(values: ArrayLike<number>, length: number, count: number): number[] {
  return Array.from({ length }, (_, i) => i)
    .sort((a, b) => values[b]! - values[a]!)
    .slice(0, count);
}

/** "No answer" scores what [CLS] does, in the window where that is least. */
function leastNullScore(logits: readonly SpanLogits[]): Candidate {
  const scores = logits.map(({ start, end }) => ({ text: '', span: null, startLogit: start[0]!, endLogit: end[0]! }));
  return scores.reduce((least, candidate) => (scoreOf(candidate) < scoreOf(least) ? candidate : least));
}

function distinct(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ text }) => !seen.has(text) && seen.add(text));
}

function withProbabilities(candidates: readonly Candidate[]): Answer[] {
  const scores = candidates.map(scoreOf);
  const most = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - most));
  const total = exponentials.reduce((sum, x) => sum + x, 0);
  return candidates.map((candidate, i) => ({ ...candidate, probability: exponentials[i]! / total }));
}

function checkLogits(features: readonly Feature[], logits: readonly SpanLogits[]): void {
  if (features.length === 0 || features.length !== logits.length) {
    throw new TrtDslError('argument', `${features.length} features, but logits of ${logits.length}; expected one each`);
  }
  features.forEach(({ encoding: { ids } }, f) => {
    for (const side of ['start', 'end'] as const) {
      const { length } = logits[f]![side];
      if (length < ids.length) {
        throw new TrtDslError('argument', `feature ${f} has ${ids.length} tokens, but ${side} logits for ${length}`);
      }
      const bad = ids.findIndex((_, i) => Number.isNaN(logits[f]![side][i]));
      if (bad >= 0)
        throw new TrtDslError('argument', `feature ${f}: the ${side} logit of token ${bad} is not a number`);
    }
  });
}
