import { createHash } from 'node:crypto';
import { toJson } from '@trt-dsl/dsl';
import { expect, it } from 'vitest';
import { generate } from './generate.ts';
import { namedSeeds } from './named-seeds.ts';

it('the graphs that README.md calls by their seeds are still drawn by them', () => {
  const digest = (seed: number): string =>
    createHash('sha256')
      .update(toJson(generate(seed, new Set(['special'])).graph))
      .digest('hex')
      .slice(0, 8);
  const seeds = Object.keys(namedSeeds).map(Number);
  expect(Object.fromEntries(seeds.map((seed) => [seed, digest(seed)]))).toEqual(namedSeeds);
});
