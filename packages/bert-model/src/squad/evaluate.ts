import { TrtDslError } from '@trt-dsl/dsl';
import type { SquadDataset, SquadExample } from './dataset.ts';
import { answerWords, normalizeAnswer } from './normalize-answer.ts';

/** Scores as the official v1.1 script counts them, in percent. */
export interface ScoresV1 {
  readonly exact_match: number;
  readonly f1: number;
  readonly total: number;
  /** Ids of questions without a prediction: they count 0. */
  readonly missing: readonly string[];
}

/** Scores as the official v2.0 script counts them, under its names, in percent. */
export interface ScoresV2 {
  exact: number;
  f1: number;
  total: number;
  HasAns_exact?: number;
  HasAns_f1?: number;
  HasAns_total?: number;
  NoAns_exact?: number;
  NoAns_f1?: number;
  NoAns_total?: number;
  /** With null odds: the best score that a threshold could give, and that threshold. */
  best_exact?: number;
  best_exact_thresh?: number;
  best_f1?: number;
  best_f1_thresh?: number;
}

/** What the v2.0 script's `--na-prob-file` and `--na-prob-thresh` give. */
export interface NullOddsOptions {
  /** How likely it is that a question has no answer, by question id: probabilities or null odds. */
  readonly nullOdds?: ReadonlyMap<string, number>;
  /** Questions whose null odds are greater count as answered with nothing. Default 1. */
  readonly threshold?: number;
}

/** 1 if the two answers are equal once normalized, else 0. */
export const exactMatch = (prediction: string, gold: string): number =>
  normalizeAnswer(prediction) === normalizeAnswer(gold) ? 1 : 0;

/** The harmonic mean of precision and recall of the words of a prediction: 2PR / (P + R); 0 if no word is common. */
export function f1Score(prediction: string, gold: string): number {
  const predicted = answerWords(prediction);
  const wanted = answerWords(gold);
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of predicted) {
    const count = left.get(word) ?? 0;
    if (count > 0) common++;
    left.set(word, count - 1);
  }
  if (common === 0) return 0;
  const precision = common / predicted.length;
  const recall = common / wanted.length;
  return (2 * precision * recall) / (precision + recall);
}

/**
 * Exact match and F1 over a SQuAD 1.1 dataset: the mean over its questions of the best score among the gold answers.
 *
 * @param predictions answers by question id
 * @throws TrtDslError (`file`) if the dataset is empty, or a predicted question has no gold answer
 */
export function evaluateV1(dataset: SquadDataset, predictions: ReadonlyMap<string, string>): ScoresV1 {
  const { examples } = dataset;
  requireExamples(dataset);
  const missing: string[] = [];
  let exact = 0;
  let f1 = 0;
  for (const example of examples) {
    const prediction = predictions.get(example.id);
    if (prediction === undefined) {
      missing.push(example.id);
      continue;
    }
    if (example.answers.length === 0) {
      throw new TrtDslError(
        'file',
        `${dataset.source}: ${example.path}.answers: is empty, which SQuAD 1.1 does not allow; evaluate it as 2.0`,
      );
    }
    const golds = example.answers.map(({ text }) => text);
    exact += best(exactMatch, prediction, golds);
    f1 += best(f1Score, prediction, golds);
  }
  const total = examples.length;
  return { exact_match: (100 * exact) / total, f1: (100 * f1) / total, total, missing };
}

interface Scored {
  readonly id: string;
  readonly hasAnswer: boolean;
  readonly prediction: string;
  readonly exact: number;
  readonly f1: number;
}

/**
 * Exact match and F1 over a SQuAD 2.0 dataset, over all questions and over those with and without an answer. A question
 * without an answer is answered rightly by the empty string.
 *
 * @param predictions answers by question id
 * @throws TrtDslError (`file`) if the dataset is empty; (`argument`) if a question lacks a prediction or null odds (where
 *   the official script stops with a KeyError)
 */
