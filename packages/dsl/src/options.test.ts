import { expect, test } from 'vitest';
import { checkOptions, type OptionTable } from './options.ts';

interface Options {
  readonly fast?: boolean;
  readonly level?: number;
  readonly file?: string;
  readonly sums?: 'float32' | 'fastest';
  readonly signal?: AbortSignal;
}
const table: OptionTable<Options> = {
  fast: 'boolean',
  level: 'number',
  file: 'string',
  sums: ['float32', 'fastest'],
  signal: 'other',
};
const check = (options: unknown) => () => checkOptions('compile', options as Options, table, { precision: 'cast it' });

test('takes what the table has, and undefined', () => {
  expect(check({ fast: true, level: 3, file: 'a', sums: 'fastest', signal: 1 })).not.toThrow();
  expect(check({ fast: undefined, sums: undefined })).not.toThrow();
  expect(check({})).not.toThrow();
});

test.each([
  [{ fasd: true }, 'compile: there is no option "fasd"; there are fast, level, file, sums, signal'],
  [{ precision: 'fp16' }, 'compile: there is no option "precision": cast it'],
  [{ toString: 1 }, 'there is no option "toString"'],
  [{ fast: 1 }, 'compile: fast is a boolean, not 1'],
  [{ level: '3' }, 'compile: level is a number, not "3"'],
  [{ file: 3n }, 'compile: file is a string, not 3'],
  [{ sums: 'fast' }, "compile: sums is 'float32' or 'fastest', not \"fast\""],
  [null, 'compile: options are an object, not null'],
  ['fast', 'compile: options are an object, not fast'],
])('%o is refused', (options, message) => {
  expect(check(options)).toThrow(expect.objectContaining({ code: 'argument' }));
  expect(check(options)).toThrow(message);
});
