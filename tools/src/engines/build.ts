import { statSync } from 'node:fs';
import { TrtDslError } from '@trt-dsl/dsl';
import { enums, type TensorRTCompileOptions } from '@trt-dsl/trt-bindings';
import type { CommandContext, Report } from '../command.ts';
import { openGraph } from '../graphs/model-file.ts';
import { size } from '../table.ts';
import { writeFileWhole } from '../write-file.ts';
import { type BackendName, openBackend } from './backends.ts';
import { parseProfiles, type RangeOptions } from './profiles.ts';

interface BuildArguments extends RangeOptions {
  readonly model: string;
  readonly backend: BackendName;
  readonly out?: string | undefined;
  readonly weights?: string | undefined;
  readonly root?: string | undefined;
  readonly plugins: readonly string[];
  readonly timingCache?: string | undefined;
  readonly workspace?: number | undefined;
  readonly optimizationLevel?: number | undefined;
  readonly tf32: boolean;
  readonly computeCapability: readonly string[];
  readonly versionCompatible: boolean;
  readonly hardwareCompatibility?: string | undefined;
  readonly refittable: boolean;
  readonly stripWeights: boolean;
}

/** `trt-dsl build`: a graph to an engine's file. */
export async function buildEngine(args: BuildArguments, { progress, signal }: CommandContext): Promise<Report> {
  checkOptions(args);
  const { graph } = openGraph(args.model, args.weights);
  const profiles = parseProfiles(args);
  if (args.backend !== 'onnx' && profiles.length === 0 && graph.dimNames.length > 0)
    throw new TrtDslError(
      'argument',
      `${args.model} has sizes known at run time only; say how large they get: --max ${graph.dimNames.map((name) => `${name}=8`).join(',')}, and --min, --opt where they vary`,
    );
  const out = args.out ?? outputOf(args.model, args.backend);
  if (out === args.model) throw new TrtDslError('argument', `--out ${out} is the model itself`);
  const backend = openBackend(args.backend, args);
  const started = performance.now();
  using engine = await backend.compile(graph, {
    ...optionsOf(args),
    ...(profiles.length > 0 && { profiles }),
    signal,
    onProgress: (phase, fraction) => progress.share(phase, fraction),
  });
  const seconds = (performance.now() - started) / 1000;
  writeFileWhole(out, engine.serialize());
  const bytes = statSync(out).size;
  return {
    json: { out, bytes, seconds, backend: backend.name, graph: graph.name, layers: graph.nodes.length, profiles },
    text: `${out}: ${size(bytes)}, built by ${backend.name} in ${seconds.toFixed(1)} s`,
  };
}

/** Refuses what TensorRT's own methods would, in the command line's words. */
function checkOptions({ workspace, optimizationLevel: level, computeCapability }: BuildArguments): void {
  if (workspace !== undefined && !(workspace > 0))
    throw new TrtDslError('argument', `--workspace ${workspace}: no size in MiB`);
  if (level !== undefined && !(Number.isInteger(level) && level >= 0 && level <= 5))
    throw new TrtDslError('argument', `--optimization-level ${level}: no whole number from 0 to 5`);
  for (const name of computeCapability)
    if (!(enums.ComputeCapability as readonly string[]).includes(name))
      throw new TrtDslError(
        'argument',
        `--compute-capability ${name}: there is none; there are ${enums.ComputeCapability.join(', ')}`,
      );
}

const outputOf = (model: string, backend: BackendName): string =>
  `${model.replace(/\.(json|onnx)$/, '')}${backend === 'onnx' ? '.engine.onnx' : '.plan'}`;

/** The command line's options in the backend's words; those that were not given are left to it, which refuses what it lacks. */
function optionsOf(args: BuildArguments): TensorRTCompileOptions {
  const { computeCapability, hardwareCompatibility, workspace, timingCache, optimizationLevel } = args;
  const { tf32, versionCompatible, refittable, stripWeights } = args;
  const given = {
    tf32,
    versionCompatible,
    refittable,
    stripWeights,
    timingCache,
    optimizationLevel,
    workspace: workspace === undefined ? undefined : Math.floor(workspace * 2 ** 20),
    hardwareCompatibility,
    computeCapabilities: computeCapability.length > 0 ? computeCapability : undefined,
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== false),
  ) as TensorRTCompileOptions;
}
