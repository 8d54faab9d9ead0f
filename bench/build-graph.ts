// How long BERT-large takes to be written and lowered, weights apart. Run it with: npm run bench -- build-graph
import { bert, bertLarge } from '@trt-dsl/bert-model';
import { type FloatType, print, Weights } from '@trt-dsl/dsl';
import { toOnnx } from '@trt-dsl/onnx-backend';
import type { Parameters } from '@trt-dsl/weights';
import { report } from './report.ts';

/** Weights of any shape; their bytes would be made on demand. */
const nameless = <D extends FloatType>(dataType: D, path = ''): Parameters<D> => ({
  dataType,
  get: (name, shape) => Weights.from({ name: `${path}${name}`, dataType, shape, read: () => new Uint8Array(0) }),
  scope: (name) => nameless(dataType, `${path}${name}/`),
});

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const runs = Array.from({ length: 15 }, () => {
  const start = performance.now();
  const graph = bert(nameless('float32'), bertLarge, { task: 'question-answering' });
  const built = performance.now();
  toOnnx(graph);
  const lowered = performance.now();
  return { graph, build: built - start, lower: lowered - built, total: lowered - start };
});

const [{ graph }] = runs as [(typeof runs)[number]];
report('build-graph', {
  model: 'BERT-large, question answering, dynamic batch and sequence',
  nodes: graph.nodes.length,
  lines: print(graph).split('\n').length,
  first_ms: runs[0]!.total,
  median_build_ms: median(runs.map(({ build }) => build)),
  median_lower_ms: median(runs.map(({ lower }) => lower)),
  median_total_ms: median(runs.map(({ total }) => total)),
});
