// Memory while BERT-large's graph is written and lowered from a file on disk. npm run bench -- lower-memory
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bert, bertLarge } from '@trt-dsl/bert-model';
import { Weights, weightsByName } from '@trt-dsl/dsl';
import { toOnnx, writeOnnx } from '@trt-dsl/onnx-backend';
import { openWeights, type Parameters, WeightStore, writeSafetensors } from '@trt-dsl/weights';
import { report } from './report.ts';

const zeros: Parameters<'float32'> = {
  dataType: 'float32',
  get: (name, shape) => {
    const bytes = 4 * shape.reduce((a, b) => a * b, 1);
    return Weights.from({ name, dataType: 'float32', shape, read: () => new Uint8Array(bytes).fill(60) });
  },
  scope: () => zeros,
};

/** The largest resident size of this process so far, in bytes; Linux. */
const peak = (): number => 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-bench-'));
try {
  const source = bert(zeros, bertLarge, { task: 'question-answering' });
  await writeSafetensors(join(folder, 'large.safetensors'), weightsByName(source));
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const peakBefore = peak();
  using file = openWeights(join(folder, 'large.safetensors'));
  const store = WeightStore.of(file, 'float32');
  const graph = bert(store, bertLarge, { task: 'question-answering' });
  const model = toOnnx(graph);
  const afterLowering = peak();
  await writeOnnx(model, join(folder, 'large.onnx'), { weights: 'external' });
  const bytes = graph.weights.reduce((sum, weights) => sum + weights.byteLength, 0);
  report('lower-memory', {
    model: 'BERT-large, question answering, float32 safetensors',
    weights_bytes: bytes,
    rss_before: before,
    peak_before: peakBefore,
    peak_after_graph_and_lowering: afterLowering,
    peak_after_writing_onnx: peak(),
    peak_over_weights: peak() / bytes,
  });
} finally {
  rmSync(folder, { recursive: true });
}
