import type { Backend, CompileOptions, Feeds, HostTensor } from '../backend.ts';
import { toFloat32 } from '../convert.ts';
import { TrtDslError } from '../errors.ts';
import { Graph } from '../graph.ts';
import { count, type Histogram, histogramBins, largestMagnitude, type Spans } from './histogram.ts';
import { paddingMask, spansOf } from './mask.ts';
import { findPoints, noLayers, quantizedTensors, type Selection } from './points.ts';
import type { Ranges } from './ranges.ts';
import { rangeOf, type ScaleMethod, type ScaleOptions } from './scale-methods.ts';

/** Feeds to calibrate with. They are gone through twice: a list, or a function that begins anew. */
export type CalibrationData = Iterable<Feeds> | AsyncIterable<Feeds> | (() => Iterable<Feeds> | AsyncIterable<Feeds>);

/** How tensors are observed. */
export interface ObserveOptions extends Selection {
  /** an input `[batch, seq]` that is 0 at padding, whose values then do not count: `attention_mask` */
  readonly mask?: string;
  /** options of the backend's compile, such as profiles */
  readonly compile?: CompileOptions;
  readonly signal?: AbortSignal;
  /** called after each batch */
  readonly onProgress?: (pass: 'ranges' | 'histograms', batches: number) => void;
}

/** How a graph is calibrated. */
export interface CalibrationOptions extends ObserveOptions, ScaleOptions {
  /** `mse` by default; `entropy` clips the outliers that BERT needs */
  readonly method?: ScaleMethod;
}

/**
 * The ranges of all tensors that a recipe quantizes (`full` by default, which serves every recipe), by running the float
 * graph over data. What is held is a histogram of 2048 bins a tensor, whatever the amount of data.
 * @throws TrtDslError 'argument' if there is no data, or a tensor is NaN or infinite, which is named
 */
export async function calibrate(
  graph: Graph,
  backend: Backend,
  feeds: CalibrationData,
  options: CalibrationOptions = {},
): Promise<Ranges> {
  const { method = 'mse' } = options;
  const histograms = await collectHistograms(graph, backend, feeds, options);
  return new Map([...histograms].map(([name, histogram]) => [name, rangeOf(histogram, method, options)]));
}

/**
 * Histograms of the magnitudes of the tensors that a recipe quantizes, by name: `rangeOf` chooses ranges from them, by
 * several methods if wanted. Two passes over the data, the first for the largest magnitudes.
 * @throws as `calibrate`
 */
export async function collectHistograms(
  graph: Graph,
  backend: Backend,
  feeds: CalibrationData,
  options: ObserveOptions = {},
): Promise<ReadonlyMap<string, Histogram>> {
  const largest = new Map<string, number>();
  const observed = await observe(graph, backend, options);
  try {
    await observed.each(feeds, 'ranges', (name, values, spans) => {
      largest.set(name, largestMagnitude(values, spans, largest.get(name) ?? 0, name));
    });
    const histograms = new Map(
      [...largest].map(([name, amax]) => [name, { amax, counts: new Float64Array(histogramBins) }]),
    );
    await observed.each(feeds, 'histograms', (name, values, spans) => {
      const histogram = histograms.get(name)!;
      const found = largestMagnitude(values, spans, histogram.amax, name);
      if (found > histogram.amax)
        throw new TrtDslError(
          'argument',
          `calibration: tensor "${name}" reached ${histogram.amax} in the first pass over the data and ${found} in the second; give the same data twice`,
        );
      count(histogram, values, spans);
    });
    return histograms;
  } finally {
    observed.close();
  }
}

/** What is done with a tensor of one run. */
export type Visit = (name: string, values: Float32Array, spans: Spans, sizes: readonly number[]) => void;

/** A graph compiled so that the tensors a recipe quantizes can be looked at. */
export async function observe(graph: Graph, backend: Backend, options: ObserveOptions) {
  const points = findPoints(graph, { recipe: 'full', ...options });
  const tensors = quantizedTensors(points);
  const mask = options.mask === undefined ? undefined : paddingMask(graph, options.mask);
  if (tensors.size === 0) throw noLayers(graph);
  const outputs = [...tensors].map(([name, tensor], i) => ({ output: `calibrated_${i}`, name, tensor }));
  const marked = outputs.map(({ output, tensor }) => [output, tensor] as const);
  const watched = new Graph(points.graph.name, points.graph.nodes, new Map([...points.graph.outputs, ...marked]));
  const engine = await backend.compile(watched, options.compile);
  return {
    close: () => engine.close(),
    async each(feeds: CalibrationData, pass: 'ranges' | 'histograms', visit: Visit): Promise<void> {
      let batches = 0;
      for await (const feed of typeof feeds === 'function' ? feeds() : feeds) {
        options.signal?.throwIfAborted();
        const results = await engine.run(feed);
        const kept = options.mask === undefined ? undefined : elementsOf(feed[options.mask]!);
        for (const { output, name, tensor } of outputs) {
          const { dataType, data, shape } = results[output] as HostTensor;
          visit(name, toFloat32(dataType, data), spansOf(tensor, shape, mask, kept), shape);
        }
        batches++;
        options.onProgress?.(pass, batches);
      }
      if (batches === 0)
        throw new TrtDslError(
          'argument',
          pass === 'ranges'
            ? 'calibration: there is no data; give at least one batch'
            : 'calibration: the data cannot be gone through twice; give a list, or a function that begins anew',
        );
    },
  };
}

const elementsOf = (feed: Feeds[string]): ArrayLike<number | bigint> =>
  ArrayBuffer.isView(feed) ? (feed as ArrayLike<number | bigint>) : (feed as HostTensor).data;
