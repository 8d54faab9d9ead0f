import { readFileSync } from 'node:fs';
import type { QuantizedType } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { type AutomaticKernel, automaticKernels } from './automatic.ts';
import { bertKernels } from './bert-kernels.ts';
import { type BertFigures, slowerKernels } from './test-support/slower-kernels.ts';

const figuresOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../bench/results/${name}.json`, import.meta.url), 'utf8')).figures;

const table: readonly AutomaticKernel[] = [
  { kernel: 'skipLayerNorm', dataType: 'float16', when: 'always' },
  { kernel: 'qkvToContext', when: { packed: true } },
  { kernel: 'qkvToContext', when: { fromTokens: 8000, upToSequence: 600 } },
];

test('a row of the table counts for its type, form, number of tokens and length', () => {
  expect(automaticKernels({}, table)).toEqual(['skipLayerNorm', 'qkvToContext']);
  expect(automaticKernels({ tokens: 128 }, table)).toEqual(['skipLayerNorm']);
  expect(automaticKernels({ tokens: 128, packed: true }, table)).toEqual(['skipLayerNorm', 'qkvToContext']);
  expect(automaticKernels({ tokens: 8000, dataType: 'bfloat16' }, table)).toEqual(['qkvToContext']);
  expect(automaticKernels({ sequence: 600 }, table)).toEqual(['skipLayerNorm', 'qkvToContext']);
  expect(automaticKernels({ sequence: 601 }, table)).toEqual(['skipLayerNorm']);
});

const row = (kernels: BertFigures['rows'][number]['kernels'], form: string, gpu_ms: number) => ({
  ...{ model: 'base', kernels, form },
  ...{ gpu_ms, gpu_p95_ms: gpu_ms * 1.01 },
});

test('another choice that is faster than what is taken is found, for each form by itself', () => {
  const figures: BertFigures = {
    type: 'float16',
    squad: { tokens: 5000, padded: 12288 },
    rows: [
      row('none', '32x384', 5),
      row('none', '32 of SQuAD, padded to 384', 5),
      row('none', '32x128', 2),
      row('skipLayerNorm', '32x384', 5.2), // not taken: many tokens have attention too
      row('all', '32x384', 9), // not taken, for want of embLayerNorm
      row('skipLayerNorm', '32x128', 2.1), // taken: too few tokens for attention
      row('qkvToContext', '32x128', 2.01),
      row('embLayerNorm', '32x128', 2.09), // within what the runs differ by
    ],
  };
  expect(slowerKernels(figures, table)).toEqual([
    'base 32x128 with skipLayerNorm: 2.100 ms, with none 2.000 ms',
    'base 32x128 with skipLayerNorm: 2.100 ms, with qkvToContext 2.010 ms',
  ]);
  const packed = [...figures.rows, row('all', '32 of SQuAD, packed', 5.1)];
  expect(slowerKernels({ ...figures, rows: packed })).toEqual([
    'base 32x384 with all: 9.000 ms, with none 5.000 ms',
    'base 32x384 with all: 9.000 ms, with skipLayerNorm 5.200 ms',
    'base 32 of SQuAD, packed with all: 5.100 ms, with none 5.000 ms',
  ]);
  expect(slowerKernels({ ...figures, rows: figures.rows.slice(0, 4) }, table)).toEqual([]);
});

test('no other choice that was measured made BERT faster on a GPU than what is taken, which is all of them', () => {
  const figures: BertFigures = figuresOf('plugins-bert');
  expect(automaticKernels({ dataType: figures.type }).toSorted()).toEqual(Object.keys(bertKernels).toSorted());
  expect(figures.rows.filter(({ kernels }) => kernels === 'all')).not.toHaveLength(0);
  expect(slowerKernels(figures)).toEqual([]);
});

test('nor did another choice make it faster in INT8 or FP8, where that of few tokens in FP8 is none', () => {
  interface Row {
    readonly run: string;
    readonly batch: number;
    readonly seq: number;
    readonly variant: string;
    readonly gpu_ms: { readonly median: number; readonly p95: number };
  }
  const rows = figuresOf('h200-quantize') as readonly Row[];
  const choices = new Map<string, boolean>();
  for (const { run, batch, seq, variant, gpu_ms: withKernels } of rows.filter(({ variant: v }) =>
    v.endsWith('gemm:plugins'),
  )) {
    const [quantized] = variant.split(':') as [QuantizedType];
    const of = (name: string) => rows.find((row) => row.run === run && row.variant === name)!.gpu_ms;
    const without = of(`${quantized}:gemm:sequence-first`);
    const taken = automaticKernels({ quantized, tokens: batch * seq }).length > 0;
    const [chosen, others] = taken ? [withKernels, [without, of(`${quantized}:gemm`)]] : [without, [withKernels]];
    for (const other of others) expect(chosen.median, `${run} ${variant}`).toBeLessThan(other.p95);
    choices.set(`${quantized} ${batch}x${seq}`, taken);
  }
  expect([...choices].filter(([, taken]) => !taken)).toEqual([['float8 32x128', false]]);
  expect(choices.size).toBe(6);
  expect(automaticKernels({ quantized: 'float8', tokens: 128, packed: true })).not.toEqual([]);
});

test('attention is taken at the lengths at which it is faster than TensorRT on a GPU, and at no other', () => {
  interface Row {
    readonly plugin: string;
    readonly batch: number;
    readonly seq: number;
    readonly plugin_us: number;
    readonly decomposed_us: number;
  }
  const rows = (figuresOf('plugins-layers').rows as readonly Row[]).filter(({ plugin }) => plugin === 'qkvToContext');
  const taken = ({ batch, seq }: Row) =>
    automaticKernels({ tokens: batch * seq, sequence: seq }).includes('qkvToContext');
  expect(rows.map(taken)).toEqual(rows.map(({ plugin_us, decomposed_us }) => plugin_us < decomposed_us));
  expect(new Set(rows.map(taken))).toEqual(new Set([true, false]));
});
