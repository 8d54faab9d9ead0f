// How many texts a second examples/service embeds, and how long each waits: npm run bench -- service
//   --seconds 8 of each load; --name service of the result; --device WORDS; behind them `--` and options for the service
// Clients send one text at a time, each as soon as the last was answered, to a service with batches and to one without.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report } from './report.ts';

const { values, positionals } = parseArgs({
  args: process.argv.slice(3),
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '8' },
    name: { type: 'string', default: 'service' },
    device: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const bin = fileURLToPath(import.meta.resolve('@trt-dsl/example-service/bin/embedding-service.js'));
const texts = readFileSync('test/quantize/sentences.txt', 'utf8').trim().split('\n');
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

async function serve(maxBatch: number): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const args = [bin, '--port', '0', '--max-batch', String(maxBatch), ...positionals];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const text of child.stderr!) {
    const port = /listens on http:\/\/[^:]+:(\d+)/.exec(String(text))?.[1];
    if (port !== undefined) return { child, port: Number(port) };
  }
  throw new Error('the service ended');
}

/** Milliseconds until the answer. */
const ask = (port: number, input: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const begun = performance.now();
    const body = JSON.stringify({ input });
    const headers = { 'content-length': Buffer.byteLength(body) };
    request({ port, agent, method: 'POST', path: '/v1/embeddings', headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.resume().on('end', () => resolve(performance.now() - begun));
    })
      .on('error', reject)
      .end(body);
  });

async function load(port: number, clients: number, seconds: number): Promise<Record<string, number>> {
  const times: number[] = [];
  let next = 0;
  const begun = performance.now();
  const until = begun + seconds * 1000;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < until) times.push(await ask(port, texts[next++ % texts.length]!));
    }),
  );
  const elapsed = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  const quantile = (q: number): number => Number(times[Math.floor(q * (times.length - 1))]!.toFixed(1));
  return {
    clients,
    texts_per_second: Math.round(times.length / elapsed),
    median_ms: quantile(0.5),
    p95_ms: quantile(0.95),
    p99_ms: quantile(0.99),
  };
}

const figures = [];
for (const maxBatch of [1, 32]) {
  const { child, port } = await serve(maxBatch);
  for (const clients of [1, 8, 32, 128]) {
    await load(port, clients, 2); // opens the connections
    figures.push({ max_batch: maxBatch, ...(await load(port, clients, seconds)) });
    process.stderr.write(`${JSON.stringify(figures.at(-1))}\n`);
  }
  child.kill('SIGTERM');
  await once(child, 'exit');
}
agent.destroy();
report(
  values.name,
  {
    model: 'all-MiniLM-L6-v2; clients on the same machine, one text a request',
    service: positionals,
    seconds_each: seconds,
    rows: figures,
  },
  values.device,
);
