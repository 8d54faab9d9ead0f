export type { AddedToken } from './added-tokens.ts';
export { type EncodedBatch, type Encoding, type Span, stack, type TokenList, type TokenRange } from './encoding.ts';
export type { NormalizerOptions, NormalizerSteps } from './normalizer.ts';
export { hasTokenizer, readTokenizer } from './settings.ts';
export { type EncodeBatchOptions, type EncodeOptions, Tokenizer, type TokenizerOptions } from './tokenizer.ts';
export type { TruncationStrategy } from './truncation.ts';
export {
  BERT_SPECIAL_TOKENS,
  parseVocabulary,
  readVocabulary,
  type SpecialTokenNames,
  Vocabulary,
} from './vocabulary.ts';
export type { WordPieceOptions } from './word-piece.ts';
