import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrtDslError } from '@trt-dsl/dsl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSquad, readSquad } from './index.ts';

const qa = (id: string, more: object = {}) => ({
  id,
  question: `${id}?`,
  answers: [{ text: 'x', answer_start: 0 }],
  ...more,
});
const squad = (...qas: object[]) => ({ version: '1.1', data: [{ paragraphs: [{ context: 'x y', qas }] }] });

describe('reading SQuAD', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'squad-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('lists the questions in the order of the file', () => {
    const path = join(folder, 'dev.json');
    const more = { title: 'other', paragraphs: [{ context: 'z', qas: [qa('c')] }] };
    writeFileSync(
      path,
      `\ufeff${JSON.stringify({ ...squad(qa('b'), qa('a')), data: [...squad(qa('b'), qa('a')).data, more] })}`,
    );
    const dataset = readSquad(path);
    expect(dataset).toMatchObject({ version: '1.1', hasImpossible: false, source: path });
    expect(dataset.examples.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
    expect(dataset.examples[2]).toEqual({
      id: 'c',
      question: 'c?',
      passage: 'z',
      answers: [{ text: 'x', start: 0 }],
      isImpossible: false,
      path: 'data[1].paragraphs[0].qas[0]',
    });
  });

  it('knows version 2.0 by its version or by its questions', () => {
    const impossible = qa('a', { answers: [], is_impossible: true, plausible_answers: [] });
    expect(parseSquad(JSON.stringify({ ...squad(qa('a')), version: 'v2.0' })).hasImpossible).toBe(true);
    expect(parseSquad(JSON.stringify({ data: squad(impossible).data })).hasImpossible).toBe(true);
    expect(parseSquad(JSON.stringify(squad(impossible))).examples[0]).toMatchObject({
      isImpossible: true,
      answers: [],
    });
  });

  it('takes test sets without answers', () => {
    expect(parseSquad(JSON.stringify(squad({ id: 'a', question: '?' }))).examples[0]!.answers).toEqual([]);
  });

  const bad: [string, unknown, string][] = [
    ['no data', { version: '1.1' }, 'bad.json: data: expected an array, found nothing'],
    ['another version type', { version: 1.1, data: [] }, 'bad.json: version: expected a string, found 1.1'],
    ['an array', [], 'bad.json: data: expected an array, found nothing'],
    ['no paragraphs', { data: [{}] }, 'bad.json: data[0].paragraphs: expected an array, found nothing'],
    ['null', { data: [null] }, 'bad.json: data[0].paragraphs: expected an array, found nothing'],
    [
      'no context',
      { data: [{ paragraphs: [{ qas: [] }] }] },
      'bad.json: data[0].paragraphs[0].context: expected a string',
    ],
    [
      'an id that is no string',
      squad(qa('a'), qa('b', { id: 7 })),
      'bad.json: data[0].paragraphs[0].qas[1].id: expected a string, found 7',
    ],
    [
      'an id given twice',
      squad(qa('a'), qa('a')),
      'bad.json: data[0].paragraphs[0].qas[1].id: repeats "a", the id of data[0].paragraphs[0].qas[0]',
    ],
    [
      'an answer without text',
      squad(qa('a', { answers: [{ answer_start: 1 }] })),
      'qas[0].answers[0].text: expected a string, found nothing',
    ],
    [
      'a start that is no position',
      squad(qa('a', { answers: [{ text: 'x', answer_start: -1 }] })),
      'answers[0].answer_start: expected a whole number from 0, found -1',
    ],
    [
      'is_impossible that is a word',
      squad(qa('a', { is_impossible: 'no' })),
      'qas[0].is_impossible: expected true or false, found "no"',
    ],
  ];
  it.each(bad)('refuses %s', (_, json, message) => {
    expect(() => parseSquad(JSON.stringify(json), 'bad.json')).toThrow(TrtDslError);
    expect(() => parseSquad(JSON.stringify(json), 'bad.json')).toThrow(message);
  });

  it('refuses what is not JSON, or not there', () => {
    expect(() => parseSquad('{"data": [', 'cut.json')).toThrow(/cut\.json: is not JSON: /);
    expect(() => readSquad(join(folder, 'none.json'))).toThrow(/none\.json: cannot be read: ENOENT/);
  });
});
