import { type CompileOptions, checkOptions, type OptionTable, TrtDslError } from '@trt-dsl/dsl';
import type { ComputeCapability, HardwareCompatibilityLevel, ProfilingVerbosity, TacticSource } from '../enums.ts';
import type { Product } from '../types.ts';

/** Which TensorRT. */
export interface TensorRTOptions {
  /** the first that is found, by default: TensorRT 10, 11, TensorRT-RTX */
  readonly product?: Product;
  /** folder that has the libraries, if they are not where `npx trt-dsl setup` or the system's loader puts them */
  readonly root?: string;
  /** the GPU's number, 0 by default */
  readonly device?: number;
  /** plugin libraries to load before anything is built or loaded */
  readonly pluginLibraries?: readonly string[];
}

/** How an engine runs. */
export interface RunOptions {
  /** runs that may be under way at once, each with memory of its own; 2 by default */
  readonly lanes?: number;
  /** capture a CUDA graph for each shape; false by default */
  readonly cudaGraph?: boolean;
  /**
   * let the plan bring code that is run in this process, as the runtime inside a `versionCompatible` engine: only for
   * plans you trust. false by default; an engine that is compiled here needs no permission for what it brings
   */
  readonly hostCode?: boolean;
}

/** How an engine is built (nvinfer1::IBuilderConfig). */
export interface TensorRTCompileOptions extends CompileOptions, RunOptions {
  /** refuse what the DSL's table of legality says this version lacks, naming every layer; false asks TensorRT itself */
  readonly verify?: boolean;
  /** bytes of scratch memory that a tactic may use; all there is by default */
  readonly workspace?: number;
  /** 0 (fast build) to 5 (fast engine); TensorRT's own default is 3 */
  readonly optimizationLevel?: number;
  /** a file of tactic timings, read if it is there and written after the build */
  readonly timingCache?: string;
  /** let float32 products run in TF32: faster, about 1e-4 less exact; false by default */
  readonly tf32?: boolean;
  /**
   * How float16 matrix products and convolutions sum: in float32 (the default, as PyTorch does), or as the fastest
   * kernel does, which may be in float16: about twice the error. Matrix products keep their speed but for a few percent;
   * a network of convolutions is much faster with 'fastest'
   */
  readonly float16Sums?: 'float32' | 'fastest';
  /** TensorRT-RTX: the GPUs that the engine is for; by default those that the product takes */
  readonly computeCapabilities?: readonly ComputeCapability[];
  /** what layer information and profiles will show; 'DETAILED' by default */
  readonly profilingVerbosity?: ProfilingVerbosity;
  /**
   * let later versions of the same major load the engine: it brings the runtime of this one (libnvinfer_lean has to be
   * installed), so that `load` wants `hostCode`
   */
  readonly versionCompatible?: boolean;
  readonly hardwareCompatibility?: HardwareCompatibilityLevel;
  /** let weights be replaced later */
  readonly refittable?: boolean;
  /** leave the weights out of the plan; they have to be refitted before it runs */
  readonly stripWeights?: boolean;
  readonly avgTimingIterations?: number;
  readonly tacticSources?: readonly TacticSource[];
  readonly maxAuxStreams?: number;
  /** 'auto' uses a plugin's kernel where a loaded library has it, 'none' always its decomposition */
  readonly plugins?: 'auto' | 'none';
}

const run: OptionTable<RunOptions> = { lanes: 'number', cudaGraph: 'boolean', hostCode: 'boolean' };
const tables = {
  /** what `tensorrt()` takes */
  tensorrt: {
    product: 'other',
    root: 'string',
    device: 'number',
    pluginLibraries: 'other',
  } satisfies OptionTable<TensorRTOptions>,
  load: run,
  compile: {
    ...run,
    profiles: 'other',
    signal: 'other',
    onProgress: 'other',
    verify: 'boolean',
    workspace: 'number',
    optimizationLevel: 'number',
    timingCache: 'string',
    tf32: 'boolean',
    float16Sums: ['float32', 'fastest'],
    computeCapabilities: 'other',
    profilingVerbosity: 'other',
    versionCompatible: 'boolean',
    hardwareCompatibility: 'other',
    refittable: 'boolean',
    stripWeights: 'boolean',
    avgTimingIterations: 'number',
    tacticSources: 'other',
    maxAuxStreams: 'number',
    plugins: ['auto', 'none'],
  } satisfies OptionTable<TensorRTCompileOptions>,
} as const;

const precision = 'a network has the types it was written in; castGraph and quantize make another of it';
const hints = { precision, fp16: precision, bf16: precision, int8: precision, fp8: precision };

/**
 * Refuses options that a function of the backend has not, and numbers that an option cannot be.
 * @throws TrtDslError 'argument', which names the option
 */
export function requireOptions(what: keyof typeof tables, options: TensorRTOptions | TensorRTCompileOptions): void {
  checkOptions<object>(what, options, tables[what], hints);
  const { lanes, optimizationLevel: level } = options as TensorRTCompileOptions;
  if (lanes !== undefined && (!Number.isSafeInteger(lanes) || lanes < 1))
    throw new TrtDslError('argument', `${what}: lanes is an integer from 1 on, not ${lanes}`);
  // Of a level above 5 TensorRT makes 5.
  if (level !== undefined && (!Number.isInteger(level) || level < 0 || level > 5))
    throw new TrtDslError(
      'argument',
      `optimizationLevel ${level}: expected a whole number from 0 (fast build) to 5 (fast engine)`,
    );
}
