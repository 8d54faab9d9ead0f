import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { addonPath, loadTensorRT } from './index.ts';

/** What `fuzz/child.mjs` prints. */
interface Outcome {
  readonly calls: number;
  readonly returned: number;
  readonly typeErrors: number;
  readonly otherErrors: number;
  readonly reached: number;
  readonly methods: number;
  readonly methodsReached: number;
}

const library = loadTensorRT({ product: 'rtx' }).libraryPath;
const calls = Number(process.env['TRT_DSL_FUZZ_CALLS'] ?? 4000);
const first = Number(process.env['TRT_DSL_FUZZ_SEED'] ?? Math.floor(Math.random() * 1e9));

const fuzzFolder = (file: string): string => fileURLToPath(new URL(`../fuzz/${file}`, import.meta.url));

/** Where there is no driver, one without a GPU stands in, so that the CUDA classes are called too. */
function driver(): NodeJS.ProcessEnv {
  if (existsSync('/dev/nvidiactl')) return process.env;
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-driver-'));
  execFileSync('cc', ['-w', '-shared', '-fPIC', '-o', join(folder, 'libcuda.so.1'), fuzzFolder('driver.c')]);
  return { ...process.env, LD_LIBRARY_PATH: folder };
}

/** One process; rejects with the call that was under way when it died. */
function fuzz(seed: number, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const journal = join(mkdtempSync(join(tmpdir(), 'trt-dsl-fuzz-')), 'journal');
  const args = [
    '--expose-gc',
    fuzzFolder('child.mjs'),
    addonPath('rtx'),
    library,
    String(seed),
    String(calls),
    journal,
  ];
  return new Promise((resolve, reject) => {
    const run = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 150_000 });
    let out = '';
    let said = '';
    run.stdout.on('data', (data) => {
      out += data;
    });
    run.stderr.on('data', (data) => {
      said = (said + data).slice(-2000);
    });
    run.on('close', (code, signal) => {
      if (code === 0) return resolve(JSON.parse(out) as Outcome);
      const under = readFileSync(journal, 'utf8').trim();
      reject(new Error(`seed ${seed}: the process ended with ${signal ?? code} in call ${under}\n${said}`));
    });
  });
}

it('no argument and no order of calls crashes the process', { timeout: 400_000 }, async () => {
  const outcomes: Outcome[] = [];
  const env = driver();
  for (const seed of [first, first + 1]) outcomes.push(await fuzz(seed, env));
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, each) => total + of(each), 0);
  console.log(
    `fuzz: seeds ${first}, ${first + 1}: ${sum((o) => o.calls)} calls of ${outcomes[0]!.methods} methods; ${sum((o) => o.reached)} calls reached TensorRT, in up to ${Math.max(...outcomes.map((o) => o.methodsReached))} methods`,
  );
  expect(sum((o) => o.calls)).toBeGreaterThanOrEqual(2 * calls);
  expect(sum((o) => o.reached)).toBeGreaterThan(calls / 8);
  expect(sum((o) => o.typeErrors)).toBeGreaterThan(calls / 4);
});
