import { existsSync, statSync } from 'node:fs';
import type { BertConfig, ModuleOptions } from '@trt-dsl/bert-model';
import {
  findPoints,
  type Graph,
  type QuantizedType,
  quantizeCalibrated,
  type RecipeName,
  readCalibration,
  TrtDslError,
} from '@trt-dsl/dsl';
import { type CommandContext, readBytes } from '@trt-dsl/tools';
import type { BackendVersion } from './backends.ts';
import { type CalibrationArgs, calibrationFor } from './calibration.ts';
import { defaultRecipe } from './default-recipe.ts';
import { checksumOf, type EngineTask } from './engine-file.ts';
import { wantsSequenceFirst } from './layout.ts';
import {
  dataTypeOf,
  isQuantized,
  type Model,
  type Precision,
  type QuantizedPrecision,
  quantizedTypeOf,
} from './model.ts';
import { type Args, calibrationOptions, networkOptions, type pluginsOption, refuseOptions } from './options.ts';
import { kernelsOf, type PluginChoice, type PluginSituation, type Plugins, pluginsOf } from './plugins.ts';

/** What a network computes in. */
export interface NetworkSettings {
  readonly precision: Precision | QuantizedPrecision;
  /** null where every layer computes in `precision` */
  readonly quantization: Quantization | null;
  /** the calibration cache that quantized the network; null where nothing did */
  readonly calibration: string | null;
  /** null where every layer is ordinary */
  readonly plugins: Plugins | null;
}

/** How products were quantized. */
export interface Quantization {
  readonly dataType: QuantizedType;
  /** type of everything else */
  readonly rest: Precision;
  /** whether the encoder is on [seq, batch, hidden] */
  readonly sequenceFirst: boolean;
  readonly recipe: RecipeName;
  readonly calibrator: string;
  readonly smooth: boolean;
  /** patterns of layers that were left alone */
  readonly exclude: readonly string[];
  /** the layers of the recipe that they spared, and how many are quantized */
  readonly excluded: readonly string[];
  readonly quantized: number;
  /** the calibration cache or data that the ranges are from; null for none */
  readonly ranges: string | null;
  /** `sha256:…` of the calibration cache, or of what it would hold */
  readonly cacheChecksum: string;
}

/** A network that can be compiled. */
export interface Network {
  readonly settings: NetworkSettings;
  readonly graph: Graph;
  /** what has the kernels of its plugins; null where it has none, or they are decomposed */
  readonly pluginLibrary: string | null;
}

/** The arguments that say what a network computes in. */
export type NetworkArgs = Args<typeof networkOptions> & Partial<Args<typeof pluginsOption>> & CalibrationArgs;

/** What a network is made for. */
export interface Target {
  /** what will build it; null if nothing will */
  readonly backend: BackendVersion | null;
  /** what choosePlugins made of `--plugins`; its notes are said */
  readonly plugins: PluginChoice;
  /** tokens of a sequence of data; a command that takes no data has none */
  readonly seq?: number;
}

/**
 * The network of a model in the precision that a command names; int8 and fp8 by a calibration cache, or by data.
 * @throws TrtDslError 'argument', 'name' for a pattern that no layer matches, 'file'
 */
export async function networkOf(
  model: Model,
  task: EngineTask,
  args: NetworkArgs,
  context: CommandContext,
  { backend, plugins: chosen, seq }: Target,
): Promise<Network> {
  const { precision = 'fp32', rest = 'fp16' } = args;
  for (const note of chosen.notes) context.progress.note(note);
  if (!isQuantized(precision)) {
    refuseQuantizing(args, precision);
    const graph = model.graph(precision, task, { kernels: kernelsOf(chosen) });
    const settings = { precision, quantization: null, calibration: null, plugins: pluginsOf(graph, chosen) };
    return { settings, graph, pluginLibrary: chosen.library };
  }
  const dataType = quantizedTypeOf[precision];
  const usual = defaultRecipe(precision, backend);
  const recipe = args.recipe ?? usual.recipe;
  const exclude = patternsOf(args.exclude ?? [], context);
  const sequenceFirst = wantsSequenceFirst(backend, chosen.layers);
  const float = model.graph(rest, task, { kernels: kernelsOf(chosen), sequenceFirst });
  const layers = layersOf(float, recipe, exclude, chosen);
  const { from, calibration, text, note } = await calibrationFor({ model, task, dataType }, seq, args, context);
  const settings: NetworkSettings = {
    precision,
    quantization: {
      dataType,
      rest,
      sequenceFirst,
      recipe,
      calibrator: calibration.calibrator,
      smooth: calibration.channels !== null,
      exclude,
      ...layers,
      ranges: from,
      cacheChecksum: checksumOf(text),
    },
    calibration: text,
    plugins: pluginsOf(float, chosen),
  };
  const graph = graphOf(() => float, settings);
  if (exclude.length > 0 && layers.excluded.length === 0)
    context.progress.note(`--exclude: matches no layer that recipe ${recipe} quantizes; nothing is spared`);
  if (args.recipe === undefined) context.progress.note(usual.note);
  if (note !== undefined) context.progress.note(note);
  return { settings, graph, pluginLibrary: chosen.library };
}

