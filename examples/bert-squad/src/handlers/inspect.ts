import { bert, randomParameters } from '@trt-dsl/bert-model';
import {
  formatType,
  type Graph,
  type Node,
  print,
  type Tensor,
  TrtDslError,
  toDot,
  withoutPlugins,
} from '@trt-dsl/dsl';
import { type CommandContext, type Report, writeFileWhole } from '@trt-dsl/tools';
import type { LayerTime, TensorRT, TensorRTEngine } from '@trt-dsl/trt-bindings';
import { formatBackend } from '../backends.ts';
import { refuseBesideEngine } from '../beside-engine.ts';
import type { inspectOptions } from '../commands/inspect.ts';
import { type EngineDescription, type OpenEngine, openEngine, readDescription } from '../engine-file.ts';
import { randomFeeds } from '../inputs.ts';
import { dataTypeOf, openModel, orEngine } from '../model.ts';
import { describeNetwork, graphOf, networkOf, situationOf } from '../network.ts';
import { type Args, modelOptions } from '../options.ts';
import { choosePlugins } from '../plugins.ts';
import { formatProfiles, requireSizes, takes } from '../profiles.ts';
import { textTable } from '../table.ts';

type InspectArgs = Args<typeof inspectOptions>;

/** One layer of an engine or a network. */
interface Layer {
  readonly name: string;
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly milliseconds?: number;
}

/** `bert-squad inspect` */
export async function inspect(args: InspectArgs, context: CommandContext): Promise<Report> {
  const format = args.format ?? (args.engine === undefined ? 'listing' : 'layers');
  if (args.profile && (args.engine === undefined || format !== 'layers'))
    throw new TrtDslError('argument', '--profile times the layers of an --engine; it goes with --format layers');
  if (args.engine !== undefined) refuseBesideEngine(args, Object.keys(modelOptions));
  const { json, text } = format === 'layers' ? await layers(args) : await network(args, format, context);
  if (args.output === undefined) return { json, text };
  writeFileWhole(args.output, text.endsWith('\n') ? text : `${text}\n`);
  context.progress.note(`${args.output}: written`);
  return { json: { format, output: args.output }, text: args.output };
}

/** The network before TensorRT: the engine's, or that of the weights. */
async function network(args: InspectArgs, format: 'listing' | 'dot' | 'svg', context: CommandContext): Promise<Report> {
  const graph = await drawn(args, context);
  const text = { listing: print, dot: toDot, svg: toDot }[format](graph).trimEnd();
  if (format !== 'svg') return { json: { format, text }, text };
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  const svg = (await Graphviz.load()).dot(text, 'svg');
  return { json: { format, text: svg }, text: svg };
}

async function drawn(args: InspectArgs, context: CommandContext): Promise<Graph> {
  if (args.engine !== undefined) return networkWithin(await readDescription(args.engine));
  using model = openModel(args, orEngine);
  const plugins = choosePlugins(args.plugins, situationOf(args, model.config), null);
  return (await networkOf(model, args.task, args, context, { backend: null, plugins })).graph;
}

/** The network of an engine; its weights are not needed to draw it. */
const networkWithin = (about: EngineDescription): Graph =>
  graphOf(
    (float, options) => bert(randomParameters(dataTypeOf[float]), about.config, { task: about.task, ...options }),
    about,
  );

async function layers(args: InspectArgs): Promise<Report> {
  if (args.engine === undefined) throw new TrtDslError('argument', '--format layers shows those of an --engine');
  using opened = await openEngine(args.engine);
  const { about, backend } = opened;
  if (!backend.tensorrt && args.profile)
    throw new TrtDslError('unsupported', '--profile: ONNX Runtime tells no times of layers; build with TensorRT');
  const found = backend.tensorrt ? planLayers(opened, args) : graphLayers(networkWithin(about));
  const timed = found.some(({ milliseconds }) => milliseconds !== undefined);
  const rows = found.map(({ name, type, inputs, outputs, milliseconds }) => [
    name,
    ...(timed ? [(milliseconds ?? 0).toFixed(4)] : []),
    type,
    `${inputs.join(', ')} → ${outputs.join(', ')}`,
  ]);
  const { tokenizer: _, calibration: __, config, ...description } = about;
  return {
    json: { engine: args.engine, ...description, config, layers: found },
    text: [
      `${args.engine}: ${about.task}, ${describeNetwork(about)}, ${formatBackend(about.backend)}; takes ${formatProfiles(about.profiles)}`,
      `${found.length} layers`,
      textTable(['layer', ...(timed ? ['ms'] : []), 'type', 'tensors'], rows),
    ].join('\n'),
  };
}

