import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTokenizer } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenizer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, contents: unknown): void =>
  writeFileSync(join(folder, name), typeof contents === 'string' ? contents : JSON.stringify(contents));

const VOCAB = { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, '[MASK]': 4, Été: 5, ete: 6, été: 7 };
const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
const json = () => ({
  added_tokens: [{ id: 8, content: '<x>', special: false, normalized: false }],
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    pair: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)],
  },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: VOCAB,
  },
});

describe('reading a Hugging Face folder', () => {
  it('takes tokenizer.json', () => {
    write('tokenizer.json', json());
    const tokenizer = readTokenizer(folder);
    expect(tokenizer.tokenize('Été<x>')).toEqual(['ete', '<x>']);
    expect(tokenizer.size).toBe(9);
    expect(tokenizer.idOf('<x>')).toBe(8);
  });

  it('takes vocab.txt, uncased unless told otherwise', () => {
    write('vocab.txt', Object.keys(VOCAB).join('\n'));
    expect(readTokenizer(folder).tokenize('Été')).toEqual(['ete']);
    expect(readTokenizer(folder, { lowercase: false }).tokenize('Été')).toEqual(['Été']);
  });

  it('lets tokenizer_config.json decide, and the caller above it', () => {
    write('tokenizer.json', json());
    write('tokenizer_config.json', { do_lower_case: false, strip_accents: null, unk_token: { content: '[UNK]' } });
    expect(readTokenizer(folder).tokenize('Été')).toEqual(['Été']);
    expect(readTokenizer(folder, { lowercase: true, stripAccents: false }).tokenize('Été')).toEqual(['été']);
  });

  it('takes added tokens and other names from tokenizer_config.json', () => {
    write('vocab.txt', '<pad>\n<unk>\n<s>\n</s>\na');
    write('tokenizer_config.json', {
      ...{ pad_token: '<pad>', unk_token: '<unk>', cls_token: '<s>', sep_token: '</s>', mask_token: null },
      added_tokens_decoder: { 5: { content: '<new>', lstrip: true, special: true } },
    });
    expect(readTokenizer(folder).encode('a <new>b').tokens).toEqual(['<s>', 'a', '<new>', '<unk>', '</s>']);
  });

  const refused: [string, (j: ReturnType<typeof json>) => void, RegExp][] = [
    [
      'another model',
      (j) => (j.model.type = 'BPE'),
      /tokenizer\.json: model\.type: is "BPE"; BERT's tokenizer has "WordPiece"/,
    ],
    ['another normalizer', (j) => (j.normalizer.type = 'NFC'), /normalizer\.type: is "NFC"/],
    ['another pre-tokenizer', (j) => (j.pre_tokenizer.type = 'Metaspace'), /pre_tokenizer\.type: is "Metaspace"/],
    [
      'a value of another type',
      (j) => Object.assign(j.normalizer, { lowercase: 'yes' }),
      /normalizer\.lowercase: expected a boolean, found "yes"/,
    ],
    [
      'an id that is no number',
      (j) => Object.assign(j.model.vocab, { bad: '7' }),
      /model\.vocab\.bad: expected a number, found "7"/,
    ],
    [
      'a missing part',
      (j) => Object.assign(j, { model: null }),
      /tokenizer\.json: model: expected an object, found null/,
    ],
    ['other type ids', (j) => (j.post_processor.pair = j.post_processor.pair.slice(1)), /does not frame a pair as/],
  ];
  it.each(refused)('refuses %s', (_, spoil, message) => {
    const spoiled = structuredClone(json());
    spoil(spoiled);
    write('tokenizer.json', spoiled);
    expect(() => readTokenizer(folder)).toThrow(message);
  });

  it('refuses a folder without a vocabulary, and text that is not JSON', () => {
    expect(() => readTokenizer(folder)).toThrow(/holds neither tokenizer\.json nor vocab\.txt/);
    write('tokenizer.json', '{"model": ');
    expect(() => readTokenizer(folder)).toThrow(/tokenizer\.json: cannot be read as JSON/);
  });
});
