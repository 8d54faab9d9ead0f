// The READMEs' tables of BERT on a GPU, each between <!-- name --> and <!-- end -->, against bench/results: a cell has the
// file's figure, and is empty where the file has none.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const resultOf = (name: string) => JSON.parse(read(`bench/results/${name}.json`));

interface Quantized {
  readonly run: string;
  readonly variant: string;
  readonly gpu_ms: { readonly median: number };
  readonly faster_than_first: number;
  readonly plan_bytes: number;
  readonly logits_relative_error_to_first: number;
}
interface Plugins {
  readonly model: string;
  readonly form: string;
  readonly kernels: string;
  readonly gpu_ms: number;
}
interface Cell {
  readonly model: string;
  readonly batch: number;
  readonly seq: number;
}
interface Perf extends Cell {
  readonly precision: string;
  readonly plugins: readonly string[];
  readonly commit: string;
  readonly gpu: { readonly median: number };
}
interface Peer extends Cell {
  readonly gpu_ms: number;
  readonly tensorrt_gpu_ms: number;
}
const quantized: readonly Quantized[] = resultOf('h200-quantize').figures;
const plugins: readonly Plugins[] = resultOf('plugins-bert').figures.rows;
const squad: { readonly perf: readonly Perf[]; readonly peers: { readonly cells: readonly Peer[] } } =
  resultOf('h200-bert-squad');

const ms = (value: number | undefined): string => value?.toFixed(3) ?? '';
const beside = (value: number | undefined, float16: number | undefined): string =>
  value === undefined || float16 === undefined ? '' : `${ms(value)} (${(float16 / value).toFixed(2)} ×)`;

/** Row `base 32x128 of f233acb`, variant `int8:gemm:plugins`. */
const quantizedAt = (run: string, variant: string): Quantized | undefined =>
  quantized.find((row) => row.run === run && row.variant === variant);
function quantizedTime(run: string, variant: string): string {
  const row = quantizedAt(run, variant);
  return variant === 'float16' ? ms(row?.gpu_ms.median) : row ? `${ms(row.gpu_ms.median)} (${times(row)})` : '';
}
const times = (row: Quantized): string => `${row.faster_than_first.toFixed(2)} ×`;
const pluginsTime = (model: string, form: string, kernels: 'none' | 'all'): number | undefined =>
  plugins.find((row) => row.model === model && row.form === form && row.kernels === kernels)?.gpu_ms;
/** `base 32x128`. */
const isAt = (place: string, { model, batch, seq }: Cell): boolean => place === `${model} ${batch}x${seq}`;
const perfAt = (place: string, precision: string, withPlugins = false): Perf | undefined =>
  squad.perf.find((row) => isAt(place, row) && row.precision === precision && row.plugins.length > 0 === withPlugins);
const peerAt = (place: string): Peer | undefined => squad.peers.cells.find((row) => isAt(place, row));
const compact = (words: string): string => words.replaceAll(/ ?× ?/g, 'x');

/** Holds a table's cells against what `figure` makes of the words of row and column, bold type aside. */
function holdTable(readme: string, name: string, figure: (row: string, column: string) => string): void {
  const table = new RegExp(`<!-- ${name} -->\n+(\\|.*?)\n+<!-- end -->`, 's').exec(read(readme));
  const [head, , ...rows] = table![1]!.split('\n').map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.replaceAll('**', '').trim()),
  );
  const expected = rows.map(([row]) => [row, ...head!.slice(1).map((column) => figure(row!, column))]);
  expect(expected.flat().filter((cell) => /^\d/.test(cell!)).length).toBeGreaterThan(8);
  expect(rows).toEqual(expected);
}

/** FP8 `gemm`, sequence first → float8:gemm:sequence-first */
const variantOf = (words: string): string =>
  words
    .replaceAll('`', '')
    .replace(/^FP8/i, 'float8')
    .replace(/^INT8/i, 'int8')
    .replace('sequence first', 'sequence-first')
    .replaceAll(/,? /g, ':');

