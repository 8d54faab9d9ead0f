import { setImmediate } from 'node:timers/promises';
import { type Feature, feedsOf, type SpanLogits, type Tokenizer } from '@trt-dsl/bert-model';
import type { Engine } from '@trt-dsl/dsl';
import { type BertProfile, fit } from './profiles.ts';

/** An engine as something that scores windows. */
export interface SpanScorer {
  readonly engine: Engine;
  readonly profiles: readonly BertProfile[];
  readonly tokenizer: Tokenizer;
  /** windows that run at once, at most */
  readonly batchSize: number;
}

/**
 * Start and end logits of every window, in batches padded to what the engine takes.
 * @param onBatch told how many windows are done
 * @param signal ends it between batches
 */
export async function scoreWindows(
  { engine, profiles, tokenizer, batchSize }: SpanScorer,
  windows: readonly Feature[],
  onBatch: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<SpanLogits[]> {
  const logits: SpanLogits[] = [];
  for (let from = 0; from < windows.length; from += batchSize) {
    signal?.throwIfAborted();
    const encodings = windows.slice(from, from + batchSize).map(({ encoding }) => encoding);
    const longest = Math.max(...encodings.map(({ ids }) => ids.length));
    const { batch, seq } = fit(profiles, { batch: encodings.length, seq: longest });
    const padded = Array.from({ length: batch }, (_, i) => tokenizer.pad(encodings[i] ?? encodings[0]!, seq));
    const { start_logits: start, end_logits: end } = await engine.run(feedsOf(padded));
    const row = (data: unknown, i: number): Float32Array => (data as Float32Array).subarray(i * seq, (i + 1) * seq);
    encodings.forEach((_, i) => {
      logits.push({ start: row(start!.data, i), end: row(end!.data, i) });
    });
    onBatch(Math.min(from + batchSize, windows.length));
    await setImmediate(); // the event loop turns, so that an interruption is heard
  }
  return logits;
}
