import type { PluginFields } from '@trt-dsl/dsl';
import { describe, expect, it } from 'vitest';
import { encodeFields } from './plugin.ts';

const types = { half: 'FLOAT16', small: 'INT8', count: 'INT32', large: 'INT64', text: 'CHAR' } as const;
const creator = {
  name: 'Scale',
  getFieldNames: () => Object.entries(types).map(([name, type]) => ({ name, type, data: null, length: 0 })),
} as unknown as Parameters<typeof encodeFields>[1];
const encoded = (fields: PluginFields) => encodeFields('block/scale', creator, fields);

describe('fields of a plugin', () => {
  it('get the types that its creator declares', () => {
    expect(encoded({ half: 1.5, small: [-128, 127], count: 7, large: 2 ** 53 - 1, text: 'a' })).toEqual([
      { name: 'half', type: 'FLOAT16', data: Uint16Array.of(0x3e00) },
      { name: 'small', type: 'INT8', data: Int8Array.of(-128, 127) },
      { name: 'count', type: 'INT32', data: Int32Array.of(7) },
      { name: 'large', type: 'INT64', data: BigInt64Array.of(9007199254740991n) },
      { name: 'text', type: 'CHAR', data: Uint8Array.of(97) },
    ]);
  });

  it.each<[PluginFields, RegExp]>([
    [{ small: 128 }, /block\/scale: field "small" is INT8, which does not hold 128/],
    [{ count: [1, 2.5] }, /"count" is INT32, which does not hold 2.5/],
    [{ large: Number.NaN }, /"large" is INT64, which does not hold NaN/],
    [{ size: 1 }, /plugin Scale has no field "size"; it has half, small, count, large, text/],
    [{ text: 1 }, /"text" is CHAR, which numbers cannot fill/],
  ])('%j are refused', (fields, message) => {
    expect(() => encoded(fields)).toThrow(message);
  });
});
