import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchMiniLM } from '@trt-dsl/tools';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../../../test/support/trt-dsl.ts';
import { runProcesses } from './processes.ts';
import type { ServeArgs } from './serve.ts';

const bin = fileURLToPath(new URL('../bin/embedding-service.js', import.meta.url));
const timeout = 300_000;
const soon = { timeout, interval: 50 };
beforeAll(() => fetchMiniLM());

/** The service, as a command that runs until the test ends. */
function run(...args: readonly string[]) {
  const child: ChildProcess = spawn(process.execPath, [bin, '--backend', 'onnx', ...args], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout!.on('data', (text) => (said.out += text));
  child.stderr!.on('data', (text) => (said.err += text));
  const ended = once(child, 'close').then(([code]) => code as number);
  const matches = (pattern: RegExp): RegExpExecArray[] => [...said.err.matchAll(pattern)];
  return { child, said, ended, matches };
}

async function embedding(port: number): Promise<readonly number[]> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/embeddings`, {
    method: 'POST',
    body: JSON.stringify({ input: 'a cat' }),
    headers: { connection: 'close' },
  });
  expect(response.status).toBe(200);
  const { data } = (await response.json()) as { readonly data: readonly { readonly embedding: readonly number[] }[] };
  return data[0]!.embedding;
}

describe('embedding-service', () => {
  it('serves until it is told to stop', { timeout }, async () => {
    const { child, said, ended, matches } = run('--port', '0');
    const [, port] = await vi.waitUntil(() => matches(/listens on http:\/\/127\.0\.0\.1:(\d+)/g)[0], soon);
    expect(await embedding(Number(port))).toHaveLength(384);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(said.out).toBe('texts embedded: 1\n');
  });

  it('is several processes on one port, of which one may die', { timeout }, async () => {
    const engine = join(temporaryFolder(), 'minilm.engine');
    const { child, said, ended, matches } = run('--port', '0', '--processes', '2', '--engine', engine);
    const listening = () => matches(/process (\d+) listens on port (\d+)/g);
    await vi.waitUntil(() => listening().length === 2, soon);
    const port = Number(listening()[0]![2]);
    const due = await embedding(port);
    for (let i = 0; i < 3; i++) expect(await embedding(port)).toEqual(due);
    const metrics = `http://127.0.0.1:${matches(/metrics of all processes on port (\d+)/g)[0]![1]}/metrics`;
    expect(await (await fetch(metrics)).text()).toContain('embeddings_requests_total{status="200"} 4');

    process.kill(Number(listening()[0]![1]), 'SIGKILL');
    await vi.waitUntil(() => listening().length === 3, soon);
    for (let i = 0; i < 3; i++) expect(await embedding(port)).toEqual(due);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(said.out).toContain('2 processes ended, 1 had been replaced');
    expect(readdirSync(dirname(engine))).toEqual(['minilm.engine']);
  });

  it('gives up where processes cannot listen', { timeout }, async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { said, ended } = run('--port', String(port), '--metrics-port', '0', '--processes', '2');
    expect(await ended).toBe(1);
    expect(said.err).toContain(`cannot listen on 127.0.0.1:${port}`);
    expect(said.err).toContain('3 processes in a row ended before they listened');
    const second = run('--port', '0', '--metrics-port', String(port), '--processes', '2');
    expect(await second.ended).toBe(1);
    expect(second.said.err).toContain(`cannot listen on 127.0.0.1:${port}`);
  });

  it('starts no process where it was told to stop before', async () => {
    const args = { host: '127.0.0.1', port: 0, processes: 2 } as ServeArgs;
    const progress = { note: () => {}, bytes: () => {}, share: () => {}, clear: () => {} };
    const { text } = await runProcesses(args, { progress, signal: AbortSignal.abort() });
    expect(text).toBe('2 processes ended, 0 had been replaced');
  });

  it.each([
    [['--max-batch', '0'], '--max-batch is 0; expected a whole number from 1 to 4096'],
    [['--port', '70000'], '--port is 70000'],
    [['--port', '65535', '--processes', '2'], 'cannot listen on 127.0.0.1:65536'],
    [['--gpus', '2'], '--gpus is for several processes'],
    [['--max-delay', '-1'], 'maxDelay is -1'],
    [['--model', '/no/such'], '/no/such'],
    [['--engine', bin], 'embedding-service.js: a serialized ONNX engine'],
    [['--engine', dirname(bin)], 'it is a folder'],
    [['--modle', 'x'], 'modle'],
  ])('refuses %j', { timeout }, async (args, message) => {
    const { said, ended } = run(...args);
    expect(await ended).toBeGreaterThan(0);
    expect(said.err).toContain(message);
    expect(said.err).not.toContain('    at ');
  });
});
