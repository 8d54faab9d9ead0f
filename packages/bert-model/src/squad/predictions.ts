import { writeFileSync } from 'node:fs';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import type { Prediction } from './answers.ts';
import { JsonValue } from './json.ts';

/** Predictions by question id. */
export type Predictions = ReadonlyMap<string, Prediction>;

/** Where {@link writePredictions} writes; a path left out is not written. */
export interface PredictionPaths {
  /** `{ id: text }`: what `evaluate` and the official scripts read. */
  readonly predictions?: string;
  /** `{ id: [{ text, probability, start_logit, end_logit }, …] }` */
  readonly nBest?: string;
  /** `{ id: score of no answer less that of the best answer }` (SQuAD 2.0) */
  readonly nullOdds?: string;
}

/**
 * Writes predictions as run_squad does: predictions.json, nbest_predictions.json and null_odds.json.
 *
 * @throws TrtDslError (`file`) if a file cannot be written; (`argument`) if null odds are asked of predictions without them
 */
export function writePredictions(predictions: Predictions, paths: PredictionPaths): void {
  if (paths.predictions !== undefined) write(paths.predictions, predictions, ({ text }) => text);
  if (paths.nBest !== undefined) {
    write(paths.nBest, predictions, ({ nBest }) =>
      nBest.map(({ text, probability, startLogit, endLogit }) => ({
        text,
        probability,
        start_logit: startLogit,
        end_logit: endLogit,
      })),
    );
  }
  if (paths.nullOdds !== undefined) write(paths.nullOdds, predictions, nullOddsOf);
}

function nullOddsOf({ nullOdds }: Prediction, id: string): number {
  if (nullOdds !== null) return nullOdds;
  throw new TrtDslError(
    'argument',
    `question ${JSON.stringify(id)} has no null odds: predict with mayBeImpossible: true`,
  );
}

function write(path: string, predictions: Predictions, value: (prediction: Prediction, id: string) => unknown): void {
  // Lines are put together here because an object would reorder ids that look like numbers.
  const lines = Array.from(predictions, ([id, prediction]) => {
    const json = JSON.stringify(value(prediction, id), null, 4).replaceAll('\n', '\n    ');
    return `    ${JSON.stringify(id)}: ${json}`;
  });
  try {
    writeFileSync(path, lines.length > 0 ? `{\n${lines.join(',\n')}\n}\n` : '{}\n');
  } catch (error) {
    throw new TrtDslError('file', `${path}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/** Reads a predictions.json, `{ id: text }`. @throws TrtDslError (`file`) if it is malformed */
export const readPredictions = (path: string): Map<string, string> =>
  new Map(
    JsonValue.read(path)
      .entries()
      .map(([id, text]) => [id, text.string()]),
  );

/** Reads a null_odds.json, `{ id: number }`. @throws TrtDslError (`file`) if it is malformed */
export const readNullOdds = (path: string): Map<string, number> =>
  new Map(
    JsonValue.read(path)
      .entries()
      .map(([id, odds]) => [id, odds.number()]),
  );
