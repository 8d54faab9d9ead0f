import type { Embeddings } from './embedder.ts';
import { HttpError } from './read-json.ts';

/** How embeddings are written: numbers, or the bytes of float32 in base64. */
const formats = ['float', 'base64'] as const;
type Format = (typeof formats)[number];

/** What is asked of `/v1/embeddings`. */
export interface EmbeddingRequest {
  readonly texts: readonly string[];
  readonly format: Format;
}

/** What a request may ask. */
export interface RequestLimits {
  readonly maxTexts: number;
  /** numbers of an embedding */
  readonly width: number;
}

/** Reads a request as OpenAI's clients write it. @throws HttpError 400 that says what is wrong, 413 for too many texts */
export function readRequest(json: unknown, { maxTexts, width }: RequestLimits): EmbeddingRequest {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new HttpError(400, 'expected { "input": a text or a list of texts }');
  const { input, encoding_format: format = 'float', dimensions = width } = json as Record<string, unknown>;
  const texts = typeof input === 'string' ? [input] : input;
  if (!Array.isArray(texts) || texts.length === 0)
    throw new HttpError(400, '"input" is no text, and no list with at least one');
  const wrong = texts.findIndex((text) => typeof text !== 'string');
  if (wrong >= 0) throw new HttpError(400, `"input"[${wrong}] is no text`);
  if (texts.length > maxTexts)
    throw new HttpError(413, `"input" has ${texts.length} texts; ${maxTexts} may be asked at once`);
  if (!formats.includes(format as Format))
    throw new HttpError(400, `"encoding_format" is ${JSON.stringify(format)}; expected ${formats.join(' or ')}`);
  if (dimensions !== width)
    throw new HttpError(400, `"dimensions" is ${JSON.stringify(dimensions)}; this model has ${width}`);
  return { texts: texts as string[], format: format as Format };
}

/** The answer, as OpenAI's clients read it. */
export const embeddingList = ({ embeddings, tokens }: Embeddings, format: Format, model: string) => ({
  object: 'list',
  data: embeddings.map((embedding, index) => ({
    object: 'embedding',
    index,
    embedding: format === 'float' ? embedding : Buffer.from(Float32Array.from(embedding).buffer).toString('base64'),
  })),
  model,
  usage: { prompt_tokens: tokens, total_tokens: tokens },
});