/** ONNX Runtime runs the network as it is written, plugins decomposed. */
const graphLayers = (graph: Graph): Layer[] =>
  withoutPlugins(graph)
    .nodes.filter(({ op }: Node) => op !== 'constant' && op !== 'input')
    .map(({ name, op, inputs, outputs }) => ({
      name,
      type: op,
      inputs: inputs.map((tensor: Tensor) => formatType(tensor)),
      outputs: outputs.map((tensor: Tensor) => formatType(tensor)),
    }));

/** What TensorRT's inspector says of a layer (LayerInformationFormat::kJSON, detailed verbosity). */
interface LayerInformation {
  readonly Name?: string;
  readonly LayerType?: string;
  readonly Inputs?: readonly TensorInformation[];
  readonly Outputs?: readonly TensorInformation[];
}
interface TensorInformation {
  readonly Dimensions?: readonly number[];
  readonly 'Format/Datatype'?: string;
}

function planLayers({ engine, backend, about }: OpenEngine, args: InspectArgs): Layer[] {
  const { native } = engine as TensorRTEngine;
  using inspector = native.createEngineInspector();
  const { Layers = [] } = JSON.parse(inspector.getEngineInformation('JSON')) as {
    Layers?: readonly (LayerInformation | string)[];
  };
  const times = args.profile
    ? layerTimes(backend.tensorrt!.tensorrt, engine as TensorRTEngine, about, args)
    : new Map();
  const tensor = ({ Dimensions = [], 'Format/Datatype': type = '' }: TensorInformation): string =>
    `${type}[${Dimensions.join(', ')}]`.trim();
  return Layers.map((layer) => {
    if (typeof layer === 'string') return { name: layer, type: '', inputs: [], outputs: [] };
    const { Name: name = '', LayerType: type = '', Inputs = [], Outputs = [] } = layer;
    const milliseconds = times.get(name) as number | undefined;
    return {
      name,
      type,
      inputs: Inputs.map(tensor),
      outputs: Outputs.map(tensor),
      ...(milliseconds !== undefined && { milliseconds }),
    };
  });
}

/** How often the layers are timed; the median counts. */
const profiledRuns = 20;

/** Each layer's time in milliseconds, by its name, without a CUDA graph. */
function layerTimes(
  tensorrt: TensorRT,
  { native, inputs, outputs }: TensorRTEngine,
  { profiles, config }: EngineDescription,
  args: InspectArgs,
): Map<string, number> {
  const [first] = profiles;
  const sizes = { batch: args['batch-size'] ?? first!.batch[1], seq: args['sequence-length'] ?? first!.seq[1] };
  requireSizes(profiles, sizes);
  const profile = profiles.findIndex((each) => takes(each, sizes));
  const device = tensorrt.cuda().device(0);
  using stream = device.createStream();
  using context = native.createExecutionContext();
  if (profile > 0) context.setOptimizationProfileAsync(profile, stream);
  const feeds = randomFeeds(sizes, config.vocabSize, 1);
  const held: Disposable[] = [];
  try {
    for (const name of inputs.keys()) {
      const { shape, data } = feeds[name as keyof typeof feeds];
      context.setInputShape(name, shape);
      const memory = device.memAlloc(data.byteLength);
      const pinned = device.memAllocHost(data.byteLength);
      held.push(memory, pinned);
      new Uint8Array(pinned.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      stream.memcpyHtoDAsync(memory, 0, pinned, 0, data.byteLength);
      context.setTensorAddress(name, memory);
    }
    for (const name of outputs.keys()) {
      const memory = device.memAlloc(4 * context.getTensorShape(name).reduce((a, b) => a * b, 1));
      held.push(memory);
      context.setTensorAddress(name, memory);
    }
    context.enqueueV3(stream);
    stream.synchronize();
    context.setProfiler(true);
    const found = new Map<string, number[]>();
    for (let i = 0; i < profiledRuns; i++) {
      context.enqueueV3(stream);
      stream.synchronize();
      for (const { layerName, ms } of context.takeLayerTimes() as readonly LayerTime[])
        found.set(layerName, [...(found.get(layerName) ?? []), ms]);
    }
    const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
    return new Map([...found].map(([name, values]) => [name, median(values)]));
  } finally {
    for (const each of held) each[Symbol.dispose]();
  }
}
