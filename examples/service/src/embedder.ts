import type { Encoding, PretrainedBert } from '@trt-dsl/bert-model';
import { embedBatch, type HiddenEngine } from '@trt-dsl/example-sentence-similarity';
import { Batcher, type BatcherOptions } from './batcher.ts';

/** How texts become batches. */
export type EmbedderOptions = Omit<BatcherOptions<Encoding, number[]>, 'run' | 'groupOf' | 'maxBatch'> & {
  /** tokens of a text at most; what is beyond is cut off */
  readonly maxLength: number;
  /** texts of a batch at most */
  readonly maxBatch: number;
  /** tokens of a batch at most, padding included, unless one text has more: a batch of long texts keeps all others waiting */
  readonly maxTokens: number;
};

/** The embeddings of some texts, and how many tokens they had. */
export interface Embeddings {
  readonly embeddings: readonly (readonly number[])[];
  readonly tokens: number;
}

/** Embeds texts that come one by one in batches. */
export class Embedder {
  readonly #tokenizer: PretrainedBert['tokenizer'];
  readonly #batcher: Batcher<Encoding, number[]>;
  readonly #maxLength: number;

  constructor(model: PretrainedBert, engine: HiddenEngine, { maxLength, maxTokens, ...options }: EmbedderOptions) {
    this.#tokenizer = model.tokenizer;
    this.#maxLength = maxLength;
    const groupOf = ({ ids }: Encoding): number => paddedLength(ids.length, maxLength);
    const run = (items: readonly Encoding[]): Promise<number[][]> =>
      embedBatch(model, engine, items, groupOf(items[0]!));
    const maxBatch = (length: number): number =>
      Math.max(1, Math.min(options.maxBatch, Math.floor(maxTokens / length)));
    this.#batcher = new Batcher({ ...options, maxBatch, run, groupOf });
  }

  get waiting(): number {
    return this.#batcher.waiting;
  }

  get running(): number {
    return this.#batcher.running;
  }

  /** Embeddings of unit length, in the texts' order. @throws as `Batcher.addAll` */
  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Embeddings> {
    const encodings = texts.map((text) => this.#tokenizer.encode(text, undefined, { maxLength: this.#maxLength }));
    const embeddings = await this.#batcher.addAll(encodings, signal ? { signal } : {});
    return { embeddings, tokens: encodings.reduce((total, { ids }) => total + ids.length, 0) };
  }

  /** Takes no more texts, and resolves once those taken are done. */
  close(): Promise<void> {
    return this.#batcher.close();
  }
}

/** The shortest padded length, and the smallest profile of an engine. */
export const shortestLength = 16;

/** The power of two, from 16, to which a sequence is padded: few shapes, and less than half of a batch is padding. */
export const paddedLength = (tokens: number, most: number): number =>
  Math.min(most, Math.max(shortestLength, 2 ** Math.ceil(Math.log2(tokens))));
