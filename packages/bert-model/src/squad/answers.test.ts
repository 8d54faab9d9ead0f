import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Span, Tokenizer } from '../tokenizer/index.ts';
import { type AnswerOptions, type FeatureOptions, type SpanLogits, squadAnswers, squadFeatures } from './index.ts';

/** Made by tools/fixtures/make-squad-answers.py with PyTorch and the tokenizers package. */
interface Golden {
  readonly vocab: readonly string[];
  readonly texts: Readonly<Record<string, readonly [question: string, passage: string]>>;
  readonly cases: readonly {
    readonly text: string;
    readonly seed: number;
    readonly options: FeatureOptions & AnswerOptions;
    readonly ids: readonly (readonly number[])[];
    readonly answer: string;
    readonly nullOdds: number | null;
    /** Spans in code points. */
    readonly nBest: readonly (readonly [
      text: string,
      span: Span | null,
      probability: number,
      startLogit: number,
      endLogit: number,
    ])[];
  }[];
}
const { vocab, texts, cases } = JSON.parse(
  readFileSync(new URL('../../fixtures/squad/answers.json', import.meta.url), 'utf8'),
) as Golden;
const tokenizer = Tokenizer.fromVocab(vocab);

/** The logits that the script made: start logits of the first window, then its end logits, and so on. */
function logitsOf(seed: number, lengths: readonly number[]): SpanLogits[] {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 16 - 8;
  };
  return lengths.map((length) => ({ start: Array.from({ length }, next), end: Array.from({ length }, next) }));
}

/** A span of UTF-16 units in code points. */
const inCodePoints = (text: string, [start, end]: Span): Span => [
  [...text.slice(0, start)].length,
  [...text.slice(0, end)].length,
];

describe('against PyTorch', () => {
  it.each(cases.map((each) => [`${each.text}, ${each.ids.length} windows, seed ${each.seed}`, each] as const))(
    'answers alike: %s',
    (_, { text, seed, options, ids, answer, nullOdds, nBest }) => {
      const [question, passage] = texts[text]!;
      const features = squadFeatures({ question, passage }, tokenizer, options);
      expect(features.map(({ encoding }) => encoding.ids)).toEqual(ids);
      const logits = logitsOf(
        seed,
        ids.map(({ length }) => length),
      );
      const prediction = squadAnswers({ passage }, features, logits, options);
      expect(prediction.text).toBe(answer);
      expect(prediction.span && passage.slice(...prediction.span)).toBe(answer === '' ? null : answer);
      expect(
        prediction.nBest.map(({ text, span, startLogit, endLogit }) => [
          text,
          span && inCodePoints(passage, span),
          startLogit,
          endLogit,
        ]),
      ).toEqual(nBest.map(([text, span, , startLogit, endLogit]) => [text, span, startLogit, endLogit]));
      prediction.nBest.forEach(({ probability }, i) => {
        expect(probability).toBeCloseTo(nBest[i]![2], 12);
      });
      if (nullOdds === null) expect(prediction.nullOdds).toBeNull();
      else expect(prediction.nullOdds).toBeCloseTo(nullOdds, 10);
    },
  );
});

describe('answers', () => {
  const passage = texts['repeats']![1];
  const features = squadFeatures({ question: 'What?', passage }, tokenizer);
  const { length } = features[0]!.encoding.ids;
  const zeros = (): number[] => new Array<number>(length).fill(0);
  const [first] = features[0]!.passage;

  it('is nothing where no span is valid, and the padding is not read', () => {
    const start = [...zeros(), 99];
    const end = [...zeros(), 99];
    start[0] = 5;
    end[0] = 5;
    const { text, span, nBest } = squadAnswers({ passage }, features, [{ start, end }], { nBestSize: 1 });
    expect({ text, span, nBest }).toEqual({ text: '', span: null, nBest: [] });
  });

  it('is no answer if that scores more than the threshold above the best', () => {
    const start = zeros();
    const end = zeros();
    start[0] = 3;
    start[first] = 2;
    end[0] = 0.5;
    end[first] = 0.5;
    const predict = (nullScoreDiffThreshold: number) =>
      squadAnswers({ passage }, features, [{ start, end }], {
        mayBeImpossible: true,
        nullScoreDiffThreshold,
        nBestSize: 2,
      });
    expect(predict(0)).toMatchObject({ text: '', span: null, nullOdds: 1 });
    expect(predict(1)).toMatchObject({ text: 'Rollo', span: [0, 5], nullOdds: 1 });
    expect(predict(0).nBest.map(({ text }) => text)).toEqual(['', 'Rollo']);
    expect(predict(0).nBest[0]!.probability).toBeCloseTo(Math.E / (1 + Math.E), 12);
  });

  it('refuses logits that do not fit', () => {
    expect(() => squadAnswers({ passage }, features, [])).toThrow('1 features, but logits of 0');
    expect(() => squadAnswers({ passage }, features, [{ start: [1], end: zeros() }])).toThrow(
      `feature 0 has ${length} tokens, but start logits for 1`,
    );
    const bad = zeros();
    bad[2] = Number.NaN;
    expect(() => squadAnswers({ passage }, features, [{ start: zeros(), end: bad }])).toThrow(
      'feature 0: the end logit of token 2 is not a number',
    );
  });
});
