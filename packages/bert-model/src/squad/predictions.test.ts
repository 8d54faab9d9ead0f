import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Prediction, readNullOdds, readPredictions, writePredictions } from './index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'predictions-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const answer = { text: 'é "x"', span: [0, 5] as const, probability: 1, startLogit: 1.5, endLogit: -2 };
const found: Prediction = { text: answer.text, span: answer.span, nBest: [answer], nullOdds: -3.25 };
const none: Prediction = { text: '', span: null, nBest: [], nullOdds: 2 };

it("writes run_squad's three files, in the order of the predictions", () => {
  const paths = {
    predictions: join(folder, 'predictions.json'),
    nBest: join(folder, 'nbest_predictions.json'),
    nullOdds: join(folder, 'null_odds.json'),
  };
  writePredictions(new Map([['b', found], ['1', none]]), paths); // biome-ignore format: one row
  expect(readFileSync(paths.predictions, 'utf8')).toBe('{\n    "b": "é \\"x\\"",\n    "1": ""\n}\n');
  expect(JSON.parse(readFileSync(paths.nBest, 'utf8'))).toEqual({
    b: [{ text: 'é "x"', probability: 1, start_logit: 1.5, end_logit: -2 }],
    1: [],
  });
  expect(readPredictions(paths.predictions)).toEqual(new Map(Object.entries({ b: 'é "x"', 1: '' })));
  expect(readNullOdds(paths.nullOdds)).toEqual(new Map(Object.entries({ b: -3.25, 1: 2 })));
});

it('refuses what it cannot write or read', () => {
  const path = join(folder, 'bad.json');
  expect(() => writePredictions(new Map([['a', { ...none, nullOdds: null }]]), { nullOdds: path })).toThrow(
    'question "a" has no null odds: predict with mayBeImpossible: true',
  );
  expect(() => writePredictions(new Map(), { predictions: join(folder, 'none', 'x.json') })).toThrow(
    /x\.json: cannot be written: ENOENT/,
  );
  writeFileSync(path, '{ "q": ["text"] }');
  expect(() => readPredictions(path)).toThrow(`${path}: q: expected a string, found ["text"]`);
  writeFileSync(path, '[]');
  expect(() => readNullOdds(path)).toThrow(`${path}: the file: expected an object, found []`);
});
