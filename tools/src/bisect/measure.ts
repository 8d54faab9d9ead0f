import { setImmediate } from 'node:timers/promises';
import {
  type Backend,
  castGraph,
  type Engine,
  type Graph,
  type HostTensor,
  quantize,
  type Ranges,
  type RecipeName,
  toFloat32,
} from '@trt-dsl/dsl';
import type { Measure } from './bisect.ts';
import type { SampleFeeds, Unit } from './units.ts';

/** What the results of all batches are worth compared with those in float32: 0 for the same. */
export type ErrorOf = (found: readonly Outputs[], due: readonly Outputs[], feeds: readonly SampleFeeds[]) => number;
export type Outputs = Readonly<Record<string, HostTensor>>;

/** How a precision is lowered: the graph with only these layers lowered. */
export type Lower = (lowered: readonly Unit[]) => Graph;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Casts: all layers but the units' stay in float32. */
export const castOnly =
  (graph: Graph, dataType: 'float16' | 'bfloat16'): Lower =>
  (lowered) => {
    const names = lowered.flatMap(({ layers }) => layers);
    if (names.length === 0) return graph;
    const others = new RegExp(`^(?!(?:${names.map(escaped).join('|')})$)`);
    const keepFloat32 = graph.nodes.some(({ name }) => others.test(name)) ? [others] : [];
    return castGraph(graph, { dataType, keepFloat32 }).graph;
  };

/** Quantize and dequantize layers around the units' layers alone. */
export const quantizeOnly =
  (
    graph: Graph,
    all: readonly Unit[],
    options: { readonly dataType: 'int8' | 'float8'; readonly recipe: RecipeName; readonly ranges: Ranges },
  ): Lower =>
  (lowered) => {
    const kept = new Set(lowered);
    const excluded = all.filter((unit) => !kept.has(unit)).flatMap(({ layers }) => layers);
    const exclude = excluded.map((name) => new RegExp(`^${escaped(name)}$`));
    return quantize(graph, { ...options, exclude });
  };

/** Runs the model with units lowered over the data, and compares it with float32, until it is told to stop. */
export async function measureOn(
  backend: Backend,
  graph: Graph,
  lower: Lower,
  feeds: readonly SampleFeeds[],
  errorOf: ErrorOf,
  signal?: AbortSignal,
): Promise<Measure> {
  const runAll = async (of: Graph): Promise<readonly Outputs[]> => {
    using engine: Engine = await backend.compile(of);
    const results: Outputs[] = [];
    for (const feed of feeds) {
      results.push(await engine.run(feed));
      await setImmediate(); // where a signal gets through
      signal?.throwIfAborted();
    }
    return results;
  };
  const due = await runAll(graph);
  return async (lowered) => {
    const error = errorOf(await runAll(lower(lowered)), due, feeds);
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  };
}

/** ‖found − due‖ / ‖due‖ over all outputs, 0 where they are the same; NaN for NaN or infinities. */
export const relativeError: ErrorOf = (found, due) => {
  let [difference, length] = [0, 0];
  due.forEach((outputs, at) => {
    for (const [name, output] of Object.entries(outputs)) {
      const other = found[at]![name]!;
      const [a, b] = [output, other].map((tensor) => toFloat32(tensor.dataType, tensor.data)) as [
        Float32Array,
        Float32Array,
      ];
      for (let i = 0; i < a.length; i++) {
        difference += (a[i]! - b[i]!) ** 2;
        length += a[i]! ** 2;
      }
    }
  });
  return difference === 0 ? 0 : Math.sqrt(difference / length);
};
