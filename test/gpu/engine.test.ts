// The TensorRT backend on a GPU: npm run test:gpu, or node --test engine.test.js
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dim, type Graph, type HostTensor, Network, TrtDslError, Weights } from '@trt-dsl/dsl';
import type { TensorRTEngine } from '@trt-dsl/trt-bindings';
import { backend, save, timingCache } from './support.ts';

const width = 24;
const kernel = Float32Array.from({ length: width * width }, (_, i) => Math.sin(i * 0.37) / 4);
const bias = Float32Array.from({ length: width }, (_, i) => Math.cos(i));
const rowsOf = (batch: number, seed: number): Float32Array =>
  Float32Array.from({ length: batch * width }, (_, i) => Math.sin(seed + i * 0.11));

/** relu(x W + b), computed here. */
function expected(x: Float32Array): Float32Array {
  const out = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += width)
    for (let column = 0; column < width; column++) {
      let sum = bias[column]!;
      for (let k = 0; k < width; k++) sum += x[at + k]! * kernel[k * width + column]!;
      out[at + column] = Math.max(sum, 0);
    }
  return out;
}

function graph(): Graph {
  const net = new Network('relu-mlp');
  const x = net.addInput('x', 'float32', [dim('batch'), width]);
  const y = net.addLinear(
    x,
    Weights.of('float32', [width, width], kernel, 'kernel'),
    Weights.of('float32', [width], bias, 'bias'),
  );
  net.markOutput(net.addReLU(y), 'y');
  return net.graph();
}

const profiles = [{ batch: [1, 2, 4] }, { batch: [5, 16, 64] }] as const;
const compile = (options = {}): Promise<TensorRTEngine> =>
  backend.compile(graph(), { profiles, timingCache, optimizationLevel: 0, ...options });

function agrees(result: HostTensor | undefined, x: Float32Array): void {
  const truth = expected(x);
  assert.deepEqual(result!.shape, [x.length / width, width]);
  const data = result!.data as Float32Array;
  const worst = truth.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
  assert.ok(worst < 1e-5, `off by ${worst}`);
}

let engine: TensorRTEngine;
let graphed: TensorRTEngine;
before(async () => {
  engine = await compile({ lanes: 3 });
  graphed = await compile({ cudaGraph: true });
});
after(() => {
  engine.close();
  graphed.close();
});

for (const name of ['layer by layer', 'as CUDA graphs'])
  test(`batches of both profiles in turn, ${name}`, async () => {
    const runs = name === 'layer by layer' ? engine : graphed;
    for (const batch of [1, 4, 5, 64, 2, 33, 3, 7, 1, 64, 9, 10, 11, 12, 13]) {
      const x = rowsOf(batch, batch);
      agrees((await runs.run({ x }))['y'], x);
      agrees(runs.runSync({ x })['y'], x);
    }
  });

test('runs at once, of different sizes, do not mix', async () => {
  const inputs = Array.from({ length: 200 }, (_, i) => rowsOf(1 + ((i * 7) % 64), i));
  const results = await Promise.all(inputs.map((x) => engine.run({ x })));
  results.forEach((result, i) => {
    agrees(result['y'], inputs[i]!);
  });
});

test('feeds may be changed as soon as run has been called', async () => {
  const single = await compile({ lanes: 1 });
  const inputs = Array.from({ length: 4 }, (_, i) => rowsOf(8, i));
  const before = inputs.map((x) => x.slice());
  const under = inputs.map((x) => single.run({ x }));
  for (const x of inputs) x.fill(99);
  (await Promise.all(under)).forEach((result, i) => {
    agrees(result['y'], before[i]!);
  });
  single.close();
});

test('runSync refuses while every lane is busy', async () => {
  const single = await compile({ lanes: 1 });
  const x = rowsOf(4, 1);
  const under = single.run({ x });
  assert.throws(() => single.runSync({ x }), /lane is busy/);
  agrees((await under)['y'], x);
  single.close();
});

test('closing while runs are under way lets them finish', async () => {
  const closing = await compile();
  const x = rowsOf(64, 3);
  const under = Array.from({ length: 8 }, () => closing.run({ x }));
  closing.close();
  closing.close();
  const settled = await Promise.allSettled(under);
  const [first] = settled;
  assert.equal(first?.status, 'fulfilled');
  await assert.rejects(closing.run({ x }), (error: TrtDslError) => error.code === 'closed');
});

test('a serialized engine runs in another process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-'));
  const plan = join(folder, 'engine');
  writeFileSync(plan, engine.serialize());
  const program = `
    import { readFileSync } from 'node:fs';
    import { tensorrt } from '@trt-dsl/trt-bindings';
    const engine = await tensorrt({ product: 'trt10' }).load(readFileSync(${JSON.stringify(plan)}));
    const { y } = await engine.run({ x: Float32Array.from(${JSON.stringify([...rowsOf(3, 5)])}) });
    console.log(JSON.stringify([...y.data]));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  const x = rowsOf(3, 5);
  agrees(
    { dataType: 'float32', shape: [3, width], data: Float32Array.from(JSON.parse(out.trim().split('\n').at(-1)!)) },
    x,
  );
  assert.ok(readFileSync(plan).length > 0);
  rmSync(folder, { recursive: true });
});

test('what does not fit is one clear error', async () => {
  const refused = async (feeds: object, pattern: RegExp): Promise<void> => {
    await assert.rejects(
      engine.run(feeds as never),
      (error: Error) => error instanceof TrtDslError && pattern.test(error.message),
    );
  };
  await refused({}, /"x".*is not fed/);
  await refused({ x: new Float32Array(5) }, /do not fill/);
  await refused({ x: new Int32Array(width) }, /takes a Float32Array/);
  await refused({ x: rowsOf(65, 1) }, /no profile of the engine takes x\[65, 24\]/);
  await refused({ z: rowsOf(1, 1) }, /no input "z"/);
  const plan = engine.serialize();
  for (const bytes of [
    new Uint8Array(0),
    new Uint8Array(1000).fill(7),
    plan.slice(0, 500),
    plan.slice(0, plan.length - 900),
  ]) {
    await assert.rejects(async () => {
      using loaded = await backend.load(bytes);
      await loaded.run({ x: rowsOf(1, 1) });
    }, TrtDslError);
  }
});

test('10,000 runs leave host and device memory as they were', async () => {
  const device = backend.tensorrt.cuda().device(0);
  const inputs = [1, 3, 17, 64].map((batch) => rowsOf(batch, batch));
  const runs = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 4) await Promise.all(inputs.map((x) => graphed.run({ x })));
  };
  await runs(2000);
  globalThis.gc?.();
  const before = { host: process.memoryUsage().rss, device: device.memGetInfo().free };
  await runs(10_000);
  globalThis.gc?.();
  const growth = { host: process.memoryUsage().rss - before.host, device: before.device - device.memGetInfo().free };
  save('endurance', { runs: 10_000, growth_bytes: growth });
  assert.ok(growth.device <= 0, `device memory grew by ${growth.device} bytes`);
  assert.ok(growth.host < 32e6, `host memory grew by ${growth.host} bytes`);
});
