import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { addonPath, loadTensorRT } from './index.ts';

/** What `fuzz/child.mjs` prints. */
interface Outcome {
  readonly calls: number;
  readonly returned: number;
  readonly typeErrors: number;
  readonly otherErrors: number;
  readonly reached: number;
  /** Of these, calls of `fuzz/driver.c` and `fuzz/runtime.cc`. */
  readonly reachedStandIns: number;
  readonly methods: number;
  readonly methodsReached: number;
  readonly classesWithoutObjects: readonly string[];
}

/** Classes whose methods meet objects of other classes only: bases, and what TensorRT-RTX has not. */
const withoutObjects = [
  'ILayer',
  'IPluginV2Layer',
  'IPluginV3Layer',
  'IAttentionInputLayer',
  'IAttentionOutputLayer',
  'IPluginCreator',
  'PluginLibrary',
  'IPluginV2',
  'IPluginV3',
];

const library = loadTensorRT({ product: 'rtx' }).libraryPath;
const calls = Number(process.env['TRT_DSL_FUZZ_CALLS'] ?? 4000);
/** TRT_DSL_FUZZ_SEED: where seeds begin, or `random`. */
const { TRT_DSL_FUZZ_SEED = '1' } = process.env;
const first = TRT_DSL_FUZZ_SEED === 'random' ? Math.floor(Math.random() * 1e9) : Number(TRT_DSL_FUZZ_SEED);

const work = mkdtempSync(join(tmpdir(), 'trt-dsl-fuzz-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const fuzzFolder = (file: string): string => fileURLToPath(new URL(`../fuzz/${file}`, import.meta.url));

const { findHeaders } = (await import(new URL('../scripts/build.mjs', import.meta.url).href)) as {
  findHeaders(product: string): { readonly folder: string; readonly cuda: string } | undefined;
};

/** What takes the place of a GPU: the environment with `fuzz/driver.c` as the CUDA driver, and `fuzz/runtime.cc` compiled. */
interface StandIns {
  readonly env: NodeJS.ProcessEnv;
  readonly runtime: string;
}
let compiled: StandIns | undefined;
function standIns(): StandIns {
  if (compiled !== undefined) return compiled;
  const headers = findHeaders('rtx');
  if (headers === undefined) throw new Error('no headers of TensorRT-RTX: get them with `npx trt-dsl setup`');
  const [driver, runtime] = [join(work, 'libcuda.so.1'), join(work, 'runtime.so')];
  const flags = ['-w', '-g', '-shared', '-fPIC', ...(process.env['TRT_DSL_FUZZ_FLAGS']?.split(' ') ?? [])];
  const stub = fileURLToPath(new URL('../build/cuda', import.meta.url));
  execFileSync('cc', [...flags, '-Wl,-soname,libcuda.so.1', '-o', driver, fuzzFolder('driver.c')]);
  const include = [headers.folder, headers.cuda, stub].map((each) => `-I${each}`);
  execFileSync('c++', ['-std=c++17', ...flags, ...include, '-o', runtime, fuzzFolder('runtime.cc'), driver]);
  compiled = { env: { ...process.env, LD_LIBRARY_PATH: work }, runtime };
  return compiled;
}
const hasGpu = existsSync('/dev/nvidiactl');

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

async function fuzz(seed: number): Promise<Outcome> {
  const journal = join(work, `journal-${seed}`);
  const under = (): string => `call ${readFileSync(journal, 'utf8').trim()} of seed ${seed}`;
  const args = [String(seed), String(calls), journal];
  const out = hasGpu
    ? child('child.mjs', args, process.env, under)
    : child('child.mjs', [...args, standIns().runtime], standIns().env, under);
  return JSON.parse(await out) as Outcome;
}

it('no argument and no order of calls crashes the process', { timeout: 400_000 }, async () => {
  const outcomes: Outcome[] = [];
  for (const seed of [first, first + 1]) outcomes.push(await fuzz(seed));
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, each) => total + of(each), 0);
  console.log(
    `fuzz: seeds ${first}, ${first + 1}: ${sum((o) => o.calls)} calls of ${outcomes[0]!.methods} methods; ${sum((o) => o.reached)} calls reached TensorRT (${sum((o) => o.reachedStandIns)} what stands in for a GPU), in up to ${Math.max(...outcomes.map((o) => o.methodsReached))} methods`,
  );
  expect(sum((o) => o.calls)).toBeGreaterThanOrEqual(2 * calls);
  expect(sum((o) => o.reached)).toBeGreaterThan(calls / 8);
  expect(sum((o) => o.typeErrors)).toBeGreaterThan(calls / 4);
  for (const { classesWithoutObjects } of outcomes)
    expect(classesWithoutObjects.filter((name) => !withoutObjects.includes(name))).toEqual([]);
});

/** The cases of a file, by their names. */
const cases = (file: string): readonly string[] =>
  [...readFileSync(fuzzFolder(file), 'utf8').matchAll(/^ {2}async (\w+)\(\) \{$/gm)].map((m) => m[1]!);

describe.each([
  { file: 'hostile.mjs', least: 15, needsStandIns: (name: string): boolean => name.startsWith('cuda') && !hasGpu },
  { file: 'hostile-engines.mjs', least: 10, needsStandIns: (): boolean => true },
])('$file', ({ file, least, needsStandIns }) => {
  it('has its cases', () => expect(cases(file).length).toBeGreaterThanOrEqual(least));

  it.each(cases(file))('%s', { timeout: 160_000 }, async (name) => {
    const run = needsStandIns(name)
      ? child(file, [name, standIns().runtime], standIns().env, () => name)
      : child(file, [name], process.env, () => name);
    expect(await run).toBe('passed\n');
  });
});
