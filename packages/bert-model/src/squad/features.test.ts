import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tokenizer } from '../tokenizer/index.ts';
import { squadFeatures } from './index.ts';

const letters = [...'abcdefghijklmnopqrstuvwxyz'];
const tokenizer = Tokenizer.fromVocab([
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  ...letters,
  ...letters.map((c) => `##${c}`),
]);
const tokensOf = (features: ReturnType<typeof squadFeatures>): string[] =>
  features.map(({ encoding }) => encoding.tokens.join(' '));

describe('features', () => {
  const example = { question: 'q', passage: 'a b c d e f g' };

  it('slides a window over the passage', () => {
    const features = squadFeatures(example, tokenizer, { maxSequenceLength: 8, docStride: 2 });
    expect(tokensOf(features)).toEqual([
      '[CLS] q [SEP] a b c d [SEP]',
      '[CLS] q [SEP] c d e f [SEP]',
      '[CLS] q [SEP] e f g [SEP]',
    ]);
    expect(features[1]!.encoding.typeIds).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
    expect(features[1]!.encoding.offsets.slice(3, 7)).toEqual([[4, 5], [6, 7], [8, 9], [10, 11]]); // biome-ignore format: one row
    expect(features.map(({ passage }) => passage)).toEqual([[3, 7], [3, 7], [3, 6]]); // biome-ignore format: one row
  });

  it('marks each token in the window that shows most around it', () => {
    const marked = squadFeatures(example, tokenizer, { maxSequenceLength: 8, docStride: 2 }).map(
      ({ encoding, isMaxContext }) => encoding.tokens.filter((_, i) => isMaxContext[i]).join(''),
    );
    // c: 1 of [a b c d], 0 of [c d e f]. d: 0, then 1. e: 1, then 0. f: 0 and 1.
    expect(marked).toEqual(['abc', 'de', 'fg']);
  });

  it('never leaves a gap, and marks every token once', () => {
    const options = fc.record({
      length: fc.integer({ min: 1, max: 60 }),
      maxSequenceLength: fc.integer({ min: 5, max: 40 }),
      docStride: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(options, ({ length, maxSequenceLength, docStride }) => {
        const passage = Array.from({ length }, (_, i) => letters[i % 26]).join(' ');
        const features = squadFeatures({ question: 'q', passage }, tokenizer, { maxSequenceLength, docStride });
        const starts = features.flatMap(({ encoding, isMaxContext }) =>
          encoding.offsets.filter((_, i) => isMaxContext[i]).map(([start]) => start),
        );
        expect(starts.sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => 2 * i));
        for (const { encoding } of features) expect(encoding.ids.length).toBeLessThanOrEqual(maxSequenceLength);
      }),
    );
  });

  it('cuts long questions, or refuses them', () => {
    const long = { id: 'x1', question: 'a b c d e f', passage: 'z' };
    expect(tokensOf(squadFeatures(long, tokenizer, { maxQueryLength: 2 }))).toEqual(['[CLS] a b [SEP] z [SEP]']);
    expect(() => squadFeatures(long, tokenizer, { maxQueryLength: 2, longQuestion: 'refuse' })).toThrow(
      'question "x1": the question has 6 tokens, more than maxQueryLength 2',
    );
  });

  it('says what leaves nothing to read', () => {
    expect(() => squadFeatures({ id: 'x1', question: 'q', passage: ' \n' }, tokenizer)).toThrow(
      'question "x1": the passage has no text to find an answer in',
    );
    expect(() => squadFeatures(example, tokenizer, { maxSequenceLength: 4 })).toThrow(
      '1 question tokens and 3 that frame them leave no room for the passage in 4',
    );
    expect(() => squadFeatures(example, tokenizer, { docStride: 0 })).toThrow(
      'docStride is 0; expected a whole number from 1',
    );
  });
});
