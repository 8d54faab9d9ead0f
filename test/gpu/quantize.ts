// BERT with random weights in float16, INT8 and FP8 on the GPU:
//   node quantize.js base 32x128,128x128 float16,int8:gemm,int8:accurate,float8:gemm [label]
// The ranges are in quantize-ranges-<model>.txt, which `npm run bench -- quantize-ranges base` makes without a GPU. For each engine:
// GPU time between events, engine size, the logits' relative error to the float16 engine of the same cell, and what the engine's
// layer information says of every matrix product. $OUT gets the results after each engine, and the raw layer information.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bert, bertBase, bertLarge, randomParameters } from '@trt-dsl/bert-model';
import {
  type FloatType,
  type Graph,
  type HostTensor,
  type QuantizedType,
  quantize,
  type RecipeName,
  type Results,
  readCalibrationCache,
  recipes,
  smooth,
} from '@trt-dsl/dsl';
import { bertKernels, pluginLibrary } from '@trt-dsl/plugins-cuda';
import { measureGpu, tensorrt } from '@trt-dsl/trt-bindings';
import { integers } from './integers.ts';
import { gemmTable } from './layer-information.ts';
import { quantile, save, saveText, timed, timingCache } from './support.ts';

const backend = tensorrt({ product: 'trt10', pluginLibraries: [pluginLibrary()] });
const configs = { base: bertBase, large: bertLarge } as const;
const [
  models = 'base',
  cells = '32x128,128x128',
  variants = 'float16,int8:gemm,int8:accurate,float8:gemm',
  label = 'bert',
] = process.argv.slice(2);
const figures: Record<string, unknown>[] = [];

/**
 * A type, then in any order a recipe and `smooth`, `float` (kernels of the products in float between Q/DQ), `plugins`,
 * `sequence-first` (the encoder on `[seq, batch, hidden]`, without the attention kernel) or `fastest` (float16 products sum
 * as TensorRT likes): `float16`, `float16:plugins`, `int8:accurate`, `int8:gemm:smooth`.
 */
function graphOf(model: keyof typeof configs, variant: string): Graph {
  const [type, ...how] = variant.split(':') as [string, ...string[]];
  const quantized = type === 'int8' || type === 'float8';
  const floatType = (quantized ? 'float16' : type) as FloatType;
  const sequenceFirst = how.includes('sequence-first');
  const { qkvToContext, ...others } = how.includes('plugins') ? bertKernels : {};
  const kernels = sequenceFirst || !qkvToContext ? others : { ...others, qkvToContext };
  const graph = bert(randomParameters(floatType), configs[model], {
    task: 'question-answering',
    sequenceFirst,
    kernels,
  });
  if (!quantized) return graph;
  const file = join(import.meta.dirname, '..', `quantize-ranges-${model}.txt`);
  const { ranges } = readCalibrationCache(readFileSync(file, 'utf8'), file);
  return quantize(how.includes('smooth') ? smooth(graph, { ranges }) : graph, {
    dataType: type as QuantizedType,
    recipe: how.find((word) => Object.hasOwn(recipes, word)) as RecipeName,
    ranges,
    ...(how.includes('float') && { weights: 'float' }),
  });
}

function feedsOf(batch: number, seq: number): Record<string, HostTensor> {
  const ids = (value: (i: number) => number) => integers([batch, seq], value);
  return {
    input_ids: ids((i) => 1000 + ((i * 7919) % 20000)),
    token_type_ids: ids((i) => (i % seq < seq / 3 ? 0 : 1)),
    attention_mask: ids(() => 1),
  };
}

/** ‖a − b‖ / ‖b‖ over all outputs. */
function relativeError(a: Results, b: Results): number {
  let [difference, length] = [0, 0];
  for (const [name, { data }] of Object.entries(b))
    data.forEach((value, i) => {
      difference += (Number(a[name]!.data[i]) - Number(value)) ** 2;
      length += Number(value) ** 2;
    });
  return Math.sqrt(difference / length);
}

for (const model of models.split(',') as (keyof typeof configs)[])
  for (const cell of cells.split(',')) {
    const [batch, seq] = cell.split('x').map(Number) as [number, number];
    const feeds = feedsOf(batch, seq);
    let base: { readonly results: Results; readonly median: number } | undefined;
    for (const variant of variants.split(',')) {
      const float16Sums = variant.split(':').includes('fastest') ? 'fastest' : 'float32';
      const options = { profiles: [{ batch, seq }], timingCache, cudaGraph: true, lanes: 1, float16Sums } as const;
      const [engine, buildMs] = await timed(() => backend.compile(graphOf(model, variant), options));
      const times = measureGpu(backend.tensorrt, engine, new Map(Object.entries(feeds)), { runs: 200 });
      const median = quantile(times, 0.5);
      const results = await engine.run(feeds);
      base ??= { results, median };
      using inspector = engine.native.createEngineInspector();
      const information = inspector.getEngineInformation('JSON');
      saveText(`quantize-layers-${model}-${cell}-${variant.replaceAll(':', '-')}.json`, information);
      figures.push({
        model,
        batch,
        seq,
        variant,
        gpu_ms: { median, p95: quantile(times, 0.95), p99: quantile(times, 0.99) },
        sentences_per_second: (batch * 1000) / median,
        faster_than_first: base.median / median,
        logits_relative_error_to_first: relativeError(results, base.results),
        plan_bytes: engine.serialize().byteLength,
        build_ms: buildMs,
        gemms: gemmTable(information),
      });
      engine.close();
      save(`quantize-${label}`, figures);
      process.stderr.write(`${model} ${cell} ${variant}: ${median.toFixed(3)} ms, built in ${buildMs.toFixed(0)} ms\n`);
    }
  }
