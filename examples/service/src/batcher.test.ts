import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Batcher, type BatchRecord } from './batcher.ts';

/** Batches that end when they are told to. */
function held<T>() {
  const batches: { readonly items: readonly T[]; readonly end: (error?: Error) => void }[] = [];
  const run = (items: readonly T[]): Promise<readonly T[]> =>
    new Promise((resolve, reject) => batches.push({ items, end: (error) => (error ? reject(error) : resolve(items)) }));
  return { batches, run };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Batcher', () => {
  it('gives each its own result, in batches of one group and no more than may be', async () => {
    const work = fc.record({
      items: fc.array(fc.record({ value: fc.nat(), group: fc.nat(3), pause: fc.boolean() }), { maxLength: 60 }),
      maxBatch: fc.integer({ min: 1, max: 5 }),
      lanes: fc.integer({ min: 1, max: 3 }),
      maxDelay: fc.constantFrom(0, 1),
    });
    await fc.assert(
      fc.asyncProperty(work, async ({ items, ...options }) => {
        let [running, most] = [0, 0];
        const sizes: number[] = [];
        const records: BatchRecord<unknown>[] = [];
        const batcher = new Batcher<(typeof items)[number], number>({
          ...options,
          groupOf: ({ group }) => group,
          onBatch: (batch) => records.push(batch),
          run: async (batch) => {
            most = Math.max(most, ++running);
            sizes.push(batch.length);
            expect(new Set(batch.map(({ group }) => group)).size).toBe(1);
            await turn();
            running -= 1;
            return batch.map(({ value }) => value + 1);
          },
        });
        const results: Promise<number>[] = [];
        for (const item of items) {
          results.push(batcher.add(item));
          if (item.pause) await turn();
        }
        expect(await Promise.all(results)).toEqual(items.map(({ value }) => value + 1));
        await batcher.close();
        expect([batcher.waiting, batcher.running]).toEqual([0, 0]);
        expect(most).toBeLessThanOrEqual(options.lanes);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(options.maxBatch);
        expect(records.flatMap(({ waited }) => waited)).toHaveLength(items.length);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('runs what is there while a lane is free, and gathers while none is', async () => {
    const { batches, run } = held<number>();
    const batcher = new Batcher({ run, maxBatch: 4 });
    const first = batcher.add(0);
    await turn();
    const others = [1, 2, 3, 4, 5].map((i) => batcher.add(i));
    await turn();
    expect(batches.map(({ items }) => items)).toEqual([[0]]);
    batches[0]!.end();
    expect(await first).toBe(0);
    expect(batches[1]!.items).toEqual([1, 2, 3, 4]);
    batches[1]!.end();
    await Promise.all(others.slice(0, 4));
    batches[2]!.end();
    expect(await others[4]).toBe(5);
  });

  it('waits for others as long as it may', async () => {
    const { batches, run } = held<number>();
    const batcher = new Batcher({ run, maxBatch: 3, maxDelay: 60_000 });
    const all = [0, 1].map((i) => batcher.add(i));
    await turn();
    expect(batches).toHaveLength(0);
    all.push(batcher.add(2));
    await turn();
    expect(batches.map(({ items }) => items)).toEqual([[0, 1, 2]]);
    batches[0]!.end();
    await Promise.all(all);

    const soon = new Batcher({ run: async (items: readonly number[]) => items, maxBatch: 3, maxDelay: 5 });
    expect(await soon.add(7)).toBe(7);
  });

  it('does what waits before it closes, and takes no more', async () => {
    const batcher = new Batcher({ run: async (items: readonly number[]) => items, maxBatch: 2, maxDelay: 60_000 });
    const all = Promise.all([1, 2, 3].map((i) => batcher.add(i)));
    await batcher.close();
    expect(await all).toEqual([1, 2, 3]);
    await expect(batcher.add(4)).rejects.toMatchObject({ code: 'closed' });
    await batcher.close();
  });

  it('takes all of a request or none', async () => {
    const { batches, run } = held<number>();
    const batcher = new Batcher({ run, maxBatch: 2, maxQueue: 3 });
    const first = batcher.addAll([1, 2]);
    await expect(batcher.addAll([3, 4])).rejects.toThrow('2 more would wait behind 2; 3 may');
    await turn();
    const second = batcher.addAll([3, 4]);
    batches[0]!.end();
    expect(await first).toEqual([1, 2]);
    batches[1]!.end();
    expect(await second).toEqual([3, 4]);
  });

  it('forgets what was taken back before it ran', async () => {
    const { batches, run } = held<number>();
    const batcher = new Batcher({ run, maxBatch: 8 });
    const first = batcher.add(1);
    await turn();
    const controller = new AbortController();
    const given = batcher.addAll([2, 3], { signal: controller.signal });
    const kept = batcher.add(4);
    controller.abort(new Error('gone'));
    await expect(given).rejects.toThrow('gone');
    await expect(batcher.add(5, { signal: controller.signal })).rejects.toThrow('gone');
    expect(batcher.waiting).toBe(1);
    batches[0]!.end();
    await first;
    expect(batches[1]!.items).toEqual([4]);
    batches[1]!.end();
    expect(await kept).toBe(4);

    const alone = new Batcher({ run, maxBatch: 8, maxDelay: 60_000 });
    const other = new AbortController();
    const waiting = alone.add(6, { signal: other.signal });
    const closed = alone.close();
    other.abort(new Error('gone too'));
    await expect(waiting).rejects.toThrow('gone too');
    await closed;
  });

  it('throws to those of a batch that fails, and goes on', async () => {
    const { batches, run } = held<number>();
    const records: BatchRecord<unknown>[] = [];
    const batcher = new Batcher({ run, maxBatch: 2, onBatch: (batch) => records.push(batch) });
    const failing = batcher.addAll([1, 2, 3]);
    await turn();
    batches[0]!.end(new Error('no memory'));
    await expect(failing).rejects.toThrow('no memory');
    const next = batcher.add(4);
    expect(batches[1]!.items).toEqual([3]);
    batches[1]!.end();
    await vi.waitUntil(() => batches.length === 3, { timeout: 60_000 });
    batches[2]!.end();
    expect(await next).toBe(4);
    expect(records.map(({ failed }) => failed)).toEqual([true, false, false]);

    const short = new Batcher({ run: async () => [], maxBatch: 2 });
    await expect(short.add(1)).rejects.toThrow('0 results of a batch of 1');
  });

  it.each([
    [{ maxBatch: 0 }, 'maxBatch is 0'],
    [{ maxBatch: 1.5 }, 'maxBatch is 1.5'],
    [{ maxBatch: 1, lanes: -1 }, 'lanes is -1'],
    [{ maxBatch: 1, maxQueue: Number.NaN }, 'maxQueue is NaN'],
    [{ maxBatch: 1, maxDelay: -1 }, 'maxDelay is -1'],
  ])('refuses %j', (options, message) => {
    expect(() => new Batcher({ run: async () => [], ...options })).toThrow(message);
  });
});
