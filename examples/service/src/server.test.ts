import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { openBert, type PretrainedBert } from '@trt-dsl/bert-model';
import { embed, type HiddenEngine } from '@trt-dsl/example-sentence-similarity';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { fetchMiniLM } from '@trt-dsl/tools';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Embedder, paddedLength } from './embedder.ts';
import { Metrics } from './metrics.ts';
import { EmbeddingServer } from './server.ts';

/** For a machine that has other things to do. */
const patient = { timeout: 60_000 };
let model: PretrainedBert;
let engine: HiddenEngine;
beforeAll(async () => {
  model = openBert(await fetchMiniLM());
  engine = await onnxBackend().compile(model.graph('float32'));
});
afterAll(() => {
  engine?.close();
  model?.close();
});

/** A server on a port of its own until the test ends. */
async function serve({ engine: other = engine, maxQueue = 64 } = {}) {
  const metrics = new Metrics();
  const sizes: { readonly count: number; readonly length: number }[] = [];
  const embedder = new Embedder(model, other, {
    maxLength: 64,
    maxBatch: 4,
    maxTokens: 128,
    maxQueue,
    onBatch: (batch) => {
      metrics.batch(batch);
      sizes.push({ count: batch.items.length, length: batch.group });
    },
  });
  metrics.watch(embedder);
  const errors: string[] = [];
  const onError = (message: string): void => void errors.push(message);
  const server = new EmbeddingServer({ embedder, metrics, name: 'minilm', maxTexts: maxQueue, width: 384, onError });
  server.http.listen(0, '127.0.0.1');
  await once(server.http, 'listening');
  onTestFinished(() => server.close());
  const { port } = server.http.address() as AddressInfo;
  const at = (path: string, init?: RequestInit): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init);
  const ask = (body: unknown): Promise<Response> =>
    at('/v1/embeddings', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
  return { server, embedder, errors, sizes, port, at, ask };
}

/** An engine that runs when it is told to. */
function held() {
  const gates: (() => void)[] = [];
  const run: HiddenEngine['run'] = async (feeds) => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return engine.run(feeds);
  };
  return { gates, engine: { run } as HiddenEngine };
}

interface List {
  readonly data: { readonly index: number; readonly embedding: number[] | string }[];
  readonly usage: { readonly prompt_tokens: number };
}

/** What a request that is refused is told. */
async function errorOf(response: Response): Promise<{ readonly message: string; readonly type: string }> {
  const { error } = (await response.json()) as { readonly error: { readonly message: string; readonly type: string } };
  return error;
}

