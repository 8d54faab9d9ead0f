import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limitOf, quantizedLimits } from './limits.ts';

const figuresOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../bench/results/${name}.json`, import.meta.url), 'utf8')).figures;

interface Cost {
  readonly dataType: 'int8' | 'float8';
  readonly recipe: keyof (typeof quantizedLimits)['int8'];
  readonly method: string;
  readonly mean: number;
  readonly smooth?: string;
  readonly excluded_by_bisect?: readonly string[];
}
const precisionOf = { int8: 'int8', float8: 'fp8' } as const;
const usual = { int8: 'mse', float8: 'min-max' } as const;
const distance = ({ mean }: Cost): number => Math.sqrt(2 - 2 * mean);
const costs: readonly Cost[] = figuresOf('quantize-minilm').rows;
const plain = costs.filter(({ smooth, excluded_by_bisect: excluded }) => smooth === undefined && !excluded);

test('a limit is twice what the recipe costs MiniLM, or that of the next recipe that quantizes more', () => {
  const measured = plain.filter(({ dataType, method }) => method === usual[dataType]);
  expect(measured.length).toBeGreaterThan(4);
  const found = { int8: {}, fp8: {} } as Record<'int8' | 'fp8', Record<string, number>>;
  for (const row of measured) found[precisionOf[row.dataType]][row.recipe] = Number((2 * distance(row)).toFixed(2));
  const less = ['accurate', 'gemm', 'residual', 'full'];
  for (const [precision, limits] of Object.entries(quantizedLimits))
    for (const [recipe, limit] of Object.entries(limits)) {
      const next = less.slice(less.indexOf(recipe)).find((name) => found[precision as 'int8'][name] !== undefined);
      expect({ precision, recipe, limit }).toEqual({ precision, recipe, limit: found[precision as 'int8'][next!] });
    }
});

test('what the H200 computed is within, of BERT-base, but for residual sums in fp8, well within; a poor calibration is beyond', () => {
  interface Computed {
    readonly model: string;
    readonly variant: string;
    readonly logits_relative_error_to_first: number;
  }
  const h200: readonly Computed[] = figuresOf('h200-quantize');
  let [within, wellWithin] = [0, 0];
  for (const { model, variant, logits_relative_error_to_first: error } of h200) {
    const [, type, recipe] = /^(int8|float8):(\w+)/.exec(variant) ?? [];
    if (type === undefined) continue;
    const limit = quantizedLimits[precisionOf[type as 'int8']][recipe as Cost['recipe']];
    expect(error).toBeLessThan(limit);
    within++;
    if (model !== 'base' || (type === 'float8' && recipe !== 'gemm')) continue;
    expect(error).toBeLessThan(limit / 2);
    wellWithin++;
  }
  expect(within).toBeGreaterThan(12);
  expect(wellWithin).toBeGreaterThan(10);
  const poor = plain.filter(({ dataType, method }) => dataType === 'int8' && method === 'entropy');
  expect(poor).not.toHaveLength(0);
  for (const row of poor) expect(distance(row)).toBeGreaterThan(quantizedLimits.int8[row.recipe]);
});

test('the recipe decides for int8 and fp8, else the reference in the same type, else the type', () => {
  const recipe = 'full' as const;
  const settings = { precision: 'fp8', quantization: { recipe } } as Parameters<typeof limitOf>[0];
  expect(limitOf(settings, 1e-3)).toBe(0.18);
  expect(limitOf({ precision: 'fp16', quantization: null }, 1e-3)).toBeCloseTo(1.2e-3, 12);
  expect(limitOf({ precision: 'fp16', quantization: null }, null)).toBe(1e-2);
});
