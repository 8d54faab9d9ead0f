import { type BertOutputs, type Encoding, feedsOf, type PretrainedBert } from '@trt-dsl/bert-model';
import type { Engine, Tensors } from '@trt-dsl/dsl';

/** One sentence, embedded. */
export interface Embedded {
  readonly text: string;
  readonly ids: readonly number[];
  /** of unit length */
  readonly embedding: readonly number[];
}

/** Longest sequence, as sentence-transformers configures all-MiniLM-L6-v2; what is beyond is cut off. */
export const longestSequence = 256;

/** An engine of a BERT's `hidden` task. */
export type HiddenEngine = Engine<Tensors, BertOutputs['hidden']>;

/**
 * Sentence embeddings: the mean of the last hidden states over real tokens, scaled to unit length.
 * @param batchSize sentences that run at once, padded to the longest of them
 */
export async function embed(
  model: PretrainedBert,
  engine: HiddenEngine,
  texts: readonly string[],
  batchSize: number,
): Promise<Embedded[]> {
  const embedded: Embedded[] = [];
  const maxLength = Math.min(longestSequence, model.config.maxPositions);
  for (let from = 0; from < texts.length; from += batchSize) {
    const batch = texts.slice(from, from + batchSize);
    const encodings = batch.map((text) => model.tokenizer.encode(text, undefined, { maxLength }));
    const longest = Math.max(...encodings.map(({ ids }) => ids.length));
    const embeddings = await embedBatch(model, engine, encodings, longest);
    for (const [i, text] of batch.entries()) embedded.push({ text, ids: encodings[i]!.ids, embedding: embeddings[i]! });
  }
  return embedded;
}

/**
 * The embeddings of encodings that run together.
 * @param length tokens to which they are padded
 */
export async function embedBatch(
  model: Pick<PretrainedBert, 'tokenizer'>,
  engine: HiddenEngine,
  encodings: readonly Encoding[],
  length: number,
): Promise<number[][]> {
  const feeds = feedsOf(encodings.map((encoding) => model.tokenizer.pad(encoding, length)));
  const { last_hidden_state: hidden } = await engine.run(feeds);
  const width = hidden.shape[2]!;
  return encodings.map(({ ids }, row) => {
    const first = row * length * width;
    const tokens = hidden.data.subarray(first, first + ids.length * width);
    return meanOfUnitLength(tokens, ids.length, width);
  });
}

function meanOfUnitLength(tokens: Float32Array, count: number, width: number): number[] {
  const mean = Array.from({ length: width }, (_, i) => {
    let total = 0;
    for (let token = 0; token < count; token++) total += tokens[token * width + i]!;
    return total / count;
  });
  const length = Math.hypot(...mean) || 1;
  return mean.map((value) => value / length);
}

/** Cosine of every pair. */
export const similarity = (embedded: readonly Embedded[]): number[][] =>
  embedded.map((a) => embedded.map((b) => a.embedding.reduce((total, value, i) => total + value * b.embedding[i]!, 0)));
