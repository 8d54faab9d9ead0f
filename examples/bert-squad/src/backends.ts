import {
  type Backend,
  type CompileOptions,
  type Engine,
  type Graph,
  messageOf,
  pluginsIn,
  TrtDslError,
} from '@trt-dsl/dsl';
import type { TensorRTBackend, TensorRTCompileOptions } from '@trt-dsl/trt-bindings';

/** What can build and run an engine, best first. */
export const backendNames = ['tensorrt', 'tensorrt-rtx', 'onnx'] as const;
export type BackendName = (typeof backendNames)[number];

/** What built an engine. */
export interface BackendVersion {
  readonly name: BackendName;
  /** the product in the binding's words: trt10, trt11, rtx; empty for ONNX Runtime */
  readonly product: string;
  readonly version: string;
}

/** How an engine is built; what a backend has no use for is left alone. */
export type BuildOptions = CompileOptions &
  Pick<TensorRTCompileOptions, 'workspace' | 'timingCache' | 'optimizationLevel' | 'tf32' | 'cudaGraph' | 'lanes'>;

/** The library that has the plugins of a network or an engine; a backend without plugins has no use for it. */
export interface PluginLibrary {
  readonly pluginLibrary?: string | null;
}

/** A backend that was opened: its library is loaded. */
export interface OpenBackend {
  readonly about: BackendVersion;
  /** as dsl's functions take it */
  readonly backend: Backend;
  /** TensorRT's backend itself, for what only it can do */
  readonly tensorrt?: TensorRTBackend;
  compile(graph: Graph, options: BuildOptions & PluginLibrary): Promise<Engine>;
  load(bytes: Uint8Array, options?: PluginLibrary & Pick<BuildOptions, 'cudaGraph' | 'lanes'>): Promise<Engine>;
}

/**
 * Opens a backend. Its packages are imported here and nowhere else, so that a machine without one can use the other.
 * @param product which TensorRT, where it has to be the one that built an engine
 * @throws TrtDslError 'backend' that says what is missing and how to get it
 */
export async function openBackend(name: BackendName, product?: string): Promise<OpenBackend> {
  if (name === 'onnx') return openOnnx();
  const { isInstalled, missingPlugins, tensorrt } = await import('@trt-dsl/trt-bindings');
  const wanted =
    name === 'tensorrt-rtx'
      ? 'rtx'
      : product === 'trt11' || (!product && !isInstalled('trt10') && isInstalled('trt11'))
        ? 'trt11'
        : 'trt10';
  const backend = tensorrt({ product: wanted });
  /** TensorRT's registry is one for the process, and refuses a library that it has. */
  const withLibrary = (library: string | null): TensorRTBackend => {
    if (library === null) return backend;
    const place = `${wanted} ${library}`;
    const known = withPlugins.get(place) ?? tensorrt({ product: wanted, pluginLibraries: [library] });
    withPlugins.set(place, known);
    return known;
  };
  return {
    about: { name, product: wanted, version: backend.tensorrt.version },
    backend,
    tensorrt: backend,
    compile: async (graph, { pluginLibrary = null, ...options }) => {
      const chosen = withLibrary(pluginLibrary);
      const [missing] = pluginLibrary === null ? [] : missingPlugins(chosen.tensorrt, pluginsIn(graph));
      if (missing !== undefined)
        throw new TrtDslError(
          'argument',
          `${pluginLibrary}: has no plugin ${missing.replace('@', ' of version ')}; build it again with "node packages/plugins-cuda/scripts/build.mjs"`,
        );
      return chosen.compile(graph, { lanes: 1, ...options });
    },
    load: async (bytes, { pluginLibrary = null, ...options } = {}) =>
      withLibrary(pluginLibrary).load(bytes, { lanes: 1, ...options }),
  };
}

/** The backends that have loaded a library of plugins, by product and library. */
const withPlugins = new Map<string, TensorRTBackend>();

async function openOnnx(): Promise<OpenBackend> {
  const { onnxBackend, opset } = await import('@trt-dsl/onnx-backend').catch((error: unknown) => {
    throw new TrtDslError('backend', `ONNX Runtime does not load: ${messageOf(error)}; run \`npm ci\``, {
      cause: error,
    });
  });
  const backend = onnxBackend();
  return {
    about: { name: 'onnx', product: '', version: `opset ${opset}` },
    backend,
    compile: (graph, { profiles, signal, onProgress }) =>
      backend.compile(graph, {
        ...(profiles && { profiles }),
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
      }),
    load: (bytes) => backend.load(bytes),
  };
}

/** GPUs that TensorRT-RTX runs on, by compute capability. */
const rtxCapabilities = new Set(['7.5', '8.0', '8.6', '8.9', '12.0']);

/** The backends that can both build and run here, best first, and why the others cannot. */
export async function usableBackends(): Promise<{ readonly usable: BackendName[]; readonly notes: string[] }> {
  const usable: BackendName[] = [];
  const notes: string[] = [];
  for (const name of backendNames) {
    const gap = await whyNot(name);
    if (gap) notes.push(`${name}: ${gap}`);
    else usable.push(name);
  }
  return { usable, notes };
}

async function whyNot(name: BackendName): Promise<string | undefined> {
  if (name === 'onnx') return undefined;
  const { isInstalled } = await import('@trt-dsl/trt-bindings');
  const products = name === 'tensorrt' ? (['trt10', 'trt11'] as const) : (['rtx'] as const);
  if (!products.some((product) => isInstalled(product))) return 'not installed';
  try {
    return whyNotRun(await openBackend(name));
  } catch (error) {
    return gapOf(error);
  }
}

/** Why a backend cannot run here what it builds; undefined if it can. */
export function whyNotRun({ about, tensorrt }: OpenBackend): string | undefined {
  if (!tensorrt) return undefined;
  try {
    const [gpu] = tensorrt.tensorrt.cuda().devices;
    if (!gpu) return 'no GPU';
    return about.name === 'tensorrt-rtx' && !rtxCapabilities.has(gpu.computeCapability)
      ? `does not run on compute capability ${gpu.computeCapability}`
      : undefined;
  } catch (error) {
    return gapOf(error);
  }
}

function gapOf(error: unknown): string {
  const [first] = messageOf(error).split('\n');
  return /libcuda|driver|device/i.test(first!) ? 'no GPU' : first!;
}

/** `TensorRT 10.6.0` and the like. */
export const formatBackend = ({ name, version }: BackendVersion): string =>
  ({ onnx: `ONNX Runtime (${version})`, tensorrt: `TensorRT ${version}`, 'tensorrt-rtx': `TensorRT-RTX ${version}` })[
    name
  ];

/** The GPU that an engine runs on; null for the CPU. */
export function deviceOf({ tensorrt }: OpenBackend): unknown {
  const cuda = tensorrt?.tensorrt.cuda();
  const gpu = cuda?.devices[0];
  return gpu ? { gpu: gpu.name, computeCapability: gpu.computeCapability, driver: cuda?.driverVersion } : null;
}
