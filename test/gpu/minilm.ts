// all-MiniLM-L6-v2 through TensorRT against PyTorch: node minilm.js MODEL-FOLDER IDS.json
// Passes if float32 (TF32 off) is within 2e-5 of PyTorch's, and half types within 1.2 × PyTorch's own error in that type.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBert } from '@trt-dsl/bert-model';
import type { FloatType, HostTensor } from '@trt-dsl/dsl';
import { backend, save, timed, timingCache } from './support.ts';

const [folder, idsFile, types = 'float32,float16,bfloat16', sums = 'float32'] = process.argv.slice(2) as [
  string,
  string,
];
const rows = JSON.parse(readFileSync(idsFile, 'utf8')) as readonly (readonly number[])[];
const longest = Math.max(...rows.map(({ length }) => length));
const work = mkdtempSync(join(tmpdir(), 'minilm-'));
const answers = join(work, 'answers.json');
execFileSync('python3', [join(import.meta.dirname, 'minilm.py'), folder, idsFile, answers], { stdio: 'inherit' });
const torch = JSON.parse(readFileSync(answers, 'utf8')) as Readonly<Record<FloatType | 'float64', readonly number[][]>>;
rmSync(work, { recursive: true });

const ids = (value: (row: readonly number[], i: number) => number): HostTensor => ({
  dataType: 'int32',
  shape: [rows.length, longest],
  data: Int32Array.from(rows.flatMap((row) => Array.from({ length: longest }, (_, i) => value(row, i)))),
});
const feeds = {
  input_ids: ids((row, i) => row[i] ?? 0),
  token_type_ids: ids(() => 0),
  attention_mask: ids((row, i) => (i < row.length ? 1 : 0)),
};

function embeddings({ data, shape }: HostTensor): number[][] {
  const width = shape[2]!;
  return rows.map((row, at) => {
    const mean = Array.from({ length: width }, (_, k) =>
      row.reduce((total, _, i) => total + Number(data[(at * longest + i) * width + k]), 0),
    );
    const length = Math.hypot(...mean);
    return mean.map((value) => value / length);
  });
}

const worst = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number =>
  Math.max(...a.flatMap((row, i) => row.map((value, k) => Math.abs(value - b[i]![k]!))));

rmSync(timingCache, { force: true });
const figures: Record<string, unknown> = { sentences: rows.length, longest };
using model = openBert(folder);
for (const dataType of types.split(',') as FloatType[]) {
  const graph = model.graph(dataType);
  const options = {
    profiles: [{ batch: [1, 8, rows.length], seq: [1, 128, 256] }],
    timingCache,
    float16Sums: sums as 'float32',
  } as const;
  const [cold, coldMs] = await timed(() => backend.compile(graph, options));
  cold.close();
  const [warm, warmMs] = await timed(() => backend.compile(graph, options));
  using engine = warm;
  const { last_hidden_state: hidden } = await engine.run(feeds);
  const ours = embeddings(hidden!);
  const limit = dataType === 'float32' ? 2e-5 : 1.2 * worst(torch[dataType], torch.float32);
  const found = worst(ours, torch.float32);
  figures[dataType] = {
    worst_against_torch_float32: found,
    worst_against_torch_float64: worst(ours, torch.float64),
    torch_own_error: worst(torch[dataType], dataType === 'float32' ? torch.float64 : torch.float32),
    limit,
    passed: found <= limit,
    build_cold_ms: coldMs,
    build_warm_ms: warmMs,
    plan_bytes: engine.serialize().byteLength,
  };
  if (!(found <= limit)) process.exitCode = 1;
  save(sums === 'float32' ? 'minilm' : `minilm-${sums}`, figures);
}