export function evaluateV2(
  dataset: SquadDataset,
  predictions: ReadonlyMap<string, string>,
  { nullOdds, threshold = 1 }: NullOddsOptions = {},
): ScoresV2 {
  requireExamples(dataset);
  requireEvery(dataset.examples, predictions, 'prediction');
  if (nullOdds) requireEvery(dataset.examples, nullOdds, 'null odds');
  const raw = dataset.examples.map((example) => score(example, predictions.get(example.id)!));
  const final = raw.map((scored) => {
    const saysNone = nullOdds ? nullOdds.get(scored.id)! > threshold : 0 > threshold;
    const right = scored.hasAnswer ? 0 : 1;
    return saysNone ? { ...scored, exact: right, f1: right } : scored;
  });
  const scores: ScoresV2 = mean(final);
  for (const [prefix, hasAnswer] of [
    ['HasAns', true],
    ['NoAns', false],
  ] as const) {
    const group = final.filter((scored) => scored.hasAnswer === hasAnswer);
    if (group.length === 0) continue;
    const { exact, f1, total } = mean(group);
    Object.assign(scores, { [`${prefix}_exact`]: exact, [`${prefix}_f1`]: f1, [`${prefix}_total`]: total });
  }
  if (nullOdds) {
    [scores.best_exact, scores.best_exact_thresh] = bestThreshold(raw, nullOdds, ({ exact }) => exact);
    [scores.best_f1, scores.best_f1_thresh] = bestThreshold(raw, nullOdds, ({ f1 }) => f1);
  }
  return scores;
}

function score({ id, answers }: SquadExample, prediction: string): Scored {
  const texts = answers.map(({ text }) => text).filter((text) => normalizeAnswer(text) !== '');
  const golds = texts.length > 0 ? texts : [''];
  return {
    id,
    hasAnswer: answers.length > 0,
    prediction,
    exact: best(exactMatch, prediction, golds),
    f1: best(f1OrNone, prediction, golds),
  };
}

/** F1, where two answers without words agree. */
function f1OrNone(prediction: string, gold: string): number {
  const [predicted, wanted] = [answerWords(prediction).length, answerWords(gold).length];
  return predicted === 0 || wanted === 0 ? Number(predicted === wanted) : f1Score(prediction, gold);
}

/**
 * The best mean score that a threshold on the null odds could give, and the threshold: questions are answered in the order of
 * their null odds, each answer gaining its score, or losing the point that no answer would have had.
 */
function bestThreshold(
  scored: readonly Scored[],
  nullOdds: ReadonlyMap<string, number>,
  scoreOf: (scored: Scored) => number,
): [score: number, threshold: number] {
  const byId = new Map(scored.map((each) => [each.id, each]));
  let current = scored.filter(({ hasAnswer }) => !hasAnswer).length;
  let most = current;
  let threshold = 0;
  for (const [id, odds] of [...nullOdds].sort(([, a], [, b]) => a - b)) {
    const each = byId.get(id);
    if (!each) continue;
    if (each.hasAnswer) current += scoreOf(each);
    else if (each.prediction !== '') current -= 1;
    if (current > most) {
      most = current;
      threshold = odds;
    }
  }
  return [(100 * most) / scored.length, threshold];
}

function mean(scored: readonly Scored[]): { exact: number; f1: number; total: number } {
  const total = scored.length;
  const sum = (scoreOf: (scored: Scored) => number): number => scored.reduce((all, each) => all + scoreOf(each), 0);
  return { exact: (100 * sum(({ exact }) => exact)) / total, f1: (100 * sum(({ f1 }) => f1)) / total, total };
}

const best = (
  scoreOf: (prediction: string, gold: string) => number,
  prediction: string,
  golds: readonly string[],
): number => Math.max(...golds.map((gold) => scoreOf(prediction, gold)));

function requireExamples({ examples, source }: SquadDataset): void {
  if (examples.length === 0) throw new TrtDslError('file', `${source}: data: holds no question to evaluate`);
}

function requireEvery(examples: readonly SquadExample[], by: ReadonlyMap<string, unknown>, what: string): void {
  const missing = examples.filter(({ id }) => !by.has(id));
  if (missing.length === 0) return;
  throw new TrtDslError(
    'argument',
    `no ${what} for ${missing.length} of ${examples.length} questions, the first being ${JSON.stringify(missing[0]!.id)}; ` +
      'SQuAD 2.0 is evaluated only with one for each',
  );
}
