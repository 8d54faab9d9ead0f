import cluster from 'node:cluster';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BatchRecord } from './batcher.ts';

/** From a tenth of a millisecond to ten seconds. */
const seconds = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

/** What a service counts, in Prometheus' text format. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests = new Counter({
    name: 'embeddings_requests_total',
    help: 'Requests answered, by status',
    labelNames: ['status'],
    registers: [this.registry],
  });
  readonly #waits = this.#histogram('embeddings_wait_seconds', 'How long a text waited for its batch', seconds);
  readonly #runs = this.#histogram('embeddings_batch_seconds', 'How long a batch ran', seconds);
  readonly #sizes = this.#histogram('embeddings_batch_size', 'Texts in a batch', [1, 2, 4, 8, 16, 32, 64, 128]);
  readonly #tokens = new Counter({
    name: 'embeddings_tokens_total',
    help: 'Tokens that were computed, real ones and padding',
    labelNames: ['kind'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    if (cluster.isWorker) {
      AggregatorRegistry.setRegistries(this.registry);
      new AggregatorRegistry(); // answers the first process when it sums
    }
  }

  /** Shows how much waits and runs, whenever metrics are asked for. */
  watch(batcher: { readonly waiting: number; readonly running: number }): void {
    const gauge = (name: string, help: string, value: () => number): void =>
      void new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(value());
        },
      });
    gauge('embeddings_waiting', 'Texts that wait', () => batcher.waiting);
    gauge('embeddings_running', 'Batches under way', () => batcher.running);
  }

  request(status: number): void {
    this.#requests.inc({ status });
  }

  /** Counts a batch of sequences that were padded to the length that is its group. */
  batch({ items, group, waited, ran }: BatchRecord<{ readonly ids: readonly number[] }>): void {
    const real = items.reduce((total, { ids }) => total + ids.length, 0);
    for (const wait of waited) this.#waits.observe(wait / 1000);
    this.#runs.observe(ran / 1000);
    this.#sizes.observe(waited.length);
    this.#tokens.inc({ kind: 'real' }, real);
    this.#tokens.inc({ kind: 'padding' }, group * waited.length - real);
  }

  /** Texts of all batches so far. */
  async texts(): Promise<number> {
    const { values } = await this.#sizes.get();
    return values.find(({ metricName }) => metricName?.endsWith('_sum'))?.value ?? 0;
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.registry] });
  }
}
