import { TrtDslError } from '@trt-dsl/dsl';

/** How items become batches. */
export interface BatcherOptions<T, R> {
  /** Computes a batch: as many results as items, in their order. What it throws is thrown to each of them. */
  readonly run: (items: readonly T[]) => Promise<readonly R[]>;
  /** items of a batch at most, of each group where groups differ */
  readonly maxBatch: number | ((group: number) => number);
  /** only items of one group share a batch: sequences of one padded length, say; all of them by default */
  readonly groupOf?: (item: T) => number;
  /** batches under way at once; 1 by default */
  readonly lanes?: number;
  /** milliseconds that an item may wait for others while a lane is free; 0 by default: a batch is what came meanwhile */
  readonly maxDelay?: number;
  /** items that may wait; 1024 by default */
  readonly maxQueue?: number;
  /** called after each batch */
  readonly onBatch?: (batch: BatchRecord<T>) => void;
}

/** What one batch took, in milliseconds. */
export interface BatchRecord<T> {
  readonly items: readonly T[];
  readonly group: number;
  /** how long each item waited */
  readonly waited: readonly number[];
  readonly ran: number;
  readonly failed: boolean;
}

/** Thrown where more would wait than may: come back later. */
export class QueueFullError extends TrtDslError {
  constructor(asked: number, waiting: number, most: number) {
    super('backend', `${asked} more would wait behind ${waiting}; ${most} may`);
  }
}

interface Waiting<T, R> {
  readonly item: T;
  readonly since: number;
  readonly resolve: (result: R) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Puts items that come one by one into batches. While all lanes are busy items gather, so that batches grow with the load
 * and an idle service answers at once. The group whose first item has waited longest goes next.
 */
export class Batcher<T, R> {
  readonly #options: Required<BatcherOptions<T, R>>;
  readonly #maxBatch: (group: number) => number;
  readonly #groups = new Map<number, Waiting<T, R>[]>();
  readonly #idle: (() => void)[] = [];
  #running = 0;
  #closed = false;
  #pump: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions<T, R>) {
    this.#options = {
      groupOf: () => 0,
      lanes: 1,
      maxDelay: 0,
      maxQueue: 1024,
      onBatch: () => {},
      ...options,
    };
    const { maxBatch } = options;
    this.#maxBatch = typeof maxBatch === 'number' ? () => maxBatch : maxBatch;
    for (const name of ['maxBatch', 'lanes', 'maxQueue'] as const) {
      const value = this.#options[name];
      if (typeof value === 'number' && !(Number.isSafeInteger(value) && value > 0))
        throw new TrtDslError('argument', `Batcher: ${name} is ${value}; expected a whole number from 1`);
    }
    if (!(this.#options.maxDelay >= 0 && this.#options.maxDelay <= 60_000))
      throw new TrtDslError(
        'argument',
        `Batcher: maxDelay is ${this.#options.maxDelay}; expected milliseconds from 0 to 60000`,
      );
  }

  /** items that wait */
  get waiting(): number {
    let total = 0;
    for (const queue of this.#groups.values()) total += queue.length;
    return total;
  }

  /** batches under way */
  get running(): number {
    return this.#running;
  }

  /**
   * The results of items, all of which are taken or none.
   * @param signal takes back those that are not under way yet
   * @throws QueueFullError; TrtDslError 'closed'; the signal's reason; what `run` threw
   */
  async addAll(items: readonly T[], { signal }: { readonly signal?: AbortSignal } = {}): Promise<R[]> {
    if (this.#closed) throw new TrtDslError('closed', 'no more is taken: it is closing');
    signal?.throwIfAborted();
    const { maxQueue, groupOf } = this.#options;
    const { waiting } = this;
    if (waiting + items.length > maxQueue) throw new QueueFullError(items.length, waiting, maxQueue);
    const groups = items.map(groupOf);
    const added = new Set<Waiting<T, R>>();
    const results = items.map(
      (item, i) =>
        new Promise<R>((resolve, reject) => {
          const one = { item, since: performance.now(), resolve, reject };
          added.add(one);
          const group = this.#groups.get(groups[i]!);
          if (group) group.push(one);
          else this.#groups.set(groups[i]!, [one]);
        }),
    );
    this.#schedule();
    const onAbort = (): void => this.#takeBack(added, signal!.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.all(results);
    } catch (error) {
      this.#takeBack(added, error); // the others of these items: nobody waits for them any more
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      for (const result of results) result.catch(() => {});
    }
  }

  /** The result of one item; see `addAll`. */
  async add(item: T, options?: { readonly signal?: AbortSignal }): Promise<R> {
    return (await this.addAll([item], options))[0]!;
  }

  /** Takes no more, and resolves once all that was taken is done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#schedule();
    if (!this.#isIdle) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  get #isIdle(): boolean {
    return this.#groups.size === 0 && this.#running === 0;
  }

  /** Looks for a batch once everything that has arrived by now was added. */
  #schedule(): void {
    this.#pump ??= setImmediate(() => {
      this.#pump = undefined;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    clearTimeout(this.#timer);
    while (this.#running < this.#options.lanes && this.#groups.size > 0) {
      const ready = this.#longestWaiting();
      if (ready === undefined) return;
      void this.#run(ready);
    }
    if (this.#isIdle) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The group to go next; undefined if none is full and none has waited long enough, which a timer then ends. */
  #longestWaiting(): number | undefined {
    const { maxDelay } = this.#options;
    const now = performance.now();
    let [best, oldest, due] = [undefined as number | undefined, Infinity, Infinity];
    for (const [group, [first, ...others]] of this.#groups) {
      const { since } = first!;
      const ready = this.#closed || others.length + 1 >= this.#maxBatch(group) || now - since >= maxDelay;
      if (ready && since < oldest) [best, oldest] = [group, since];
      due = Math.min(due, since + maxDelay);
    }
    if (best === undefined) this.#timer = setTimeout(() => this.#dispatch(), Math.ceil(due - now));
    return best;
  }

  async #run(group: number): Promise<void> {
    const { run, onBatch } = this.#options;
    const batch = this.#take(group, this.#maxBatch(group));
    const items = batch.map(({ item }) => item);
    const begun = performance.now();
    this.#running += 1;
    let failed = false;
    try {
      const results = await run(items);
      if (results.length !== batch.length)
        throw new TrtDslError('backend', `${results.length} results of a batch of ${batch.length}`);
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]!);
    } catch (error) {
      failed = true;
      for (const { reject } of batch) reject(error);
    }
    this.#running -= 1;
    const waited = batch.map(({ since }) => begun - since);
    const ran = performance.now() - begun;
    this.#dispatch();
    onBatch({ items, group, waited, ran, failed });
  }

  #take(group: number, most: number): Waiting<T, R>[] {
    const queue = this.#groups.get(group)!;
    const batch = queue.splice(0, most);
    if (queue.length === 0) this.#groups.delete(group);
    return batch;
  }

  #takeBack(items: ReadonlySet<Waiting<T, R>>, reason: unknown): void {
    for (const [group, queue] of this.#groups) {
      const [gone, kept] = [queue.filter((one) => items.has(one)), queue.filter((one) => !items.has(one))];
      if (gone.length === 0) continue;
      if (kept.length === 0) this.#groups.delete(group);
      else this.#groups.set(group, kept);
      for (const { reject } of gone) reject(reason);
    }
    this.#schedule(); // it may be idle now
  }
}
