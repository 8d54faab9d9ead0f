// Runs the tests and the fuzz test of this package on an addon built with AddressSanitizer and UndefinedBehaviorSanitizer,
// leaks included: `npm run sanitize -w @trt-dsl/trt-bindings [-- <fuzz calls a seed> <seeds>]`. Prints each finding that has
// a frame of the addon, writes bench/results/sanitize.json, and fails where there is one. Needs g++ with libasan.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAddon, findHeaders, products } from './build.mjs';

const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..');
const root = join(packageFolder, '..', '..');
const [calls = 100_000, seeds = 10] = process.argv.slice(2).map(Number);
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

const native = ['native', 'fuzz', 'scripts'].map((name) => join(packageFolder, name));
const commit =
  git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', ...native) ? ' and changes' : '');

const names = Object.keys(products).filter((product) => findHeaders(product) !== undefined);
if (!names.includes('rtx')) throw new Error('the tests build with TensorRT-RTX: get it with `npx trt-dsl setup`');
let addon;
for (const product of names) {
  console.log(`compiling ${product}`);
  const path = await buildAddon(product, { sanitize: true });
  if (product === 'rtx') addon = path;
}
const logs = mkdtempSync(join(tmpdir(), 'trt-dsl-sanitize-'));
const runtime = execFileSync(process.env.CXX ?? 'c++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
const env = {
  ...process.env,
  TRT_DSL_ADDONS: dirname(dirname(addon)),
  LD_PRELOAD: runtime,
  // Every process reports to a file of its own. Leaks do not change its exit status: Node, TensorRT and the compiler that
  // a test starts leave some, and only those with a frame of the addon count.
  ASAN_OPTIONS: `log_path=${join(logs, 'report')}:detect_leaks=1:detect_stack_use_after_return=1`,
  LSAN_OPTIONS: 'exitcode=0',
  TRT_DSL_FUZZ_FLAGS: '-fsanitize=address', // what stands in for a GPU sees freed memory as the addon does
  UBSAN_OPTIONS: `log_path=${join(logs, 'report')}:print_stacktrace=1`,
};

/**
 * A leak is ours when the addon asked for the memory, directly or through Node-API or TensorRT. What V8 takes for its heap
 * while the addon happens to run is not, nor a promise of a worker thread that was terminated during a build (`hostile.mjs`
 * does so three times): Node-API has no call that lets go of it.
 */
const isOurs = ({ kind, text }) =>
  /trt\.node|native\/src\//.test(text) &&
  !(kind === 'leak' && (/^ *#1 .*v8::internal::/m.test(text) || /^ *#1 .*napi_create_promise/m.test(text)));

/** Findings in the reports that have come since the last call: the paragraphs of a leak, the whole of another report. */
const read = new Set();
function findings() {
  const found = [];
  for (const file of readdirSync(logs).filter((name) => !read.has(name))) {
    read.add(file);
    const text = readFileSync(join(logs, file), 'utf8');
    if (!text.includes('LeakSanitizer')) found.push({ kind: 'error', text });
    else
      for (const leak of text.split('\n\n').filter((part) => part.includes(' leak of ')))
        found.push({ kind: 'leak', text: leak });
  }
  return found.map((finding) => ({ ...finding, ours: isOurs(finding) }));
}

/** Runs Node, shows what it says, and returns it with the findings. */
function run(args, more = {}, show = true) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...env, ...more },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  process.stdout.write(`${stdout}${status === 0 ? '' : stderr}`);
  const found = findings();
  const ours = found.filter((finding) => finding.ours);
  if (show) for (const { text } of ours) console.log(text.split('\n').slice(0, 24).join('\n'));
  return {
    passed: status === 0,
    ended: signal ?? status,
    said: stdout,
    errors: ours.filter(({ kind }) => kind === 'error').length,
    leaks: ours.filter(({ kind }) => kind === 'leak').length,
    elsewhere: found.length - ours.length,
  };
}

// A finding that must be reported, or the silence of the rest means nothing: the addon is left with memory it never frees.
const lost = run(['-e', `require(${JSON.stringify(addon)}).leakForTest()`], {}, false);
if (lost.leaks === 0) throw new Error('a leak made on purpose was not found: the sanitizer does not see the addon');

const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const tests = readdirSync(join(packageFolder, 'src'))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `packages/trt-bindings/src/${name}`);
const outcomes = [];
for (const file of tests) {
  console.log(`\n${file}`);
  const fuzz = file.endsWith('fuzz.test.ts');
  const rounds = fuzz ? Math.ceil(seeds / 2) : 1; // the test takes two seeds
  for (let round = 0; round < rounds; round++) {
    const more = fuzz ? { TRT_DSL_FUZZ_CALLS: String(calls), TRT_DSL_FUZZ_SEED: String(1000 + 2 * round) } : {};
    outcomes.push({
      file,
      fuzz,
      ...run([vitest, 'run', '--no-color', file, ...(round > 0 ? ['-t', 'order of calls'] : [])], more),
    });
  }
}

const sum = (of) => outcomes.reduce((total, each) => total + of(each), 0);
const number = (pattern) => (outcome) => Number(pattern.exec(outcome.said)?.[1] ?? 0);
const fuzzed = outcomes.filter(({ fuzz }) => fuzz);
const result = {
  benchmark: 'sanitize',
  command: 'npm run sanitize -w @trt-dsl/trt-bindings',
  commit,
  date: new Date().toISOString().slice(0, 10),
  device: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, no GPU, Node ${process.version}`,
  figures: {
    sanitizers: ['address (leaks, stack use after return)', 'undefined'],
    compiler: execFileSync(process.env.CXX ?? 'c++', ['--version'], { encoding: 'utf8' }).split('\n')[0],
    products: names,
    test_files: tests.length,
    tests_passed: sum(number(/^(\d+) passed, \d+ failed/m)),
    tests_failed: sum(number(/^\d+ passed, (\d+) failed/m)),
    fuzz_seeds: 2 * fuzzed.length,
    fuzz_calls: sum(number(/: (\d+) calls of/)),
    fuzz_methods: Math.max(...fuzzed.map(number(/calls of (\d+) methods/))),
    fuzz_calls_that_reached_tensorrt: sum(number(/; (\d+) calls reached/)),
    fuzz_calls_that_reached_stand_ins: sum(number(/\((\d+) what stands in/)),
    fuzz_methods_that_reached_tensorrt: Math.max(...fuzzed.map(number(/in up to (\d+) methods/))),
    leak_made_on_purpose_found: lost.leaks > 0,
    errors_in_our_code: sum(({ errors }) => errors),
    leaks_in_our_code: sum(({ leaks }) => leaks),
    findings_without_a_frame_of_ours: sum(({ elsewhere }) => elsewhere),
  },
};
const text = `${JSON.stringify(result, undefined, 2)}\n`;
mkdirSync(join(root, 'bench', 'results'), { recursive: true });
writeFileSync(join(root, 'bench', 'results', 'sanitize.json'), text);
process.stdout.write(text);
if (outcomes.some(({ passed, errors, leaks }) => !passed || errors > 0 || leaks > 0)) process.exit(1);
