import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Methods {
  readonly productNames: readonly string[];
  survey(): ReadonlyMap<string, ReadonlyMap<string, Readonly<Record<string, number | undefined>>>>;
  reasonFor(name: string, method: string): string | undefined;
  readmeWithTable(readme: string): string;
}

const { productNames, readmeWithTable, reasonFor, survey } = (await import(
  new URL('../scripts/methods.mjs', import.meta.url).href
)) as Methods;

describe('the bound methods', () => {
  it('are all that the headers declare, but for those left out with a reason', () => {
    const forgotten: string[] = [];
    for (const [name, methods] of survey())
      for (const [method, row] of methods)
        for (const product of productNames)
          if (product in row && row[product] === undefined && reasonFor(name, method) === undefined)
            forgotten.push(`${product} ${name}.${method}`);
    expect(forgotten).toEqual([]);
  });

  it('stand in the README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    expect(readmeWithTable(readme), 'run node packages/trt-bindings/scripts/methods.mjs --write').toBe(readme);
  });
});
