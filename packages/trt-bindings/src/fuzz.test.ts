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
  readonly classesWithoutObjects: readonly string[];
}

/**
 * Classes whose methods meet objects of other classes only: bases, what TensorRT-RTX has not, and, without a GPU, what
 * only a loaded engine gives.
 */
const without = {
  always: [
    'ILayer',
    'IPluginV2Layer',
    'IPluginV3Layer',
    'IAttentionInputLayer',
    'IAttentionOutputLayer',
    'IPluginCreator',
    'PluginLibrary',
    'IPluginV2',
    'IPluginV3',
  ],
  noGpu: ['ICudaEngine', 'IEngineInspector', 'IRefitter', 'IExecutionContext', 'ExecutionSlot'],
};

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

/** What a process printed; rejects with the words of `under` when it ended otherwise than with status 0. */
function child(file: string, args: readonly string[], env: NodeJS.ProcessEnv, under: () => string): Promise<string> {
  const all = ['--expose-gc', fuzzFolder(file), addonPath('rtx'), library, ...args];
  return new Promise((resolve, reject) => {
    const run = spawn(process.execPath, all, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 150_000 });
    let out = '';
    let said = '';
    run.stdout.on('data', (data) => {
      out += data;
    });
    run.stderr.on('data', (data) => {
      said = (said + data).slice(-2000);
    });
    run.on('close', (code, signal) =>
      code === 0 ? resolve(out) : reject(new Error(`the process ended with ${signal ?? code} in ${under()}\n${said}`)),
    );
  });
}

async function fuzz(seed: number, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const journal = join(mkdtempSync(join(tmpdir(), 'trt-dsl-fuzz-')), 'journal');
  const under = (): string => `call ${readFileSync(journal, 'utf8').trim()} of seed ${seed}`;
  return JSON.parse(await child('child.mjs', [String(seed), String(calls), journal], env, under)) as Outcome;
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
  for (const { classesWithoutObjects } of outcomes)
    expect(classesWithoutObjects.filter((name) => !without.always.includes(name))).toEqual(
      existsSync('/dev/nvidiactl') ? [] : without.noGpu,
    );
});

const hostile = [...readFileSync(fuzzFolder('hostile.mjs'), 'utf8').matchAll(/^ {2}async (\w+)\(\) \{$/gm)].map(
  (m) => m[1]!,
);
it('knows the hostile cases', () => expect(hostile.length).toBeGreaterThan(10));

it.each(hostile)('%s', { timeout: 160_000 }, async (name) => {
  const env = name.startsWith('cuda') ? driver() : process.env;
  expect(await child('hostile.mjs', [name], env, () => name)).toBe('passed\n');
});
