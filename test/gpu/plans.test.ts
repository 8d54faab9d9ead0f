// Plans that are garbage, cut short, damaged or of another version. Each is tried in a child process, so that one that
// ends the process is counted as such.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { nativePlan, rows, width } from './native-mlp.ts';
import { backend, driver, product, save } from './support.ts';

const onGpu = { skip: driver() ? false : 'no GPU' };
const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-'));
const file = join(folder, 'plan');
let plan: Uint8Array;
before(async () => {
  using builder = backend.tensorrt.createInferBuilder();
  plan = await nativePlan(builder);
  writeFileSync(file, plan);
});
after(() => rmSync(folder, { recursive: true }));

/** What a child that loads altered plans is told of each: cut to a length, or one byte changed. */
interface Change {
  readonly cut?: number;
  readonly at?: number;
  readonly to?: number;
}

const program = `
  import { readFileSync } from 'node:fs';
  import { loadTensorRT } from '@trt-dsl/trt-bindings';
  const [file, product, changes] = process.argv.slice(1);
  const whole = readFileSync(file);
  const runtime = loadTensorRT({ product }).createInferRuntime();
  for (const { cut, at, to } of JSON.parse(changes)) {
    const plan = Uint8Array.from(cut === undefined ? whole : whole.subarray(0, cut));
    if (at !== undefined) plan[at] = to;
    process.stdout.write('try ');
    try {
      runtime.deserializeCudaEngine(plan).close();
      console.log('loaded');
    } catch (error) {
      console.log(JSON.stringify([error.name, error.message.slice(0, 500)]));
    }
  }`;

/** What became of each change: 'loaded', 'ended the process', or the error's name and message. */
function tried(changes: readonly Change[]): readonly string[] {
  const outcomes: string[] = [];
  while (outcomes.length < changes.length) {
    const rest = JSON.stringify(changes.slice(outcomes.length));
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program, file, product, rest], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    const lines = child.stdout.split('\n').flatMap((line) => (line.includes('try ') ? [line.split('try ')[1]!] : []));
    if (lines.length === 0) throw new Error(`the child says nothing: ${child.stderr}`);
    outcomes.push(...lines.map((line) => line || `ended the process (${child.signal ?? child.status})`));
  }
  return outcomes;
}

const isTensorRTError = (outcome: string): boolean => outcome.startsWith('["TensorRTError"');

test('a plan cut short is a TensorRTError', onGpu, () => {
  const cuts = [1, 4, 8, 16, 24, 32, 64, 100, 1000, 0.25, 0.5, 0.75, 0.99].map((length) =>
    length < 1 ? Math.floor(plan.length * length) : Math.min(length, plan.length - 1),
  );
  const outcomes = tried([...cuts, plan.length - 1].map((cut) => ({ cut })));
  save(
    'cut-plans',
    Object.fromEntries(outcomes.map((outcome, i) => [String(cuts[i] ?? plan.length - 1), outcome])),
    `${plan.length} bytes: ${[...new Set(outcomes.map((outcome) => outcome.slice(0, 200)))].join(' | ')}`,
  );
  // The last bytes may be padding that TensorRT does not read.
  assert.deepEqual(
    outcomes.slice(0, -2).filter((outcome) => !isTensorRTError(outcome)),
    [],
  );
});

test('a plan whose header is changed, as one of another version has it, is a TensorRTError', onGpu, () => {
  const changes = Array.from({ length: 40 }, (_, at) => ({ at, to: (plan[at]! + 1) % 256 }));
  const outcomes = tried(changes);
  const versions = outcomes.filter((outcome) => /version/i.test(outcome));
  const ended = outcomes.flatMap((outcome, at) => (outcome.startsWith('ended') ? [`byte ${at}: ${outcome}`] : []));
  save(
    'changed-headers',
    { header: Buffer.from(plan.subarray(0, 40)).toString('hex'), outcomes },
    JSON.stringify({
      refused: outcomes.filter(isTensorRTError).length,
      loaded: outcomes.filter((outcome) => outcome === 'loaded').length,
      ended,
      version: versions[0],
    }),
  );
  assert.deepEqual(ended, []);
  assert.ok(versions.length > 0, 'one of the bytes is the version, and the error says so');
});

test('garbage is refused', onGpu, async () => {
  using runtime = backend.tensorrt.createInferRuntime();
  for (const bytes of [new Uint8Array(1), new Uint8Array(5000), new Uint8Array(5000).fill(7), plan.slice(8)]) {
    assert.throws(() => runtime.deserializeCudaEngine(bytes), { name: 'TensorRTError', code: 'backend' });
    await assert.rejects(runtime.deserializeCudaEngineAsync(bytes), { name: 'TensorRTError', code: 'backend' });
  }
  assert.throws(() => runtime.deserializeCudaEngine(new Uint8Array(0)), TypeError);
  assert.throws(() => runtime.deserializeCudaEngine('plan' as never), TypeError);
});

test('a plan from elsewhere is loaded by the backend, its sizes named after inputs and axes', onGpu, async () => {
  using engine = await backend.load(plan);
  assert.equal(String(engine.inputs.get('x')?.shape), `x_0,${width}`);
  for (const batch of [1, 64]) {
    const { y } = await engine.run({ x: { shape: [batch, width], data: rows(batch) } });
    assert.deepEqual(y!.shape, [batch, width]);
  }
});

test('the plan has a header', () => {
  assert.ok(plan.length > width * width * 4);
});
