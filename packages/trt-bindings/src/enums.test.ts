import { describe, expect, it } from 'vitest';
import { type EnumName, enums, loadAddon } from './index.ts';

interface Headers {
  headerText(product: string): string | undefined;
  enumerations(text: string): ReadonlyMap<string, readonly string[]>;
}

const { enumerations, headerText } = (await import(new URL('../scripts/headers.mjs', import.meta.url).href)) as Headers;

describe.each(['trt10', 'trt11', 'rtx'] as const)('enumerations of %s', (product) => {
  const text = headerText(product);
  if (text === undefined) throw new Error(`no headers for ${product}: run npx trt-dsl setup`);
  const inHeaders = enumerations(text);
  const inAddon = loadAddon(product).enums;

  it.each(Object.keys(enums) as EnumName[])('%s is the headers’ own', (name) => {
    const values = inAddon[name];
    expect(values && [...values].sort()).toEqual(inHeaders.has(name) ? [...inHeaders.get(name)!].sort() : undefined);
    for (const value of values ?? []) expect(enums[name]).toContain(value);
  });
});
