import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { difference } from './difference.ts';
import { fit, profilesOf, requireSizes } from './profiles.ts';
import { timesOf } from './statistics.ts';

describe('profiles', () => {
  test('a number is 1 to that number of passages, and exactly that many tokens', () => {
    expect(profilesOf(['8', '1'], ['128', '384', '128'])).toEqual([
      { batch: [1, 1, 1], seq: [128, 128, 128] },
      { batch: [1, 1, 1], seq: [384, 384, 384] },
      { batch: [1, 8, 8], seq: [128, 128, 128] },
      { batch: [1, 8, 8], seq: [384, 384, 384] },
    ]);
    expect(profilesOf(['2:8:32'], ['16:64:512'])).toEqual([{ batch: [2, 8, 32], seq: [16, 64, 512] }]);
  });

  test.each(['', '0', '-1', '1.5', '1:2', '2:1:3', '1:2:3:4', 'a', '1:b:3', '1e3'])('%j is no size', (text) => {
    expect(() => profilesOf([text], ['8'])).toThrow(/--batch-size/);
    expect(() => profilesOf(['8'], [text])).toThrow(/--sequence-length/);
  });

  test('what a run is padded to is taken by a profile, and never smaller than the run', () => {
    const size = fc.integer({ min: 1, max: 64 });
    const range = fc.tuple(size, size, size).map((sizes) => sizes.sort((a, b) => a - b) as [number, number, number]);
    const profile = fc.record({ batch: range, seq: range });
    fc.assert(
      fc.property(fc.array(profile, { minLength: 1, maxLength: 4 }), size, size, (profiles, batch, seq) => {
        const possible = profiles.some((each) => batch <= each.batch[2] && seq <= each.seq[2]);
        if (!possible) {
          expect(() => fit(profiles, { batch, seq })).toThrow(/no profile/);
          return;
        }
        const padded = fit(profiles, { batch, seq });
        requireSizes(profiles, padded);
        expect(padded.batch).toBeGreaterThanOrEqual(batch);
        expect(padded.seq).toBeGreaterThanOrEqual(seq);
      }),
    );
  });
});

test('percentiles are values that were measured, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(timesOf(hundred)).toEqual({ runs: 100, average: 50.5, median: 50, p95: 95, p99: 99, least: 1, most: 100 });
  expect(timesOf([3])).toMatchObject({ median: 3, p95: 3, p99: 3 });
});

test('differences', () => {
  expect(difference('x', [2], [3, 4], [3, 4])).toMatchObject({ maxAbs: 0, relativeL2: 0, norm: 5, cosine: 1 });
  expect(difference('x', [2], [3, 4], [0, 5])).toMatchObject({ maxAbs: 3, referenceNorm: 5, cosine: 0.8 });
  expect(difference('x', [2], [3, 4], [0, 5]).relativeL2).toBeCloseTo(Math.sqrt(10) / 5);
  expect(difference('x', [1], [Number.NaN], [1]).relativeL2).toBeNaN();
});
