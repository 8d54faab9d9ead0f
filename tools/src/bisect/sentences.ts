import { readFileSync } from 'node:fs';
import { type BertFeeds, feedsOf, type Tokenizer } from '@trt-dsl/bert-model';
import {
  type Backend,
  type Engine,
  type Graph,
  type HostTensor,
  messageOf,
  TrtDslError,
  toFloat32,
} from '@trt-dsl/dsl';

/** The lines of a text file that are not empty. @throws TrtDslError 'file' if it cannot be read, is no text, or has none */
export function readLines(path: string): readonly string[] {
  const text = utf8Of(readBytes(path));
  if (text === undefined)
    throw new TrtDslError('file', `${path}: holds binary data; lines of text in UTF-8 are wanted`);
  return linesOf(text, path);
}

/** The lines of a text that are not empty. @param path the file, for errors @throws TrtDslError 'file' if there is none */
export function linesOf(text: string, path: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new TrtDslError('file', `${path}: there is no text in it`);
  return lines;
}

/** A file's bytes. @throws TrtDslError 'file' */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TrtDslError('file', `${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** The text that bytes are in UTF-8; undefined if they are none, or hold a NUL as binary data does. */
export function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * Texts as a BERT's feeds, batch by batch, each padded to its longest text.
 * @param maxLength tokens; what is beyond is cut off
 */
export function textBatches(
  tokenizer: Tokenizer,
  texts: readonly string[],
  batchSize = 16,
  maxLength = 128,
): readonly BertFeeds[] {
  const batches: BertFeeds[] = [];
  for (let from = 0; from < texts.length; from += batchSize) {
    const encoded = texts.slice(from, from + batchSize).map((text) => tokenizer.encode(text, undefined, { maxLength }));
    const longest = Math.max(...encoded.map(({ ids }) => ids.length));
    batches.push(feedsOf(encoded.map((encoding) => tokenizer.pad(encoding, longest))));
  }
  return batches;
}

/**
 * One vector a text, of unit length: the mean over its tokens of an output `[batch, seq, hidden]`, or the output's row
 * where it has no axis for the tokens.
 */
export function embeddingsOf(output: HostTensor, mask: HostTensor): readonly Float64Array[] {
  const values = toFloat32(output.dataType, output.data);
  const [batch, seq] = mask.shape as readonly [number, number];
  const rows = output.shape.length === 3 ? seq : 1;
  const width = values.length / batch / rows;
  return Array.from({ length: batch }, (_, at) => {
    const mean = new Float64Array(width);
    for (let row = 0; row < rows; row++) {
      if (rows > 1 && Number(mask.data[at * seq + row]) === 0) continue;
      for (let k = 0; k < width; k++) mean[k]! += values[(at * rows + row) * width + k]!;
    }
    const length = Math.hypot(...mean);
    return mean.map((value) => value / length);
  });
}

/** The vectors of all texts, see `embeddingsOf`, from the engine's first output. */
export async function embedBatches(engine: Engine, batches: readonly BertFeeds[]): Promise<readonly Float64Array[]> {
  const vectors: Float64Array[] = [];
  const [output] = engine.outputs.keys();
  for (const feeds of batches) vectors.push(...embeddingsOf((await engine.run(feeds))[output!]!, feeds.attention_mask));
  return vectors;
}

/** What a graph makes of texts on a backend, see `embedBatches`. */
export async function embedBy(
  backend: Backend,
  graph: Graph,
  batches: readonly BertFeeds[],
): Promise<readonly Float64Array[]> {
  using engine = await backend.compile(graph);
  return await embedBatches(engine, batches);
}

/** The cosine of each pair of vectors of unit length; NaN and infinities count as −1. */
export const cosines = (a: readonly Float64Array[], b: readonly Float64Array[]): readonly number[] =>
  a.map((vector, i) => {
    const cosine = vector.reduce((total, value, k) => total + value * b[i]![k]!, 0);
    return Number.isFinite(cosine) ? cosine : -1;
  });

/** Mean and smallest of some cosines. */
export const summaryOf = (values: readonly number[]): { readonly mean: number; readonly worst: number } => ({
  mean: values.reduce((a, b) => a + b, 0) / values.length,
  worst: values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
});
