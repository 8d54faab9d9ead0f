// Each engine on the GPU that its backend names, where there are several: node --test gpu/devices.test.js
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dim, type Engine, type Graph, type HostTensor, Network, Weights } from '@trt-dsl/dsl';
import { measureGpu, tensorrt } from '@trt-dsl/trt-bindings';
import { backend, driver, product } from './support.ts';

const cuda = driver();
const count = cuda?.devices.length ?? 0;
const onTwo = { skip: count > 1 ? false : `${count} GPUs; this needs two` };
const width = 4096;
const kernel = Float32Array.from({ length: width * width }, (_, i) => ((i * 7919) % 257) / 257 - 0.5);
/** 64 MiB of weights, so that it shows in a GPU's free memory where they are. */
const weightBytes = kernel.byteLength;

/** relu(x W), x `[batch, 4096]`. */
function graph(): Graph {
  const net = new Network('wide');
  const x = net.addInput('x', 'float32', [dim('batch'), width]);
  const product = net.addLinear(x, Weights.of('float32', [width, width], kernel, 'kernel'));
  return net.graph({ inputs: { x }, outputs: { y: net.addReLU(product) } });
}
const options = { profiles: [{ batch: [1, 2, 4] as const }], optimizationLevel: 0, tf32: false };
const rowsOf = (seed: number) => Float32Array.from({ length: 2 * width }, (_, i) => Math.sin(seed + i * 0.11));
const feedsOf = (x: Float32Array): Record<string, HostTensor> => ({
  x: { dataType: 'float32', shape: [2, width], data: x },
});
async function agrees(engine: Engine, seed: number): Promise<void> {
  const x = rowsOf(seed);
  const { data } = (await engine.run(feedsOf(x)))['y']!;
  for (const [row, column] of [0, 1, 77, width - 1].flatMap((at) => [[0, at] as const, [1, at] as const])) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += x[row * width + k]! * kernel[k * width + column]!;
    const difference = Math.abs(Number(data[row * width + column]) - Math.max(sum, 0));
    assert.ok(difference < 1e-3, `row ${row}, column ${column}: off by ${difference}`);
  }
}
const freeOn = (index: number): number => cuda!.device(index).memGetInfo().free;

test('an engine lies, runs and is measured on the GPU that its backend names, and on no other', onTwo, async () => {
  // Contexts and libraries take memory of their own, once.
  const last = tensorrt({ product, device: count - 1 });
  let plan: Uint8Array = new Uint8Array();
  for (const each of [backend, last]) {
    using engine = await each.compile(graph(), options);
    await agrees(engine, 0);
    plan = engine.serialize();
  }
  for (const [name, open] of [
    ['compiled', () => last.compile(graph(), options)],
    ['loaded', () => last.load(plan)],
  ] as const) {
    using engine = await open();
    await agrees(engine, 1);
    const times = measureGpu(last.tensorrt, engine, new Map(Object.entries(feedsOf(rowsOf(2)))), {
      ...{ runs: 3, warmUp: 1, device: count - 1 },
    });
    assert.equal(times.length, 3);
    const before = [0, count - 1].map(freeOn);
    engine.close();
    const [first, other] = [0, count - 1].map((device, i) => freeOn(device) - before[i]!) as [number, number];
    assert.ok(other >= weightBytes / 2, `${name}: closing it freed ${other} bytes where it lay`);
    assert.ok(first < weightBytes / 2, `${name}: closing it freed ${first} bytes of the first GPU`);
  }
});

test('engines on all GPUs run at the same time, in any order', onTwo, async () => {
  const all = Array.from({ length: count }, (_, device) => tensorrt({ product, device }));
  const engines: Engine[] = [];
  for (const each of all) engines.push(await each.compile(graph(), { ...options, cudaGraph: true, lanes: 2 }));
  for (let round = 0; round < 4; round++)
    await Promise.all(engines.flatMap((engine, i) => [agrees(engine, round), agrees(engine, round + i + 0.5)]));
  while (engines.length > 0) {
    engines.pop()!.close();
    for (const other of engines) await agrees(other, 9);
  }
});

test('a GPU that there is not is refused by its number', { skip: cuda ? false : 'no GPU' }, async () => {
  await assert.rejects(
    async () => tensorrt({ product, device: count }).compile(graph(), options),
    new RegExp(`\\b${count}\\b`),
  );
});
