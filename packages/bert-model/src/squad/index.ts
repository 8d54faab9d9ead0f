export { type Answer, type AnswerOptions, type Prediction, type SpanLogits, squadAnswers } from './answers.ts';
export { type GoldAnswer, parseSquad, readSquad, type SquadDataset, type SquadExample } from './dataset.ts';
export {
  evaluateV1,
  evaluateV2,
  exactMatch,
  f1Score,
  type NullOddsOptions,
  type ScoresV1,
  type ScoresV2,
} from './evaluate.ts';
export { type Feature, type FeatureOptions, squadFeatures } from './features.ts';
export { answerWords, normalizeAnswer } from './normalize-answer.ts';
export {
  type PredictionPaths,
  type Predictions,
  readNullOdds,
  readPredictions,
  writePredictions,
} from './predictions.ts';