describe('POST /v1/embeddings', () => {
  it('answers many at once with what each text has alone', async () => {
    const { ask, at, sizes } = await serve();
    const texts = Array.from({ length: 24 }, (_, i) => `${'a cat '.repeat(1 + ((i * 7) % 30))}number ${i}`);
    const due = await embed(model, engine, texts, 1);
    const lists = await Promise.all(
      Array.from({ length: 8 }, async (_, i): Promise<List> => {
        const response = await ask({ input: texts.slice(3 * i, 3 * i + 3), model: 'any' });
        expect(response.status).toBe(200);
        return response.json() as Promise<List>;
      }),
    );
    const found = lists.flatMap(({ data }) => data.map(({ embedding }) => embedding as number[]));
    for (const [i, { embedding, ids }] of due.entries()) {
      if (ids.length > 64) continue; // cut off here
      for (const [k, value] of embedding.entries()) expect(Math.abs(found[i]![k]! - value)).toBeLessThan(2e-6);
    }
    expect(lists.map(({ data }) => data.map(({ index }) => index))).toEqual(lists.map(() => [0, 1, 2]));

    const metrics = await (await at('/metrics')).text();
    expect(sizes.length).toBeLessThan(24);
    for (const { count, length } of sizes) expect(count).toBeLessThanOrEqual(Math.min(4, 128 / length));
    expect(metrics).toContain('embeddings_requests_total{status="200"} 8');
    expect(metrics).toContain('embeddings_batch_size_sum 24');
    expect(metrics).toContain('embeddings_waiting 0');
    const real = lists.reduce((total, { usage }) => total + usage.prompt_tokens, 0);
    expect(metrics).toContain(`embeddings_tokens_total{kind="real"} ${real}`);
  });

  it('writes float32 in base64 where that is asked', async () => {
    const { ask } = await serve();
    const [plain, packed] = await Promise.all(
      ['float', 'base64'].map(
        async (encoding_format) => (await ask({ input: 'x', encoding_format })).json() as Promise<List>,
      ),
    );
    const bytes = Buffer.from(packed!.data[0]!.embedding as string, 'base64');
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    expect([...values]).toEqual([...Float32Array.from(plain!.data[0]!.embedding as number[])]);
  });

  it.each([
    ['{"inp', 400, /no JSON/],
    ['[]', 400, /expected { "input"/],
    [{}, 400, /"input" is no text/],
    [{ input: [] }, 400, /at least one/],
    [{ input: ['a', 7] }, 400, /"input"\[1\] is no text/],
    [{ input: [[1, 2]] }, 400, /"input"\[0\] is no text/],
    [{ input: 'a', encoding_format: 'int8' }, 400, /"encoding_format" is "int8"/],
    [{ input: 'a', dimensions: 64 }, 400, /this model has 384/],
    [{ input: Array.from({ length: 65 }, () => 'a') }, 413, /65 texts; 64 may/],
    [`"${' '.repeat(5e6)}"`, 413, /longer than/],
  ])('refuses what is wrong, %#', async (body, status, message) => {
    const { ask } = await serve();
    const response = await ask(body);
    const error = await errorOf(response);
    expect(response.status).toBe(status);
    expect(error).toMatchObject({ message: expect.stringMatching(message), type: 'invalid_request_error' });
  });

  it('hears out a client that writes too much, which then hears the answer', async () => {
    const { port } = await serve();
    const body = Buffer.alloc(2e7, ' ');
    const client = connect(port, '127.0.0.1');
    const head = ['POST /v1/embeddings HTTP/1.1', 'host: x', 'connection: close', `content-length: ${body.length}`];
    client.write(`${head.join('\r\n')}\r\n\r\n`);
    await new Promise<void>((resolve, reject) => {
      client.once('error', reject);
      client.write(body, () => resolve());
    });
    expect(await text(client)).toMatch(/^HTTP\/1\.1 413 .*the request is longer than 4194304 bytes/s);
  });

  it('asks to come back later when too much waits, and forgets those who have left', async () => {
    const { gates, engine: slow } = held();
    const { ask, at, port, embedder, errors } = await serve({ engine: slow, maxQueue: 2 });
    const first = ask({ input: 'a' });
    await vi.waitUntil(() => gates.length === 1, patient);
    const second = ask({ input: ['b', 'c'] });
    await vi.waitUntil(() => embedder.waiting === 2, patient);
    const refused = await ask({ input: 'd' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    gates[0]!();
    await first;
    await vi.waitUntil(() => gates.length === 2, patient);

    const body = JSON.stringify({ input: 'e' });
    const leaving = connect(port, '127.0.0.1');
    leaving.write(`POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await vi.waitUntil(() => embedder.waiting === 1, patient);
    leaving.destroy();
    await vi.waitUntil(() => embedder.waiting === 0, patient);
    gates[1]!();
    expect((await second).status).toBe(200);
    expect([gates.length, errors]).toEqual([2, []]);
    expect(await (await at('/metrics')).text()).toContain('embeddings_requests_total{status="499"} 1');
  });

  it('keeps what went wrong inside to itself and its log', async () => {
    const run = (): Promise<never> => Promise.reject(new Error('device 0: no memory'));
    const { ask, errors } = await serve({ engine: { run } as unknown as HiddenEngine });
    const response = await ask({ input: 'a' });
    expect([response.status, (await errorOf(response)).message]).toEqual([500, 'the batch failed; the log says why']);
    expect(errors).toEqual(['device 0: no memory']);
  });

  it('finishes what it was asked before it closes', async () => {
    const { gates, engine: slow } = held();
    const { server, ask, at, port } = await serve({ engine: slow });
    const asked = ask({ input: 'a' });
    await vi.waitUntil(() => gates.length === 1, patient);
    const kept = connect(port, '127.0.0.1'); // was there before
    await once(kept, 'connect');
    const closed = server.close();
    await expect(at('/healthz')).rejects.toThrow();
    gates[0]!();
    expect((await asked).status).toBe(200);
    await closed;
  });
});

it('tells what there is', async () => {
  const { at } = await serve();
  expect(await (await at('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await at('/healthz', { method: 'HEAD' })).status).toBe(200);
  const [missing, wrong] = [await at('/embed'), await at('/v1/embeddings')];
  expect([missing.status, (await errorOf(missing)).message]).toEqual([
    404,
    'there is no /embed; there are /v1/embeddings, /healthz, /metrics',
  ]);
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
});

it.each([
  [1, 16],
  [16, 16],
  [17, 32],
  [64, 64],
  [65, 100],
])('%i tokens are padded to %i of 100', (tokens, length) => {
  expect(paddedLength(tokens, 100)).toBe(length);
});