/**
 * The network that settings mean.
 * @param floatGraph the network that is to be quantized, in the type of the rest
 * @throws TrtDslError 'argument' that names the calibration cache and the tensors that it has no range of
 */
export function graphOf(
  floatGraph: (precision: Precision, options: ModuleOptions) => Graph,
  settings: NetworkSettings,
): Graph {
  const { quantization, calibration } = settings;
  const graph = floatGraph(floatPrecision(settings), {
    kernels: kernelsOf(settings.plugins),
    sequenceFirst: quantization?.sequenceFirst ?? false,
  });
  if (!quantization) return graph;
  const { dataType, recipe, exclude, ranges: from } = quantization;
  try {
    return quantizeCalibrated(graph, readCalibration(calibration ?? ''), { dataType, recipe, exclude });
  } catch (error) {
    if (!(error instanceof TrtDslError) || error.code !== 'argument') throw error;
    throw new TrtDslError('argument', `${from ?? 'ranges'}: ${error.message}`, { cause: error });
  }
}

/** What plugins are chosen by, for the network that arguments name. */
export function situationOf(args: NetworkArgs, config: BertConfig, tokens?: number): PluginSituation {
  const { precision = 'fp32', rest = 'fp16' } = args;
  const types = isQuantized(precision)
    ? { dataType: dataTypeOf[rest], quantized: quantizedTypeOf[precision] }
    : { dataType: dataTypeOf[precision] };
  return { config, ...types, ...(tokens !== undefined && { tokens }) };
}

/** The float type of a network: of all its layers, or of those that are not quantized. */
export const floatPrecision = ({
  precision,
  quantization,
}: Pick<NetworkSettings, 'precision' | 'quantization'>): Precision => quantization?.rest ?? (precision as Precision);

/** `fp16`, or `int8 (recipe gemm, 10 layers, 2 excluded; the rest in fp16)` */
export function describeNetwork({ precision, quantization, plugins }: Omit<NetworkSettings, 'calibration'>): string {
  const by = plugins ? `plugins ${plugins.layers.join(', ')}` : '';
  if (!quantization) return by ? `${precision} (${by})` : precision;
  const { recipe, quantized, excluded, rest, smooth } = quantization;
  const spared = excluded.length > 0 ? `, ${excluded.length} excluded` : '';
  return `${precision} (recipe ${recipe}, ${quantized} layers${spared}${smooth ? ', smoothed' : ''}; the rest in ${rest}${by && `; ${by}`})`;
}

/**
 * Refuses arguments that only networks in int8 and fp8 have a use for.
 * @throws TrtDslError 'argument'
 */
function refuseQuantizing(args: NetworkArgs, precision: Precision): void {
  const { precision: _, ...quantizing } = { ...networkOptions, ...calibrationOptions };
  const idle = Object.keys(quantizing).filter((name) => args[name as keyof NetworkArgs] !== undefined);
  refuseOptions(idle, `for --precision int8 or fp8, and this is ${precision}`);
}

/** Patterns, and the lines of files of patterns, as `trt-dsl bisect` writes them. */
const patternsOf = (exclude: readonly string[], { progress }: CommandContext): string[] =>
  exclude.flatMap((pattern) => {
    if (!existsSync(pattern) || !statSync(pattern).isFile()) return [pattern];
    const lines = readBytes(pattern).toString('utf8').split('\n');
    const patterns = lines.map((line) => line.trim()).filter(Boolean);
    progress.note(`--exclude ${pattern}: ${patterns.length} patterns`);
    return patterns;
  });

/** How many layers are quantized, and which are not because they are excluded. */
function layersOf(
  graph: Graph,
  recipe: RecipeName,
  exclude: readonly string[],
  { layers: plugins }: PluginChoice,
): Pick<Quantization, 'excluded' | 'quantized'> {
  const names = (patterns: readonly string[]): string[] => {
    try {
      return findPoints(graph, { recipe, exclude: patterns }).layers.map(({ node }) => node.name);
    } catch (error) {
      if (!(error instanceof TrtDslError) || error.code !== 'name' || !plugins.includes('qkvToContext')) throw error;
      const merged = 'the plugin qkvToContext takes query, key and value from one product, …/self/qkv';
      throw new TrtDslError('name', `${error.message}; ${merged}`, { cause: error });
    }
  };
  const left = new Set(names(exclude));
  if (left.size === 0)
    throw new TrtDslError(
      'argument',
      `--exclude leaves no layer of recipe ${recipe} to quantize: --precision is enough`,
    );
  return { excluded: names([]).filter((name) => !left.has(name)), quantized: left.size };
}
