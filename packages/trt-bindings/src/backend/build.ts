import {
  checkProfiles,
  type Dim,
  evaluateDim,
  type Graph,
  type Node,
  TrtDslError,
  verify,
  withoutPlugins,
} from '@trt-dsl/dsl';
import { lowerGraph } from '../lowering/lower.ts';
import { creatorOf } from '../lowering/plugin.ts';
import type { BuildProgress, IBuilder, IBuilderConfig, TensorRT } from '../types.ts';
import { chooseDevice, hasDriver } from './device.ts';
import type { TensorRTCompileOptions } from './options.ts';
import { loadTimingCache, saveTimingCache } from './timing-cache.ts';

/** A plan, and the graph it was made of (plugins without a kernel replaced by their decomposition). */
export interface Built {
  readonly plan: Uint8Array;
  readonly graph: Graph;
}

/** Lowers a graph and builds it, in a thread of TensorRT's, for the GPU that is chosen. */
export async function build(
  tensorrt: TensorRT,
  graph: Graph,
  options: TensorRTCompileOptions,
  device: number | undefined,
): Promise<Built> {
  const ranges = checkProfiles(graph, options.profiles);
  const lowered = withoutPlugins(graph, keepsPlugin(tensorrt, options));
  if (options.verify ?? true)
    verify(lowered, `${tensorrt.product === 'rtx' ? 'tensorrt-rtx' : 'tensorrt'}-${tensorrt.version}`);
  refuseForRtx(tensorrt, options);
  chooseDevice(tensorrt, device);
  using builder = tensorrt.createInferBuilder();
  using network = builder.createNetworkV2(tensorrt.product === 'trt10' ? ['STRONGLY_TYPED'] : []);
  network.setName(graph.name);
  lowerGraph(lowered, tensorrt, network, { wideSums: options.float16Sums !== 'fastest' });
  using config = builder.createBuilderConfig();
  configure(config, tensorrt, options);
  for (const range of ranges) {
    const profile = builder.createOptimizationProfile();
    for (const [name, tensor] of lowered.inputs)
      for (const [select, sizes] of [
        ['MIN', range.min],
        ['OPT', range.opt],
        ['MAX', range.max],
      ] as const)
        profile.setDimensions(
          name,
          select,
          (tensor.shape as readonly Dim[]).map((size) => evaluateDim(size, sizes)),
        );
    config.addOptimizationProfile(profile);
  }
  const plan = await run(builder, network, config, options);
  if (options.timingCache) saveTimingCache(config, options.timingCache);
  return { plan, graph: lowered };
}

function run(
  builder: IBuilder,
  network: Parameters<IBuilder['buildSerializedNetwork']>[0],
  config: IBuilderConfig,
  { onProgress, signal }: TensorRTCompileOptions,
): Promise<Uint8Array> {
  const report = onProgress && ((progress: BuildProgress): void => onProgress(progress.phase, fraction(progress)));
  return builder.buildSerializedNetwork(network, config, { onProgress: report, signal });
}

const fraction = ({ event, step, steps }: BuildProgress): number =>
  event === 'start' ? 0 : event === 'finish' ? 1 : steps > 0 ? Math.min(1, (step + 1) / steps) : 0;

function keepsPlugin(
  tensorrt: TensorRT,
  { plugins = 'auto' }: TensorRTCompileOptions,
): (node: Node<'plugin'>) => boolean {
  if (plugins === 'none' || tensorrt.product === 'rtx') return () => false;
  const registry = tensorrt.getPluginRegistry();
  return (node) => creatorOf(registry, node) !== null;
}

/**
 * Refuses what TensorRT-RTX has not, which it would say late and in other words.
 * @throws TrtDslError 'unsupported'
 */
function refuseForRtx(tensorrt: TensorRT, options: TensorRTCompileOptions): void {
  if (tensorrt.product !== 'rtx') return;
  const { hardwareCompatibility = 'NONE', versionCompatible, refittable, stripWeights } = options;
  const refuse = (what: string, why: string): never => {
    throw new TrtDslError('unsupported', `${what}: TensorRT-RTX ${why}`);
  };
  if (hardwareCompatibility !== 'NONE')
    refuse('hardwareCompatibility', 'has none; computeCapabilities names the GPUs that an engine is for');
  if (versionCompatible) refuse('versionCompatible', 'has no runtime for it');
  if ((refittable || stripWeights) && !hasDriver(tensorrt))
    refuse(refittable ? 'refittable' : 'stripWeights', 'builds such engines only where there is a GPU');
}

/** Puts the options into the config; each is one of nvinfer1::IBuilderConfig's. */
function configure(config: IBuilderConfig, tensorrt: TensorRT, options: TensorRTCompileOptions): void {
  const flags = [
    ['TF32', options.tf32 ?? false],
    ['VERSION_COMPATIBLE', options.versionCompatible ?? false],
    ['REFIT', options.refittable ?? false],
    ['STRIP_PLAN', options.stripWeights ?? false],
  ] as const;
  for (const [flag, on] of flags) {
    if (on) config.setFlag(flag);
    else if (config.getFlag(flag)) config.clearFlag(flag);
  }
  config.setProfilingVerbosity(options.profilingVerbosity ?? 'DETAILED');
  if (options.workspace !== undefined) config.setMemoryPoolLimit('WORKSPACE', options.workspace);
  if (options.optimizationLevel !== undefined) config.setBuilderOptimizationLevel(options.optimizationLevel);
  if (options.hardwareCompatibility) config.setHardwareCompatibilityLevel(options.hardwareCompatibility);
  if (options.avgTimingIterations !== undefined) config.setAvgTimingIterations(options.avgTimingIterations);
  if (options.tacticSources) config.setTacticSources(options.tacticSources);
  if (options.maxAuxStreams !== undefined) config.setMaxAuxStreams(options.maxAuxStreams);
  if (options.timingCache) loadTimingCache(config, options.timingCache);
  if (tensorrt.product === 'rtx' && options.computeCapabilities) {
    config.setNbComputeCapabilities(options.computeCapabilities.length);
    options.computeCapabilities.forEach((capability, i) => {
      config.setComputeCapability(capability, i);
    });
  }
}
