// What INT8 and FP8 cost all-MiniLM-L6-v2 on ONNX Runtime: cosine of each sentence's embedding to the float32 one.
import { openBert } from '@trt-dsl/bert-model';
import {
  collectChannelRanges,
  collectHistograms,
  type Graph,
  quantize,
  type Ranges,
  type RecipeName,
  rangeOf,
  type ScaleMethod,
  smooth,
} from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import {
  bisect,
  cosines,
  embedBy,
  fetchMiniLM,
  quantizedUnits,
  quantizeOnly,
  readLines,
  summaryOf,
  textBatches,
} from '@trt-dsl/tools';
import { report } from './report.ts';

/** The first lines calibrate, the others are compared. */
const calibrationCount = 30;
const lines = readLines('test/quantize/sentences.txt');
const backend = onnxBackend();
using model = openBert(await fetchMiniLM());
const graph: Graph = model.graph('float32');
const calibration = textBatches(model.tokenizer, lines.slice(0, calibrationCount));
const batches = textBatches(model.tokenizer, lines.slice(calibrationCount), 32);
const truth = await embedBy(backend, graph, batches);
const calibrationTruth = await embedBy(backend, graph, calibration);
const observed = { mask: 'attention_mask' } as const;

const histograms = await collectHistograms(graph, backend, calibration, observed);
const rangesBy = (method: ScaleMethod, found = histograms): Ranges =>
  new Map([...found].map(([name, histogram]) => [name, rangeOf(histogram, method)]));

const rows: Record<string, unknown>[] = [];
async function row(
  dataType: 'int8' | 'float8',
  recipe: RecipeName,
  method: ScaleMethod,
  of = graph,
  ranges = rangesBy(method),
  label: { readonly excluded_by_bisect?: readonly string[]; readonly [more: string]: unknown } = {},
): Promise<void> {
  const exclude = label.excluded_by_bisect ?? [];
  const quantized = quantize(of, { dataType, recipe, ranges, exclude });
  const { mean, worst } = summaryOf(cosines(await embedBy(backend, quantized, batches), truth));
  rows.push({ dataType, recipe, method, ...label, mean, worst });
  process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
}

for (const recipe of ['gemm', 'full'] as const) await row('float8', recipe, 'min-max');
for (const method of ['entropy', 'min-max', 'percentile', 'mse'] as const)
  for (const recipe of ['accurate', 'gemm', 'full'] as const) await row('int8', recipe, method);

/** The layers to spare for 0.99, found on the calibration sentences alone, with a margin. */
const tolerance = 0.008;
const options = { dataType: 'int8', recipe: 'gemm', ranges: rangesBy('mse') } as const;
const units = quantizedUnits(graph, 'gemm', calibration[0]!);
const found = await bisect(
  units,
  async (lowered) => {
    const vectors = await embedBy(backend, quantizeOnly(graph, units, options)(lowered), calibration);
    return 1 - summaryOf(cosines(vectors, calibrationTruth)).mean;
  },
  tolerance,
);
await row('int8', 'gemm', 'mse', graph, options.ranges, {
  excluded_by_bisect: found.exclude,
  work_left_in_float: found.share,
});

const channels = await collectChannelRanges(graph, backend, calibration, observed);
for (const layers of ['after-layer-norm', 'all'] as const) {
  const smoothed = smooth(graph, { ranges: channels, layers });
  const found = await collectHistograms(smoothed, backend, calibration, observed);
  for (const method of ['mse', 'percentile'] as const)
    for (const recipe of ['accurate', 'gemm', 'full'] as const)
      await row('int8', recipe, method, smoothed, rangesBy(method, found), { smooth_alpha: 0.5, smooth: layers });
}

report('quantize-minilm', {
  model: 'all-MiniLM-L6-v2 on ONNX Runtime, float32 between quantized layers',
  metric: "cosine of a sentence's embedding to the float32 model's",
  calibration_sentences: calibrationCount,
  sentences: lines.length - calibrationCount,
  bisect: {
    tolerance,
    ranking: found.ranking.slice(0, 8).map(({ unit, error, share }) => ({ layer: unit.pattern, error, share })),
  },
  rows,
});
