import type { DataType, HostArray } from './data-type.ts';
import type { Graph } from './graph.ts';
import type { TensorType } from './tensor.ts';

/** A tensor in host memory: sizes and the elements in row-major order. */
export interface HostTensor<D extends DataType = DataType> {
  readonly dataType: D;
  readonly shape: readonly number[];
  readonly data: HostArray<D>;
}

/**
 * What is fed to an input: the elements, and the sizes where they do not follow from the number of elements and the
 * other inputs.
 */
export type Feed = HostArray | { readonly data: HostArray; readonly shape: readonly number[] };

/** Feeds by the name of the input. */
export type Feeds = Readonly<Record<string, Feed>>;

/** Results by the name of the output. */
export type Results = { readonly [name: string]: HostTensor };

/** For each named dim `[min, opt, max]`, or one number for all three (nvinfer1::IOptimizationProfile). */
export type Profile = Readonly<Record<string, number | readonly [min: number, opt: number, max: number]>>;

/** What every backend's `compile` takes. */
export interface CompileOptions {
  /** ranges of the named dims; several profiles if one cannot serve all. Every name of the graph appears in each. */
  readonly profiles?: readonly Profile[];
  readonly signal?: AbortSignal;
  /** called with what is being done and how far it is, 0 to 1 */
  readonly onProgress?: (phase: string, fraction: number) => void;
}

/** A compiled graph, ready to run. `using engine = …` closes it. */
export interface Engine {
  /** types by name, in the order of the graph; sizes are numbers or names */
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  /**
   * Runs once. May be called again before the first call is done.
   * @throws TrtDslError 'argument', 'shape' or 'data-type' for a feed that is missing, unknown or does not fit; 'closed'
   */
  run(feeds: Feeds): Promise<Results>;
  /** The compiled form, which `load` of the same backend takes. */
  serialize(): Uint8Array;
  /** Frees what the engine holds; a second call does nothing. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Something that compiles graphs and runs them. The same code runs on each. */
export interface Backend<Options extends CompileOptions = CompileOptions> {
  readonly name: string;
  compile(graph: Graph, options?: Options): Promise<Engine>;
  /** An engine from what `serialize` gave. */
  load(bytes: Uint8Array): Promise<Engine>;
}
