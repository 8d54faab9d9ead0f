// Puts the results of run.sh together: node merge.mjs FOLDER → FOLDER/bert-squad.json and FOLDER/bert-squad.md
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const parts = (prefix) =>
  readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.json'))
    .sort();

const compare = parts('compare-').map((name) => ({ model: name.split('-')[1], ...read(name) }));
const cells = parts('perf-').flatMap((name) => {
  const { cells: rows, ...about } = read(name);
  return rows.map((row) => ({ model: name.split('-')[1], ...row, about }));
});
const about = cells[0]?.about ?? compare[0] ?? {};
const result = {
  benchmark: 'bert-squad',
  command: 'examples/bert-squad/gpu/run.sh',
  commit: process.env.COMMIT ?? 'unknown',
  device: about.device ?? null,
  backend: about.backend ?? null,
  compare: compare.map(({ origin, engine, ...rest }) => rest),
  perf: cells.map(({ about: _, ...row }) => row),
};
writeFileSync(join(folder, 'bert-squad.json'), `${JSON.stringify(result, undefined, 1)}\n`);

/** `fp16`, or `fp16, plugins`: what keeps the rows of one model apart. */
const kind = ({ precision, plugins }) => {
  const layers = Array.isArray(plugins) ? plugins : (plugins?.layers ?? []);
  return layers.length > 0 ? `${precision}, plugins` : precision;
};
const ms = (value) => value.toFixed(3);
const e = (value) => (value === null ? '–' : value.toExponential(2));
const lines = [
  '| model | precision | output | relative L2 | PyTorch’s own | limit | |',
  '|---|---|---|---:|---:|---:|---|',
  ...compare.flatMap(({ model, outputs, ...how }) =>
    outputs.map(
      (o) =>
        `| ${model} | ${kind(how)} | ${o.output} | ${e(o.relativeL2)} | ${e(o.referenceOwnError)} | ${e(o.limit)} | ${o.passed ? 'passed' : 'FAILED'} |`,
    ),
  ),
  '',
  '| model | precision | batch × seq | GPU avg | median | p95 | p99 | host median | p99 | sequences/s |',
  '|---|---|---|---:|---:|---:|---:|---:|---:|---:|',
  ...cells
    .sort(
      (a, b) => a.model.localeCompare(b.model) || kind(a).localeCompare(kind(b)) || a.seq - b.seq || a.batch - b.batch,
    )
    .map(({ model, batch, seq, gpu, host, sequencesPerSecond, ...how }) => {
      const t = gpu ?? host;
      return `| ${model} | ${kind(how)} | ${batch} × ${seq} | ${[t.average, t.median, t.p95, t.p99, host.median, host.p99].map(ms).join(' | ')} | ${sequencesPerSecond.toFixed(0)} |`;
    }),
];
writeFileSync(join(folder, 'bert-squad.md'), `${lines.join('\n')}\n`);
