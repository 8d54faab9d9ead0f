import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModuleOptions, openBert } from '@trt-dsl/bert-model';
import { type Engine, type FloatType, TrtDslError } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../support/python.ts';
import { seed } from '../support/seed.ts';
import { Random } from './generate/random.ts';

const count = 12;
const script = fileURLToPath(new URL('../support/pytorch/bert.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'random-bert-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Token ids, token types and mask, `[batch][seq]`. */
interface Batch {
  readonly ids: readonly (readonly number[])[];
  readonly types: readonly (readonly number[])[];
  readonly mask: readonly (readonly number[])[];
}

const configOf = (random: Random): Record<string, number | string> => {
  const heads = random.int(1, 4);
  return {
    vocab_size: random.int(20, 90),
    hidden_size: heads * random.pick([4, 8, 12]),
    num_hidden_layers: random.int(1, 4),
    num_attention_heads: heads,
    intermediate_size: random.int(8, 70),
    hidden_act: random.pick(['gelu', 'gelu_new', 'relu']),
    max_position_embeddings: random.int(16, 40),
    type_vocab_size: random.int(1, 3),
    layer_norm_eps: random.pick([1e-12, 1e-5, 1e-2]),
  };
};

/** Random sentences; the mask hides the ends of some, and words in the middle of others, but never all. */
function batchOf(random: Random, config: Record<string, number | string>, batch: number, seq: number): Batch {
  const rows = <T>(make: () => T[]): T[][] => Array.from({ length: batch }, make);
  const row = (most: number): number[] => Array.from({ length: seq }, () => random.int(0, most - 1));
  return {
    ids: rows(() => row(Number(config['vocab_size']))),
    types: rows(() => row(Number(config['type_vocab_size']))),
    mask: rows(() => {
      const length = random.int(1, seq);
      const holes = random.chance(0.3);
      return Array.from({ length: seq }, (_, i) => (i === 0 || (i < length && !(holes && random.chance(0.3))) ? 1 : 0));
    }),
  };
}

const models = Array.from({ length: count }, (_, i) => {
  const random = new Random(seed).fork(`bert ${i}`);
  const config = configOf(random);
  const longest = Number(config['max_position_embeddings']);
  const sizes = [1, random.int(2, 4), random.int(2, 5)];
  const batches = sizes.map((batch, k) => batchOf(random, config, batch, k === 0 ? longest : random.int(1, longest)));
  return { folder: join(folder, String(i)), seed: seed + i, config, batches };
});

let expected: readonly (readonly { readonly hidden: number[][][]; readonly pooled: number[][] }[])[];
beforeAll(async () => {
  const python = await findPython(['torch', 'transformers', 'safetensors']);
  const input = JSON.stringify({ models });
  expected = JSON.parse(execFileSync(python, [script], { input, encoding: 'utf8', maxBuffer: 2 ** 28 }));
});

type Options = { readonly dataType?: FloatType } & Pick<ModuleOptions, 'mergeQkv' | 'sequenceFirst'>;
const engines = new Map<string, Promise<Engine>>();

/** The engine of a model, compiled once for each way to build it. */
function engineOf(model: number, { dataType = 'float32', ...options }: Options = {}): Promise<Engine> {
  const key = `${model} ${dataType} ${JSON.stringify(options)}`;
  const known = engines.get(key);
  if (known) return known;
  using opened = openBert(models[model]!.folder);
  const made = onnxBackend({ threads: 1 }).compile(opened.graph(dataType, { task: 'pooled', ...options }));
  engines.set(key, made);
  return made;
}

/** `last_hidden_state` `[batch · seq · hidden]` and `pooler_output` `[batch · hidden]`. */
async function run(
  model: number,
  { ids, types, mask }: Batch,
  options: Options = {},
): Promise<[Float32Array, Float32Array]> {
  const engine = await engineOf(model, options);
  const shape = [ids.length, ids[0]!.length];
  const feed = (rows: Batch['ids']): { data: Int32Array; shape: number[] } => ({
    data: Int32Array.from(rows.flat()),
    shape,
  });
  const results = await engine.run({ input_ids: feed(ids), token_type_ids: feed(types), attention_mask: feed(mask) });
  return [results['last_hidden_state']!.data as Float32Array, results['pooler_output']!.data as Float32Array];
}

/** The largest difference, as a part of the largest value. */
function distance(actual: ArrayLike<number>, due: ArrayLike<number>): number {
  if (actual.length !== due.length) throw new TrtDslError('shape', `${actual.length} values, not ${due.length}`);
  let [most, size] = [0, 0];
  for (let i = 0; i < due.length; i++) {
    most = Math.max(most, Math.abs(actual[i]! - due[i]!));
    size = Math.max(size, Math.abs(due[i]!));
  }
  return most / size;
}

const chosen = fc.record({ model: fc.nat(count - 1), batch: fc.integer({ min: 1, max: 4 }), draw: fc.nat() });
const settings = { numRuns: 40 };

describe(`random BERTs (seed ${seed})`, () => {
  it.each(models.map(({ config }, i) => [i, JSON.stringify(config)] as const))(
    'number %i equals Hugging Face in float32: %s',
    async (i) => {
      for (const [k, batch] of models[i]!.batches.entries()) {
        const due = expected[i]![k]!;
        const [hidden, pooled] = await run(i, batch);
        expect(distance(hidden, due.hidden.flat(2))).toBeLessThan(2e-5);
        expect(distance(pooled, due.pooled.flat())).toBeLessThan(2e-5);
      }
    },
  );

  it.each(['float16', 'bfloat16'] as const)('in %s they are off by a few roundings a layer', async (dataType) => {
    const unit = dataType === 'float16' ? 2 ** -11 : 2 ** -8;
    for (const [i, { batches, config }] of models.entries()) {
      const [hidden] = await run(i, batches[1]!, { dataType });
      const off = distance(hidden, expected[i]![1]!.hidden.flat(2));
      expect(off).toBeLessThan(8 * unit * Number(config['num_hidden_layers']));
      expect(off).toBeGreaterThan(0);
    }
  });

  it('give real tokens the same answer however much padding follows, and whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(chosen, async ({ model, batch: rows, draw }) => {
        const random = new Random(draw);
        const { config } = models[model]!;
        const longest = Number(config['max_position_embeddings']);
        const seq = random.int(1, longest - 1);
        const padding = random.int(1, longest - seq);
        const short = batchOf(random, config, rows, seq);
        const junk = batchOf(random, config, rows, padding);
        const join = (a: Batch['ids'], b: Batch['ids']): number[][] => a.map((row, i) => [...row, ...b[i]!]);
        const long: Batch = {
          ids: join(short.ids, junk.ids),
          types: join(short.types, junk.types),
          mask: join(
            short.mask,
            junk.mask.map((row) => row.map(() => 0)),
          ),
        };
        const [alone, alonePooled] = await run(model, short);
        const [padded, paddedPooled] = await run(model, long);
        const hidden = Number(config['hidden_size']);
        const kept = short.ids.flatMap((_, i) => [
          ...padded.subarray(i * (seq + padding) * hidden, (i * (seq + padding) + seq) * hidden),
        ]);
        expect(distance(kept, alone)).toBeLessThan(2e-6);
        expect(distance(paddedPooled, alonePooled)).toBeLessThan(2e-6);
      }),
      settings,
    );
  });

  it('answer each sentence the same wherever it stands in the batch', async () => {
    await fc.assert(
      fc.asyncProperty(chosen, async ({ model, batch: rows, draw }) => {
        const random = new Random(draw);
        const { config } = models[model]!;
        const batch = batchOf(random, config, rows + 1, random.int(1, Number(config['max_position_embeddings'])));
        const order = random.shuffled(batch.ids.map((_, i) => i));
        const moved = <T>(list: readonly T[]): T[] => order.map((i) => list[i]!);
        const shuffled = { ids: moved(batch.ids), types: moved(batch.types), mask: moved(batch.mask) };
        const [straight] = await run(model, batch);
        const [crossed] = await run(model, shuffled);
        const width = straight.length / order.length;
        const due = order.flatMap((i) => [...straight.subarray(i * width, (i + 1) * width)]);
        expect(distance(crossed, due)).toBeLessThan(2e-6);
      }),
      settings,
    );
  });

  it('compute the same with query, key and value in one product or three', async () => {
    await fc.assert(
      fc.asyncProperty(chosen, async ({ model, batch: rows, draw }) => {
        const random = new Random(draw);
        const { config } = models[model]!;
        const batch = batchOf(random, config, rows, random.int(1, Number(config['max_position_embeddings'])));
        const [separate] = await run(model, batch);
        const [merged] = await run(model, batch, { mergeQkv: true });
        expect(distance(merged, separate)).toBeLessThan(2e-6);
      }),
      settings,
    );
  });

  it('compute the same with the batch in front or the sequence', async () => {
    await fc.assert(
      fc.asyncProperty(chosen, fc.boolean(), async ({ model, batch: rows, draw }, mergeQkv) => {
        const random = new Random(draw);
        const { config } = models[model]!;
        const batch = batchOf(random, config, rows, random.int(1, Number(config['max_position_embeddings'])));
        const due = await run(model, batch, { mergeQkv });
        const actual = await run(model, batch, { mergeQkv, sequenceFirst: true });
        for (const [i, values] of due.entries()) expect(distance(actual[i]!, values)).toBeLessThan(2e-6);
      }),
      settings,
    );
  });
});
