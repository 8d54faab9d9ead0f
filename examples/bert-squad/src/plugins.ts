import { basename } from 'node:path';
import type { BertConfig, BertKernels } from '@trt-dsl/bert-model';
import { type FloatType, type Graph, messageOf, pluginsIn, type QuantizedType, TrtDslError } from '@trt-dsl/dsl';
import { autoKernels, type BertKernelName, bertKernels, headSizes, pluginLibrary } from '@trt-dsl/plugins-cuda';
import { formatBackend, type OpenBackend } from './backends.ts';

/** The layers of BERT that a plugin can compute, as `--plugins` names them. */
export const pluginNames = Object.keys(bertKernels) as readonly BertKernelName[];

/** What `--plugins` says. */
export type PluginsArgument = 'auto' | 'none' | readonly BertKernelName[];

/** The plugins of a network, as the engine's JSON has them. */
export interface Plugins {
  /** the layers of BERT that they compute */
  readonly layers: readonly BertKernelName[];
  /** the same in TensorRT's registry, `TrtDslSkipLayerNorm@1` */
  readonly versions: readonly string[];
  /** the file that has their kernels; null where the backend has no plugins and their decomposition runs */
  readonly library: string | null;
}

/** Which layers are to be plugins, before there is a network. */
export interface PluginChoice {
  readonly layers: readonly BertKernelName[];
  /** the library's path; null as in `Plugins` */
  readonly library: string | null;
  /** what there is to say of it */
  readonly notes: readonly string[];
}

/** What plugins are chosen by. */
export interface PluginSituation {
  readonly config: BertConfig;
  /** the type of what is not quantized */
  readonly dataType: FloatType;
  /** the type of what is */
  readonly quantized?: QuantizedType;
  /** padded tokens of a run; many by default */
  readonly tokens?: number;
}

const none: PluginChoice = { layers: [], library: null, notes: [] };

/** The least compute capability that the library has kernels for. */
const leastCapability = 8;

/**
 * The layers that are plugins. Without `asked`: TensorRT 10 and 11 take `auto` if the library is built, the others none.
 * @param backend null where no engine is built
 * @throws TrtDslError 'argument' if TensorRT is to have plugins and their library is not built, or has no kernels for the GPU
 */
export function choosePlugins(
  asked: PluginsArgument | undefined,
  { config, dataType, quantized, tokens }: PluginSituation,
  backend: OpenBackend | null,
): PluginChoice {
  const onTensorRT = backend?.about.name === 'tensorrt';
  if (asked === 'none' || (asked === undefined && !onTensorRT)) return none;
  const found = onTensorRT ? libraryAt() : null;
  const tooOld = onTensorRT ? whyNotHere(backend) : undefined;
  const [library, missing] = found instanceof Error ? [null, messageOf(found)] : [found, undefined];
  const lacking = missing ?? tooOld;
  if (lacking !== undefined) {
    // A GPU that is too old takes ordinary layers, the decompositions; a library that is asked for can be built.
    if (asked === undefined || (asked === 'auto' && missing === undefined))
      return { ...none, notes: [`plugins: none, since ${lacking}`] };
    throw new TrtDslError('argument', `--plugins ${typeof asked === 'string' ? asked : asked.join(' ')}: ${lacking}`);
  }

  const auto = asked === undefined || asked === 'auto';
  const named = Object.keys(
    autoKernels(auto ? 'auto' : asked, {
      dataType,
      ...(quantized && { quantized }),
      ...(tokens !== undefined && { tokens }),
    }),
  ) as BertKernelName[];
  const headSize = config.hiddenSize / config.heads;
  const gap =
    dataType === 'float32'
      ? 'qkvToContext has no float32'
      : auto && !headSizes.includes(headSize)
        ? `qkvToContext takes no head size of ${headSize}`
        : undefined;
  const layers = named.filter((name) => gap === undefined || name !== 'qkvToContext');
  const notes =
    gap !== undefined && layers.length < named.length ? [`plugins: ${gap}; attention is ordinary layers`] : [];
  if (layers.length === 0) return { ...none, notes: [...notes, 'plugins: none that would make this network faster'] };
  const list = layers.join(', ');
  if (library !== null) {
    const why = asked === undefined ? ', the default where that is built; --plugins none goes without' : '';
    notes.push(`plugins: ${list} of ${basename(library)}${why}`);
  } else if (backend)
    notes.push(`plugins: ${list}, of which ${formatBackend(backend.about)} runs the decomposition, having no plugins`);
  return { layers, library, notes };
}

/** The plugins' library, or what is to be said where there is none. */
function libraryAt(): string | TrtDslError {
  try {
    return pluginLibrary();
  } catch (error) {
    if (error instanceof TrtDslError) return error;
    throw error;
  }
}

/** Why the library's kernels do not run on the GPU; a machine without one says so itself when it builds. */
function whyNotHere({ tensorrt }: OpenBackend): string | undefined {
  try {
    const capability = tensorrt!.tensorrt.cuda().devices[0]?.computeCapability;
    return capability !== undefined && Number.parseInt(capability, 10) < leastCapability
      ? `their library has no kernels for compute capability ${capability}`
      : undefined;
  } catch {
    return undefined;
  }
}

/** The plugins of a float network: what was chosen, and the versions that the graph has. */
export function pluginsOf(graph: Graph, { layers, library }: PluginChoice): Plugins | null {
  if (layers.length === 0) return null;
  return { layers, versions: pluginsIn(graph), library: library && basename(library) };
}

/** The kernels that BERT is to be made with. */
export const kernelsOf = (plugins: Pick<Plugins, 'layers'> | null): BertKernels => autoKernels(plugins?.layers ?? []);

/**
 * Where the library lies that an engine needs; null if it needs none.
 * @param engine the engine's path, for the error
 * @throws TrtDslError 'unsupported' that names plugins, versions, library, and the command that builds it
 */
export function libraryFor(engine: string, plugins: Plugins | null): string | null {
  if (!plugins?.library) return null;
  const library = libraryAt();
  if (typeof library === 'string') return library;
  const named = plugins.versions.map((each) => each.replace('@', ' version ')).join(', ');
  throw new TrtDslError('unsupported', `${engine}: has the plugins ${named} of ${plugins.library}; ${library.message}`);
}
