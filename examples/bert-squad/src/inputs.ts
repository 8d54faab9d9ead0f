import { type BertFeeds, type Feature, feedsOf, readSquad, squadFeatures, type Tokenizer } from '@trt-dsl/bert-model';
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

/**
 * Windows of a SQuAD file, padded to the sequence length; from the beginning again where the file has too few.
 * @throws TrtDslError 'file' or 'argument'
 */
export function squadFeeds(path: string, tokenizer: Tokenizer, { batch, seq }: Sizes): BertFeeds {
  const { examples } = readSquad(path);
  const windows: Feature[] = [];
  for (const example of examples) {
    windows.push(...squadFeatures(example, tokenizer, { maxSequenceLength: seq }));
    if (windows.length >= batch) break;
  }
  if (windows.length === 0) throw new TrtDslError('file', `${path}: holds no question`);
  return feedsOf(Array.from({ length: batch }, (_, i) => tokenizer.pad(windows[i % windows.length]!.encoding, seq)));
}
