import type { DataType, HostArray } from './data-type.ts';
import type { Graph } from './graph.ts';
import type { Tensor, TensorType } from './tensor.ts';

/** A tensor in host memory: sizes and the elements in row-major order. */
export interface HostTensor<D extends DataType = DataType> {
  readonly dataType: D;
  readonly shape: readonly number[];
  readonly data: HostArray<D>;
}

/**
 * What is fed to an input: the elements, and the sizes where they do not follow from the number of elements and the
 * other inputs. A result may be fed as it is: the type that it names has to be the input's.
 */
export type Feed<D extends DataType = DataType> =
  | HostArray<D>
  | { readonly dataType?: D; readonly data: HostArray<D>; readonly shape: readonly number[] };

/** Tensors by name: a graph's inputs or outputs, as far as the compiler knows them. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Feeds by the name of the input. */
export type Feeds<I extends Tensors = Tensors> = { readonly [N in keyof I]: Feed<I[N]['dataType']> };

/** Results by the name of the output. */
export type Results<O extends Tensors = Tensors> = { readonly [N in keyof O]: HostTensor<O[N]['dataType']> };

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

/**
 * A compiled graph, ready to run. `using engine = …` closes it.
 * @typeParam I, O the inputs and outputs, known where the graph was made with `net.graph({ inputs, outputs })`
 */
export interface Engine<I extends Tensors = Tensors, O extends Tensors = Tensors> {
  /** types by name, in the order of the graph; sizes are numbers or names */
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  /**
   * Runs once, on the feeds as they are at the call. May be called again before the first call is done.
   * @throws TrtDslError 'argument', 'shape' or 'data-type' for a feed that is missing, unknown or does not fit; 'closed'
   */
  run(feeds: Feeds<I>): Promise<Results<O>>;
  /** The compiled form, which `load` of the same backend takes. */
  serialize(): Uint8Array;
  /** Frees what the engine holds; a second call does nothing. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Something that compiles graphs and runs them. The same code runs on each. */
export interface Backend<Options extends CompileOptions = CompileOptions> {
  readonly name: string;
  compile<I extends Tensors, O extends Tensors>(graph: Graph<I, O>, options?: Options): Promise<Engine<I, O>>;
  /** An engine from what `serialize` gave. The bytes are kept, not copied: they must not change while the engine is used. */
  load(bytes: Uint8Array): Promise<Engine>;
}
