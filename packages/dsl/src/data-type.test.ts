import { expect, test } from 'vitest';
import { failure } from '../../../test/support/dsl.ts';
import { arrayOf, bytesOf, dataTypeNames, dataTypes, isDataType } from './data-type.ts';

test('every type is told by its name, and nothing else is', () => {
  expect(dataTypeNames.every(isDataType)).toBe(true);
  for (const wrong of ['half', 'FLOAT', '', 'constructor', '__proto__', undefined, null, 3, {}])
    expect(isDataType(wrong)).toBe(false);
});

test('bytes become the array of their type without a copy where they are aligned, else with one', () => {
  for (const name of dataTypeNames) {
    const { bytes, array } = dataTypes[name];
    const memory = new Uint8Array(64).map((_, i) => i);
    const view = arrayOf(name, memory.subarray(8, 8 + 3 * bytes));
    expect(view).toBeInstanceOf(array);
    expect([view.length, view.buffer === memory.buffer]).toEqual([3, true]);
    const odd = arrayOf(name, memory.subarray(9, 9 + 3 * bytes));
    expect(odd.buffer === memory.buffer).toBe(bytes === 1);
    expect([...bytesOf(odd)]).toEqual([...memory.subarray(9, 9 + 3 * bytes)]);
  }
  expect(failure(() => arrayOf('int64', new Uint8Array(12)))).toBe(
    'argument: 12 bytes are no whole number of int64 values',
  );
});
