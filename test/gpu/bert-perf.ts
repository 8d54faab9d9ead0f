// BERT on the GPU, cell by cell: node bert-perf.js base,large float16 1x128,32x128,… [label [float32|fastest]]
// A static engine a cell, one CUDA graph, GPU time between events and host time of engine.runSync; PyTorch in the same run.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { bert, bertBase, bertLarge, randomParameters } from '@trt-dsl/bert-model';
import type { FloatType } from '@trt-dsl/dsl';
import { measureGpu } from '@trt-dsl/trt-bindings';
import { integers } from './integers.ts';
import { backend, quantile, save, timed, timingCache } from './support.ts';

const configs = { base: bertBase, large: bertLarge } as const;
const [models = 'base', type = 'float16', cells = '1x128', label = type, sums = 'float32'] = process.argv.slice(2);
const figures: unknown[] = [];

function summary(times: readonly number[]): Record<string, number> {
  const average = times.reduce((a, b) => a + b, 0) / times.length;
  return { average, median: quantile(times, 0.5), p95: quantile(times, 0.95), p99: quantile(times, 0.99) };
}

for (const model of models.split(',') as (keyof typeof configs)[])
  for (const cell of cells.split(',')) {
    const [batch, seq] = cell.split('x').map(Number) as [number, number];
    const config = configs[model];
    const graph = bert(randomParameters(type as FloatType), config, { task: 'question-answering' });
    const options = {
      profiles: [{ batch, seq }],
      timingCache,
      cudaGraph: true,
      lanes: 1,
      float16Sums: sums as 'float32',
    };
    const [engine, buildMs] = await timed(() => backend.compile(graph, options));
    const ids = (value: (i: number) => number) => integers([batch, seq], value);
    const feeds = {
      input_ids: ids((i) => 1000 + (i % 20000)),
      token_type_ids: ids((i) => (i % seq < seq / 3 ? 0 : 1)),
      attention_mask: ids(() => 1),
    };
    const gpu = summary(measureGpu(backend.tensorrt, engine, new Map(Object.entries(feeds)), { runs: 200 }));
    const host: number[] = [];
    for (let i = 0; i < 120; i++) {
      const start = performance.now();
      engine.runSync(feeds);
      if (i >= 20) host.push(performance.now() - start);
    }
    const row = {
      model,
      type,
      batch,
      seq,
      build_ms: buildMs,
      plan_bytes: engine.serialize().byteLength,
      gpu_ms: gpu,
      host_ms: summary(host),
      sentences_per_second: (batch * 1000) / gpu['median']!,
    };
    engine.close();
    figures.push(row);
    process.stdout.write(
      `${model} ${cell} ${type}: ${gpu['median']!.toFixed(3)} ms GPU, ${row.host_ms['median']!.toFixed(3)} ms host, built in ${(buildMs / 1000).toFixed(1)} s\n`,
    );
  }

const torch = execFileSync('python3', [join(import.meta.dirname, 'bert_perf.py'), models, type, cells], {
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
});
save(`bert-perf-${label}`, { cells: figures, torch: JSON.parse(torch) });
