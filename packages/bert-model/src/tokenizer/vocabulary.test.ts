import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrtDslError } from '@trt-dsl/dsl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseVocabulary, readVocabulary, Tokenizer, Vocabulary } from './index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vocabulary-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, contents: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
};

describe('reading a vocabulary', () => {
  it('numbers the lines from 0', () => {
    const vocabulary = readVocabulary(write('good.txt', '[PAD]\n[UNK]\nthe\n##s\n'));
    expect(vocabulary.size).toBe(4);
    expect(vocabulary.idOf('##s')).toBe(3);
    expect(vocabulary.tokenOf(2)).toBe('the');
    expect(vocabulary.idOf('missing')).toBeUndefined();
  });

  it('takes Windows line ends, a byte order mark, and a last line without an end', () => {
    const vocabulary = readVocabulary(write('windows.txt', '\ufeff[PAD]\r\n[UNK]\r\nlast'));
    expect([...vocabulary.entries()]).toEqual([
      ['[PAD]', 0],
      ['[UNK]', 1],
      ['last', 2],
    ]);
  });

  it('keeps tokens that only some programs take for line ends', () => {
    expect(parseVocabulary('a\n\u2028\n\u0085\nb').size).toBe(4);
  });

  const bad: [string, string | Uint8Array, string][] = [
    ['an empty line', 'a\nb\n\nc\n', 'bad.txt: line 3 is empty; every line must hold a token'],
    ['an empty line at the end', 'a\n\n', 'bad.txt: line 2 is empty'],
    ['a repeated token', 'a\nb\na\n', 'bad.txt: line 3 repeats the token "a" of line 1'],
    ['no line', '', 'bad.txt: is empty; expected one token a line'],
    ['bytes that are not UTF-8', Uint8Array.of(97, 10, 0xe4, 0xb8, 10, 98), 'bad.txt: line 2 (at byte 2) is not UTF-8'],
  ];
  it.each(bad)('refuses %s', (_, contents, message) => {
    const path = write('bad.txt', contents);
    expect(() => readVocabulary(path)).toThrow(TrtDslError);
    expect(() => readVocabulary(path)).toThrow(message);
  });

  it('refuses a file that is not there', () => {
    expect(() => readVocabulary(join(folder, 'none.txt'))).toThrow(/none\.txt: cannot read the vocabulary: ENOENT/);
  });

  it('refuses ids that are shared or no whole numbers', () => {
    expect(() => new Vocabulary([['a', 1.5]], 'v.json')).toThrow('v.json: token "a" has id 1.5');
    expect(() => new Vocabulary([['a', 0], ['b', 0]], 'v.json')).toThrow('v.json: tokens "a" and "b" share id 0'); // biome-ignore format: one row
  });

  it('says which tokens a tokenizer misses', () => {
    expect(() => Tokenizer.fromVocabFile(write('short.txt', '[PAD]\n[UNK]\nthe\n'))).toThrow(
      /short\.txt: no \[CLS\], \[SEP\] among its 3 tokens/,
    );
  });
});
