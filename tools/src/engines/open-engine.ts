import {
  type Backend,
  bindFeeds,
  type Engine,
  type Feeds,
  type HostTensor,
  type Profile,
  type Results,
  TrtDslError,
} from '@trt-dsl/dsl';
import type { RunOptions, TensorRT, TensorRTBackend } from '@trt-dsl/trt-bindings';
import { openModel } from '../graphs/model-file.ts';
import { type BackendName, type BackendPlace, loadEngine, openBackend } from './backends.ts';
import { type FeedOptions, feedsFor } from './feeds.ts';

/** A model that is to run. */
export interface ModelOptions extends BackendPlace {
  readonly model: string;
  readonly backend?: BackendName | undefined;
  readonly weights?: string | undefined;
  /** let the engine bring code */
  readonly hostCode?: boolean;
}

export type FeedMap = ReadonlyMap<string, HostTensor>;

/** An engine with the feeds of a command line. */
export interface Runnable extends Disposable {
  readonly engine: Engine;
  /** the backend's name and version */
  readonly backend: string;
  readonly feeds: FeedMap;
  /** the library, where the backend is TensorRT */
  readonly tensorrt: TensorRT | undefined;
}

/**
 * Opens an engine, or compiles a graph for exactly the sizes of its feeds.
 * @param feeds how they are made, or the feeds themselves
 */
export async function openRunnable(
  options: ModelOptions,
  feeds: FeedOptions | FeedMap,
  runOptions: RunOptions & { readonly signal?: AbortSignal } = {},
): Promise<Runnable> {
  const file = openModel(options.model, options.weights);
  const made = (inputs: Engine['inputs']): FeedMap =>
    feeds instanceof Map ? feeds : feedsFor(inputs, feeds as FeedOptions);
  if (file.kind === 'engine') {
    const name = options.backend ?? file.backend;
    if (!name)
      throw new TrtDslError(
        'argument',
        `${options.model} does not say whose engine it is: made elsewhere, or cut short; name it with --backend`,
      );
    if (file.backend && name !== file.backend)
      throw new TrtDslError('argument', `${options.model} is an engine of ${file.backend}, not of ${name}`);
    const backend = openBackend(name, options);
    const { signal: _, ...how } = runOptions; // an engine is there at once
    const engine = await loadEngine(backend, file.bytes, { ...how, hostCode: options.hostCode ?? false });
    try {
      return runnable(backend, engine, made(engine.inputs));
    } catch (error) {
      engine.close();
      throw error;
    }
  }
  const { graph } = file;
  const backend = openBackend(options.backend ?? 'onnx', options);
  const given = made(graph.inputs);
  const profile = profileOf(graph.inputs, given);
  const profiles = graph.dimNames.length > 0 ? { profiles: [profile] } : {};
  const { cudaGraph, ...others } = runOptions;
  const engine = await backend.compile(graph, { ...profiles, ...others, ...(cudaGraph && { cudaGraph }) });
  return runnable(backend, engine, given);
}

const runnable = (backend: Backend, engine: Engine, feeds: FeedMap): Runnable => ({
  engine,
  backend: backend.name,
  feeds,
  tensorrt: (backend as Partial<TensorRTBackend>).tensorrt,
  [Symbol.dispose]: () => engine.close(),
});

/** Each named dim's size in the feeds, as the only size of a profile. */
function profileOf(inputs: Engine['inputs'], feeds: FeedMap): Profile {
  const { sizes } = bindFeeds(inputs, asFeeds(feeds));
  return sizes;
}

export const asFeeds = (feeds: FeedMap): Feeds => Object.fromEntries(feeds) as Feeds;

/** Results in the engine's order of outputs. */
export const resultsOf = (results: Results): FeedMap => new Map(Object.entries(results));
