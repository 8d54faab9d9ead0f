import { type BertFeeds, readSquad, type SquadDataset, squadFeatures, type Tokenizer } from '@trt-dsl/bert-model';
import { type HostTensor, TrtDslError } from '@trt-dsl/dsl';
import type { Sizes } from './profiles.ts';

/** A small, fast, seeded generator (mulberry32), 0 ≤ x < 1. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Random ids: a question in the first third of a row, a passage in the rest.
 * @param padded rows end in padding, of another length each, but for the first; otherwise no row has any
 */
export function randomFeeds({ batch, seq }: Sizes, vocabSize: number, seed: number, padded = false): BertFeeds {
  const next = seeded(seed);
  const tensor = (value: (row: number, i: number) => number): HostTensor<'int32'> => ({
    dataType: 'int32',
    shape: [batch, seq],
    data: Int32Array.from({ length: batch * seq }, (_, i) => value(Math.floor(i / seq), i % seq)),
  });
  const lengths = Array.from({ length: batch }, (_, row) =>
    padded && row > 0 ? Math.max(1, Math.ceil(seq * (0.25 + 0.75 * next()))) : seq,
  );
  return {
    input_ids: tensor((row, i) => (i < lengths[row]! ? Math.floor(next() * vocabSize) : 0)),
    token_type_ids: tensor((row, i) => (i >= seq / 3 && i < lengths[row]! ? 1 : 0)),
    attention_mask: tensor((row, i) => (i < lengths[row]! ? 1 : 0)),
  };
}

/** What a network reads in one row of a batch: tokens, and 0 or 1 for the text that each is of. */
export interface Row {
  readonly ids: readonly number[];
  readonly typeIds: readonly number[];
}

/** Rows as feeds, padded to a length. */
export function paddedFeeds(rows: readonly Row[], seq: number): BertFeeds {
  const tensor = (of: (row: Row) => readonly number[]): HostTensor<'int32'> => {
    const data = new Int32Array(rows.length * seq);
    for (const [i, row] of rows.entries()) data.set(of(row), i * seq);
    return { dataType: 'int32', shape: [rows.length, seq], data };
  };
  return {
    input_ids: tensor(({ ids }) => ids),
    token_type_ids: tensor(({ typeIds }) => typeIds),
    attention_mask: tensor(({ ids }) => ids.map(() => 1)),
  };
}

/**
 * The first windows of a SQuAD file: each question with as much of its passage as goes into a sequence.
 * @throws TrtDslError 'file' or 'argument'
 */
export function squadWindows(
  { examples, source }: SquadDataset,
  tokenizer: Tokenizer,
  seq: number,
  count: number,
): readonly Row[] {
  const windows: Row[] = [];
  for (const example of examples) {
    const features = squadFeatures(example, tokenizer, { maxSequenceLength: seq });
    windows.push(...features.map(({ encoding }) => encoding));
    if (windows.length >= count) break;
  }
  if (windows.length === 0) throw new TrtDslError('file', `${source}: holds no question`);
  return windows.slice(0, count);
}

/** A batch of windows of a SQuAD file, from the beginning again where the file has too few; see `squadWindows`. */
export function squadFeeds(path: string, tokenizer: Tokenizer, { batch, seq }: Sizes): BertFeeds {
  const windows = squadWindows(readSquad(path), tokenizer, seq, batch);
  return paddedFeeds(
    Array.from({ length: batch }, (_, i) => windows[i % windows.length]!),
    seq,
  );
}
