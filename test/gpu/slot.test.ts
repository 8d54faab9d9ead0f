// An execution slot against callers that change or close what it was given while it reads or runs.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { agrees, nativePlan, rows, width } from './native-mlp.ts';
import { backend, driver } from './support.ts';

const { tensorrt } = backend;
const cuda = driver();
const onGpu = { skip: cuda ? false : 'no GPU' };
const byteLength = 2 * width * 4;

let plan: Uint8Array;
before(async () => {
  if (!cuda) return;
  using builder = tensorrt.createInferBuilder();
  plan = await nativePlan(builder);
});

/** A slot for x[2, 256], and all that it was made from. */
function prepared(graph: boolean) {
  const device = cuda!.device(0);
  const runtime = tensorrt.createInferRuntime();
  const engine = runtime.deserializeCudaEngine(plan);
  const context = engine.createExecutionContext();
  const stream = device.createStream();
  context.setOptimizationProfileAsync(0, stream);
  context.setInputShape('x', [2, width]);
  const [x, y] = ['x', 'y'].map((name) => ({
    name,
    host: device.memAllocHost(byteLength),
    device: device.memAlloc(byteLength),
    byteLength,
  }));
  const slot = context.createExecutionSlot({ stream, inputs: [x!], outputs: [y!], graph });
  const memory = [x!, y!].flatMap(({ host, device: onDevice }) => [host, onDevice]);
  return { slot, everything: [slot, context, stream, engine, runtime, ...memory] };
}

for (const graph of [false, true]) {
  const how = graph ? 'as a CUDA graph' : 'by enqueueV3';

  test(`a run ${how} writes to the buffers that were checked, though the array gives others later`, onGpu, async () => {
    const { slot, everything } = prepared(graph);
    const y = new Float32Array(2 * width);
    for (const run of [
      (out: Float32Array[]) => slot.run([rows(2, 3)], out),
      async (out: Float32Array[]) => slot.runSync([rows(2, 3)], out),
    ]) {
      let reads = 0;
      const fickle: Float32Array[] = [];
      Object.defineProperty(fickle, 0, { get: () => (reads++ === 0 ? y.fill(0) : new Float32Array(1)) });
      await run(fickle);
      assert.equal(reads, 1);
      agrees(y, rows(2, 3));
    }
    for (const each of everything) each.close();
  });

  test(`a run ${how} whose output was transferred meanwhile is rejected, and the next one works`, onGpu, async () => {
    const { slot, everything } = prepared(graph);
    const gone = new Float32Array(2 * width);
    const running = slot.run([rows(2)], [gone]);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    await assert.rejects(running, /"y" was transferred/);
    const y = new Float32Array(2 * width);
    await slot.run([rows(2, 4)], [y]);
    agrees(y, rows(2, 4));
    for (const each of everything) each.close();
  });

  test(`a run ${how} ends well though all of its objects were closed meanwhile`, onGpu, async () => {
    const { slot, everything } = prepared(graph);
    const y = new Float32Array(2 * width);
    const running = slot.run([rows(2, 5)], [y]);
    for (const each of everything) each.close();
    await running;
    agrees(y, rows(2, 5));
    assert.throws(() => slot.runSync([rows(2)], [y]), { code: 'closed' });
  });
}
