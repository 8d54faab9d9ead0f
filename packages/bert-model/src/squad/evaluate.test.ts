import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evaluateV1,
  evaluateV2,
  exactMatch,
  f1Score,
  normalizeAnswer,
  parseSquad,
  type SquadDataset,
} from './index.ts';

/** Made by tools/fixtures/make-squad-golden.py with the official scripts. */
interface Golden {
  readonly datasets: { readonly v1: unknown; readonly v2: unknown };
  /** Each text, and what it is normalized to. */
  readonly texts: readonly (readonly [string, string])[];
  /** Predictions are indices into `texts`, a question each, −1 for none. */
  readonly v1: readonly { readonly predictions: readonly number[]; readonly scores: Record<string, number> }[];
  readonly v2: readonly {
    readonly predictions: readonly number[];
    readonly odds: Record<string, number> | null;
    readonly threshold: number;
    readonly scores: Record<string, number>;
  }[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/squad/evaluation.json', import.meta.url), 'utf8'),
) as Golden;
const datasets = {
  v1: parseSquad(JSON.stringify(golden.datasets.v1), 'v1.json'),
  v2: parseSquad(JSON.stringify(golden.datasets.v2), 'v2.json'),
};

function predictionsOf({ examples }: SquadDataset, indices: readonly number[]): Map<string, string> {
  const answered = examples.flatMap(({ id }, i): [string, string][] => {
    const text = golden.texts[indices[i]!];
    return text ? [[id, text[0]]] : [];
  });
  return new Map(answered);
}

describe('against the official scripts', () => {
  it('has at least 500 prediction files to compare', () => {
    expect(golden.v1.length + golden.v2.length).toBeGreaterThanOrEqual(500);
  });

  it('normalizes answers alike', () => {
    for (const [text, normalized] of golden.texts) expect([text, normalizeAnswer(text)]).toEqual([text, normalized]);
  });

  it('scores version 1.1 alike, to the last digit', () => {
    for (const { predictions, scores } of golden.v1) {
      const { exact_match, f1, total, missing } = evaluateV1(datasets.v1, predictionsOf(datasets.v1, predictions));
      expect({ exact_match, f1 }).toEqual(scores);
      expect(total).toBe(predictions.length);
      expect(missing).toHaveLength(predictions.filter((index) => index < 0).length);
    }
  });

  it('scores version 2.0 alike, to the last digit', () => {
    for (const { predictions, odds, threshold, scores } of golden.v2) {
      const options = odds ? { threshold, nullOdds: new Map(Object.entries(odds)) } : { threshold };
      expect(evaluateV2(datasets.v2, predictionsOf(datasets.v2, predictions), options)).toEqual(scores);
    }
  });
});

describe('scores of one answer', () => {
  it('counts words, not their order', () => {
    expect(exactMatch('The Norman Conquest!', 'norman conquest')).toBe(1);
    expect(exactMatch('conquest norman', 'norman conquest')).toBe(0);
    expect(f1Score('conquest, Norman', 'the Norman conquest')).toBe(1);
    expect(f1Score('norman norman', 'norman conquest')).toBe(0.5);
    expect(f1Score('', '')).toBe(0);
  });

  const text = fc.array(fc.oneof(fc.constantFrom('a', 'the', 'x', 'y', '.', 'É'), fc.string({ unit: 'grapheme' }))).map((words) => words.join(' ')); // biome-ignore format: one line
  it('is symmetric, 1 for equal answers with words, and at least the exact match', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(f1Score(a, b)).toBeCloseTo(f1Score(b, a), 12);
        const hasWords = normalizeAnswer(a) !== '';
        expect(f1Score(a, a)).toBe(hasWords ? 1 : 0);
        if (hasWords) expect(f1Score(a, b)).toBeGreaterThanOrEqual(exactMatch(a, b));
      }),
    );
  });
});

describe('what cannot be scored', () => {
  it('says which predictions SQuAD 2.0 misses', () => {
    expect(() => evaluateV2(datasets.v2, new Map([['q0', 'x']]))).toThrow(
      'no prediction for 28 of 29 questions, the first being "q1"',
    );
    const all = predictionsOf(datasets.v2, golden.v2[0]!.predictions);
    expect(() => evaluateV2(datasets.v2, all, { nullOdds: new Map() })).toThrow('no null odds for 29 of 29 questions');
  });

  it('refuses questions without answers in SQuAD 1.1, and datasets without questions', () => {
    const predictions = predictionsOf(datasets.v2, golden.v2[0]!.predictions);
    expect(() => evaluateV1(datasets.v2, predictions)).toThrow(
      /v2\.json: data\[0\]\.paragraphs\[0\]\.qas\[\d+\]\.answers: is empty, which SQuAD 1\.1 does not allow/,
    );
    const empty = parseSquad('{ "data": [] }', 'empty.json');
    expect(() => evaluateV1(empty, new Map())).toThrow('empty.json: data: holds no question to evaluate');
    expect(() => evaluateV2(empty, new Map())).toThrow('empty.json: data: holds no question to evaluate');
  });
});
