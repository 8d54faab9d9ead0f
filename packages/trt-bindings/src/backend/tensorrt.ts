import { type Backend, type Graph, type Tensor, type Tensors, type TensorType, TrtDslError } from '@trt-dsl/dsl';
import { loadTensorRT } from '../load.ts';
import type { TensorRT } from '../types.ts';
import { build } from './build.ts';
import { chooseDevice } from './device.ts';
import { notesOf, TensorRTEngine } from './engine.ts';
import { type RunOptions, requireOptions, type TensorRTCompileOptions, type TensorRTOptions } from './options.ts';
import { type PlanNotes, splitNotes } from './plan.ts';
import { pluginNotes, requirePlugins } from './plugins.ts';

/** TensorRT as a backend: compiles on any machine that the product can build on, runs on an NVIDIA GPU. */
export interface TensorRTBackend extends Backend<TensorRTCompileOptions> {
  readonly tensorrt: TensorRT;
  compile<I extends Tensors, O extends Tensors>(
    graph: Graph<I, O>,
    options?: TensorRTCompileOptions,
  ): Promise<TensorRTEngine<I, O>>;
  /**
   * An engine from what `serialize` gave, or from a plan made elsewhere.
   * @throws TrtDslError 'unsupported' for another product's engine, or a plugin inside that no loaded library has: name,
   * version, library; 'argument' for an engine that brings code, without `hostCode`
   */
  load(bytes: Uint8Array, options?: RunOptions): Promise<TensorRTEngine>;
}

/**
 * The TensorRT backend.
 * @throws TensorRTError if no library is found; the message says where it was looked for, and how to get it
 */
export function tensorrt(options: TensorRTOptions = {}): TensorRTBackend {
  requireOptions('tensorrt', options);
  const { product, root, device } = options;
  const library = loadTensorRT({ ...(product && { product }), ...(root && { root }) });
  for (const path of options.pluginLibraries ?? []) library.getPluginRegistry().loadLibrary(path);
  const where = device === undefined ? {} : { device };
  return {
    name: `${library.product} ${library.version}`,
    tensorrt: library,
    async compile<I extends Tensors, O extends Tensors>(
      graph: Graph<I, O>,
      compileOptions: TensorRTCompileOptions = {},
    ) {
      requireOptions('compile', compileOptions);
      const { plan, graph: lowered } = await build(library, graph, compileOptions, device);
      const notes: PlanNotes = {
        product: library.product,
        version: library.version,
        inputs: typesOf(graph.inputs),
        outputs: typesOf(graph.outputs),
        ...pluginNotes(lowered, options.pluginLibraries),
        ...(compileOptions.versionCompatible && { hostCode: true }),
      };
      const hostCode = compileOptions.hostCode || notes.hostCode === true;
      return new TensorRTEngine<I, O>(library, plan, notes, { ...where, ...compileOptions, hostCode });
    },
    async load(bytes, runOptions = {}) {
      requireOptions('load', runOptions);
      const { plan, notes } = splitNotes(bytes);
      if (notes) {
        if (notes.product !== library.product)
          throw new TrtDslError(
            'unsupported',
            `the engine was built by ${notes.product} ${notes.version}, this is ${library.product} ${library.version}: load it with tensorrt({ product: '${notes.product}' }), or compile its graph here`,
          );
        requirePlugins(library, notes);
        if (notes.hostCode && !runOptions.hostCode)
          throw new TrtDslError(
            'argument',
            'the engine brings a runtime of its own (versionCompatible), which is code: load(bytes, { hostCode: true }), or --host-code of trt-dsl, runs it, if you trust where the engine is from',
          );
        return new TensorRTEngine(library, plan, notes, { ...where, ...runOptions });
      }
      chooseDevice(library, device);
      using runtime = library.createInferRuntime();
      if (runOptions.hostCode) runtime.setEngineHostCodeAllowed(true);
      using native = await runtime.deserializeCudaEngineAsync(plan);
      return new TensorRTEngine(library, plan, notesOf(library, native), { ...where, ...runOptions });
    },
  };
}

/** The types alone, without the network that tensors belong to. */
const typesOf = (tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, TensorType> =>
  new Map([...tensors].map(([name, { dataType, shape }]) => [name, { dataType, shape }]));