test.each(['f233acb', '73dcc5e'])('what quantizing gains BERT, in the run of %s', (commit) => {
  holdTable('packages/dsl/src/quantize/README.md', commit, (row, column) => {
    const variant = variantOf(row);
    const first = quantizedAt(`base 32x128 of ${commit}`, variant);
    if (column === 'engine') return first ? `${(first.plan_bytes / 1e6).toFixed(0)} MB` : '';
    if (column === 'error')
      return first && variant !== 'float16' ? first.logits_relative_error_to_first.toFixed(3) : '';
    return quantizedTime(`${compact(column)} of ${commit}`, variant);
  });
});

test('what the plugins gain BERT in float16', () => {
  holdTable('packages/plugins-cuda/README.md', 'bert', (row, column) => {
    const [model, ...form] = row.split(', ');
    const time = (kernels: 'none' | 'all') => pluginsTime(model!, compact(form.join(', ')), kernels);
    const [none, all] = [time('none'), time('all')];
    if (column === 'times as fast') return none && all ? `${(none / all).toFixed(2)} ×` : '';
    return ms(column === 'none' ? none : all);
  });
});

/** FP8, plugins → float8:gemm:plugins; without plugins the sequence is in front. */
const gemm = (words: string): string => {
  const [type, form = 'sequence first'] = words.split(', ');
  return variantOf(`${type} gemm, ${form}`);
};

test('what the plugins gain BERT in FP8 and INT8', () => {
  holdTable('packages/plugins-cuda/README.md', 'quantized', (row, column) =>
    ms(quantizedAt(`base ${compact(row)} of f233acb`, gemm(column))?.gpu_ms.median),
  );
});

test('what bert-squad build gains by fp8 and int8', () => {
  holdTable('examples/bert-squad/README.md', 'quantized', (row, column) =>
    quantizedTime(`${compact(row).replace(',', '')} of f233acb`, column === 'fp16' ? 'float16' : gemm(column)),
  );
});

test('the times that bert-squad perf took, each of them in the table', () => {
  let found = 0;
  holdTable('examples/bert-squad/README.md', 'perf', (row, column) => {
    const place = compact(row).replace(',', '');
    const [precision, form] = column.split(', ');
    const peer = precision === 'PyTorch' ? peerAt(place) : undefined;
    const perf = peer ? undefined : perfAt(place, precision!, form !== undefined);
    if (peer) return `${ms(peer.gpu_ms)} *`;
    found += perf ? 1 : 0;
    return ms(perf?.gpu.median) + (perf?.commit === '6c300cc' ? ' *' : '');
  });
  expect(found).toBe(squad.perf.length);
});

test("the root README's table of BERT-base", () => {
  const rows: { readonly [words: string]: (place: string) => string } = {
    'float16, ordinary layers': (place) => ms(perfAt(place, 'fp16')?.gpu.median),
    'float16, our plugins': (place) => {
      const time = (kernels: 'none' | 'all') => pluginsTime('base', place.slice('base '.length), kernels);
      return beside(time('all'), time('none'));
    },
    'FP8 `gemm`, ordinary layers': (place) => quantizedTime(`${place} of f233acb`, 'float8:gemm:sequence-first'),
    'FP8 `gemm`, our plugins': (place) => quantizedTime(`${place} of f233acb`, 'float8:gemm:plugins'),
    'INT8 `gemm`, ordinary layers': (place) => quantizedTime(`${place} of f233acb`, 'int8:gemm:sequence-first'),
    'INT8 `gemm`, our plugins': (place) => quantizedTime(`${place} of f233acb`, 'int8:gemm:plugins'),
    'INT8 `full`, ordinary layers': (place) => quantizedTime(`${place} of 73dcc5e`, 'int8:full'),
    'PyTorch 2.11 float16, eager with SDPA, in a CUDA graph': (place) =>
      beside(peerAt(place)?.gpu_ms, peerAt(place)?.tensorrt_gpu_ms),
    'float32, TF32 off': (place) => beside(perfAt(place, 'fp32')?.gpu.median, peerAt(place)?.tensorrt_gpu_ms),
  };
  holdTable('README.md', 'bert', (row, column) => rows[row]!(`base ${compact(column)}`));
});
