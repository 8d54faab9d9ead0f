// What engine.run and runSync cost beyond the bare CUDA graph with its copies, BERT-base 1×128 in float16: node overhead.js
import { bert, bertBase, randomParameters } from '@trt-dsl/bert-model';
import { backend, quantile, save, timingCache } from './support.ts';

const graph = bert(randomParameters('float16'), bertBase, { task: 'question-answering' });
const profiles = [{ batch: 1, seq: 128 }];
using engine = await backend.compile(graph, { profiles, timingCache, cudaGraph: true });
const ids = Int32Array.from({ length: 128 }, (_, i) => 1000 + i);
const shape = [1, 128];
const feeds = {
  input_ids: { data: ids, shape },
  token_type_ids: { data: new Int32Array(128), shape },
  attention_mask: { data: new Int32Array(128).fill(1), shape },
};

// The bare form: one slot with everything captured, driven without the engine around it, data already in pinned memory.
const { native } = engine;
const device = backend.tensorrt.cuda().device(0);
const stream = device.createStream();
const context = native.createExecutionContext();
const binding = (name: string, byteLength: number) => ({
  name,
  byteLength,
  host: device.memAllocHost(byteLength),
  device: device.memAlloc(byteLength),
});
for (const name of engine.inputs.keys()) context.setInputShape(name, shape);
const inputs = [...engine.inputs.keys()].map((name) => binding(name, 128 * 4));
const outputs = [...engine.outputs.keys()].map((name) => binding(name, 128 * 4));
const slot = context.createExecutionSlot({ stream, inputs, outputs, graph: true });
inputs.forEach(({ host }, i) => {
  new Int32Array(host.buffer).set(Object.values(feeds)[i]!.data);
});
const nothing = { inputs: inputs.map(() => null), outputs: outputs.map(() => null) };

async function measure(run: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < 2200; i++) {
    const start = process.hrtime.bigint();
    await run();
    if (i >= 200) times.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  return times;
}
function measureSync(run: () => unknown): number[] {
  const times: number[] = [];
  for (let i = 0; i < 2200; i++) {
    const start = process.hrtime.bigint();
    run();
    if (i >= 200) times.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  return times;
}

const rounds = Array.from({ length: 3 }, () => 0);
const medians = { bare: [] as number[], runSync: [] as number[], run: [] as number[] };
for (const _ of rounds) {
  medians.bare.push(
    quantile(
      measureSync(() => slot.runSync(nothing.inputs, nothing.outputs)),
      0.5,
    ),
  );
  medians.runSync.push(
    quantile(
      measureSync(() => engine.runSync(feeds)),
      0.5,
    ),
  );
  medians.run.push(quantile(await measure(() => engine.run(feeds)), 0.5));
}
const median = (values: readonly number[]): number => quantile(values, 0.5);
save('run-overhead', {
  model: 'BERT-base, float16, 1×128, question answering, CUDA graph',
  unit: 'microseconds, median of 2000, three rounds',
  medians,
  run_sync_over_bare_us: median(medians.runSync) - median(medians.bare),
  run_over_bare_us: median(medians.run) - median(medians.bare),
  targets: { run_sync_over_bare_us: 15, run_over_bare_us: 60 },
});
