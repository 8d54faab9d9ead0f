import { activationTypes, elementwiseOperations, opNames, reduceOperations, unaryOperations } from '@trt-dsl/dsl';
import { expect, it } from 'vitest';
import { expectedFeatures } from './expected-features.ts';

const isExpected = (feature: string): boolean =>
  expectedFeatures.some((one) => one === feature || one.startsWith(`${feature} of `));

it('what 1,000 graphs must show has every op of the DSL, and every operation', () => {
  const needed = [
    ...opNames,
    ...elementwiseOperations.map((operation) => `elementwise: ${operation}`),
    ...reduceOperations.map((operation) => `reduce: ${operation}`),
    ...unaryOperations.map((operation) => `unary: ${operation}`),
    ...activationTypes.map((type) => `activation: ${type}`),
  ];
  expect(needed.filter((feature) => !isExpected(feature))).toEqual([]);
  expect(needed.length).toBeGreaterThan(50);
});
