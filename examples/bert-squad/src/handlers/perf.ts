import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { BertFeeds } from '@trt-dsl/bert-model';
import { type Engine, type Results, TrtDslError } from '@trt-dsl/dsl';
import type { CommandContext, Report } from '@trt-dsl/tools';
import type { TensorRTEngine } from '@trt-dsl/trt-bindings';
import { formatBackend, type OpenBackend, openBackend, usableBackends } from '../backends.ts';
import type { perfOptions } from '../commands/perf.ts';
import { type OpenEngine, openEngine, readDescription, tokenizerOf, writeEngine, writeWhole } from '../engine-file.ts';
import { randomFeeds, squadFeeds } from '../inputs.ts';
import { type Model, openModel, type Precision, tokenizerData } from '../model.ts';
import type { Args } from '../options.ts';
import { profilesOf, requireSizes, type Sizes, staticProfile, takes } from '../profiles.ts';
import { type Times, timesOf } from '../statistics.ts';
import { markdownTable, textTable } from '../table.ts';
import { builderArgs } from './build.ts';

type PerfArgs = Args<typeof perfOptions>;

const defaults = { batch: [1, 2, 4, 8, 12, 16, 24, 32, 64, 128], seq: [128, 384] } as const;

/** One row of the table. */
interface Cell extends Sizes {
  readonly precision: Precision;
  readonly inputs: 'random' | 'squad';
  readonly cudaGraph: boolean;
  /** from feeds in host memory to results in host memory */
  readonly host: Times;
  /** between CUDA events, without copies; null on the CPU */
  readonly gpu: Times | null;
  /** batch / median time, of the GPU where there is one */
  readonly sequencesPerSecond: number;
  readonly buildSeconds: number | null;
}

/** Something to time at some sizes. */
interface Subject {
  readonly cells: readonly Sizes[];
  readonly backend: OpenBackend;
  readonly precision: Precision;
  feeds(sizes: Sizes): BertFeeds;
  /** The engine for a cell, with the seconds that building took; `done` gives it back. */
  open(sizes: Sizes): Promise<{ engine: Engine; profile: number; buildSeconds: number | null; done(): void }>;
  close(): void;
}

/** `bert-squad perf` */
export async function perf(args: PerfArgs, context: CommandContext): Promise<Report> {
  const subject = args.engine === undefined ? await weightsSubject(args, context) : await engineSubject(args);
  const { progress, signal } = context;
  const rows: Cell[] = [];
  const head = { backend: subject.backend.about, device: deviceOf(subject.backend), node: process.versions.node };
  const json = () => ({ ...head, warmUp: args['warm-up'], iterations: args.iterations, cells: rows });
  try {
    for (const [i, sizes] of subject.cells.entries()) {
      signal.throwIfAborted();
      progress.share(`batch ${sizes.batch} × sequence ${sizes.seq}`, i / subject.cells.length);
      const { engine, profile, buildSeconds, done } = await subject.open(sizes);
      try {
        rows.push({ ...(await measure(subject, engine, profile, sizes, args, signal)), buildSeconds });
      } finally {
        done();
      }
      if (args.output) await writeWhole(args.output, `${JSON.stringify(json(), undefined, 1)}\n`);
    }
  } finally {
    subject.close();
  }
  return { json: json(), text: table(rows, args.markdown) };
}

async function measure(
  { backend, precision, feeds }: Subject,
  engine: Engine,
  profile: number,
  sizes: Sizes,
  args: PerfArgs,
  signal: AbortSignal,
): Promise<Omit<Cell, 'buildSeconds'>> {
  const fed = feeds(sizes);
  const cudaGraph = args['cuda-graph'] && backend.tensorrt !== undefined;
  const host = timesOf(await hostTimes(engine, fed, args, signal));
  const runs = runsWithin(args, host.median);
  const gpu = backend.tensorrt ? timesOf(await gpuTimes(backend, engine, fed, { profile, runs }, args)) : null;
  return {
    ...sizes,
    precision,
    inputs: args['squad-json'] === undefined ? 'random' : 'squad',
    cudaGraph,
    host,
    gpu,
    sequencesPerSecond: (1000 * sizes.batch) / (gpu ?? host).median,
  };
}

async function hostTimes(engine: Engine, feeds: BertFeeds, args: PerfArgs, signal: AbortSignal): Promise<number[]> {
  const once = (): Results | Promise<Results> =>
    'runSync' in engine ? (engine as TensorRTEngine).runSync(feeds) : engine.run(feeds);
  for (let i = 0; i < args['warm-up']; i++) await once();
  const times: number[] = [];
  const end = performance.now() + 1000 * (args.duration ?? Number.POSITIVE_INFINITY);
  while (times.length < args.iterations && (times.length === 0 || performance.now() < end)) {
    const start = performance.now();
    await once();
    times.push(performance.now() - start);
    if (times.length % 16 === 0) await setImmediate();
    signal.throwIfAborted();
  }
  return times;
}

/** The iterations, or as many as the duration allows if each takes so many milliseconds. */
const runsWithin = ({ iterations, duration }: PerfArgs, milliseconds: number): number =>
  duration === undefined ? iterations : Math.max(1, Math.min(iterations, Math.round((1000 * duration) / milliseconds)));

async function gpuTimes(
  backend: OpenBackend,
  engine: Engine,
  feeds: BertFeeds,
  { profile, runs }: { readonly profile: number; readonly runs: number },
  args: PerfArgs,
): Promise<number[]> {
  const { measureGpu } = await import('@trt-dsl/trt-bindings');
  return measureGpu(backend.tensorrt!.tensorrt, engine as TensorRTEngine, new Map(Object.entries(feeds)), {
    warmUp: args['warm-up'],
    runs,
    cudaGraph: args['cuda-graph'],
    profile,
  });
}

/** A built engine, at the sizes asked for or at all defaults that it takes. */
async function engineSubject(args: PerfArgs): Promise<Subject> {
  if (args.weights ?? args['random-weights'] ?? args.precision ?? args.backend)
    throw new TrtDslError('argument', '--engine goes without --weights, --random-weights, --precision and --backend');
  const opened = await openEngine(args.engine!, { cudaGraph: args['cuda-graph'] });
  const { profiles, config, precision } = opened.about;
  const asked = cellsOf(args);
  const fitting = asked.filter((sizes) => profiles.some((profile) => takes(profile, sizes)));
  const given = args['batch-size'] !== undefined || args['sequence-length'] !== undefined;
  const cells =
    given || fitting.length > 0
      ? given
        ? asked
        : fitting
      : profiles.map(({ batch, seq }) => ({ batch: batch[1], seq: seq[1] }));
  try {
    for (const sizes of cells) requireSizes(profiles, sizes);
  } catch (error) {
    opened.engine.close();
    throw error;
  }
  return {
    cells,
    backend: opened.backend,
    precision,
    feeds: (sizes) => feedsFor(args, config.vocabSize, () => tokenizerOf(opened), sizes),
    open: async (sizes) => ({
      engine: opened.engine,
      profile: profiles.findIndex((profile) => takes(profile, sizes)),
      buildSeconds: null,
      done: () => {},
    }),
    close: () => opened.engine.close(),
  };
}

/** Weights, of which an engine is built for each cell; on the CPU one for all. */
async function weightsSubject(args: PerfArgs, context: CommandContext): Promise<Subject> {
  const model = openModel(args);
  const precision = args.precision ?? 'fp32';
  const name = args.backend ?? (await usableBackends()).usable[0]!;
  const backend = await openBackend(name);
  context.progress.note(`${precision} with ${formatBackend(backend.about)}`);
  const cells = cellsOf(args).filter(({ seq }) => seq <= model.config.maxPositions);
  if (cells.length === 0)
    throw new TrtDslError(
      'argument',
      `the network has embeddings for ${model.config.maxPositions} positions only: name a --sequence-length`,
    );
  let kept: Engine | undefined;
  return {
    cells,
    backend,
    precision,
    feeds: (sizes) => feedsFor(args, model.config.vocabSize, () => vocabularyOf(model), sizes),
    open: async (sizes) => {
      if (args.engines !== undefined) {
        const { opened, buildSeconds } = await keptEngine(
          args.engines,
          args,
          model,
          backend,
          precision,
          sizes,
          context,
        );
        return { engine: opened.engine, profile: 0, buildSeconds, done: () => opened.engine.close() };
      }
      if (kept) return { engine: kept, profile: 0, buildSeconds: null, done: () => {} };
      const start = performance.now();
      const engine = await compile(args, model, backend, precision, sizes, context);
      const buildSeconds = (performance.now() - start) / 1000;
      if (name !== 'onnx') return { engine, profile: 0, buildSeconds, done: () => engine.close() };
      kept = engine;
      return { engine, profile: 0, buildSeconds, done: () => {} };
    },
    close: () => {
      kept?.close();
      model[Symbol.dispose]();
    },
  };
}

const compile = (
  args: PerfArgs,
  model: Model,
  backend: OpenBackend,
  precision: Precision,
  sizes: Sizes,
  { signal, progress }: CommandContext,
): Promise<Engine> =>
  backend.compile(model.graph(precision, 'question-answering'), {
    // ONNX Runtime takes any size, and one session serves every cell.
    ...(backend.about.name !== 'onnx' && { profiles: [{ ...staticProfile(sizes) }] }),
    cudaGraph: args['cuda-graph'],
    tf32: args.tf32,
    signal,
    onProgress: (phase, fraction) => progress.share(`batch ${sizes.batch} × sequence ${sizes.seq}: ${phase}`, fraction),
    ...builderArgs(args),
  });

/** The engine of a cell in a folder; built and written if it is not there. */
async function keptEngine(
  folder: string,
  args: PerfArgs,
  model: Model,
  backend: OpenBackend,
  precision: Precision,
  sizes: Sizes,
  context: CommandContext,
): Promise<{ opened: OpenEngine; buildSeconds: number | null }> {
  await mkdir(folder, { recursive: true });
  const origin = 'random' in model.origin ? model.origin.random : 'bert';
  const path = join(folder, `${origin}-${precision}-b${sizes.batch}-s${sizes.seq}.${backend.about.name}.engine`);
  let buildSeconds: number | null = null;
  if (!existsSync(path)) {
    const start = performance.now();
    const engine = await compile(args, model, backend, precision, sizes, context);
    buildSeconds = (performance.now() - start) / 1000;
    const tokenizer = model.tokenizer();
    await writeEngine(path, engine, {
      task: 'question-answering',
      precision,
      tf32: args.tf32,
      profiles: [staticProfile(sizes)],
      backend: backend.about,
      origin: model.origin,
      config: model.config,
      tokenizer: tokenizer && tokenizerData(tokenizer),
    });
    engine.close();
  }
  const { config, origin: made, precision: built } = await readDescription(path);
  if (JSON.stringify([config, made, built]) !== JSON.stringify([model.config, model.origin, precision]))
    throw new TrtDslError('file', `${path}: was built from other weights; remove it, or name another --engines folder`);
  return { opened: await openEngine(path, { cudaGraph: args['cuda-graph'] }), buildSeconds };
}

function feedsFor(args: PerfArgs, vocabSize: number, tokenizer: () => Parameters<typeof squadFeeds>[1], sizes: Sizes) {
  const file = args['squad-json'];
  return file === undefined ? randomFeeds(sizes, vocabSize, args.seed) : squadFeeds(file, tokenizer(), sizes);
}

function vocabularyOf(model: Model) {
  const tokenizer = model.tokenizer();
  if (tokenizer) return tokenizer;
  throw new TrtDslError('argument', '--squad-json needs a vocabulary: name it with --vocab-file');
}

/** Every batch size at every length. */
function cellsOf(args: PerfArgs): Sizes[] {
  const batch = args['batch-size'] ?? defaults.batch.map(String);
  const seq = args['sequence-length'] ?? defaults.seq.map(String);
  return profilesOf(batch, seq)
    .map((profile) => ({ batch: profile.batch[1], seq: profile.seq[1] }))
    .sort((a, b) => a.seq - b.seq || a.batch - b.batch);
}

/** The GPU that an engine runs on; null for the CPU. */
export function deviceOf({ tensorrt }: OpenBackend): unknown {
  const cuda = tensorrt?.tensorrt.cuda();
  const gpu = cuda?.devices[0];
  return gpu ? { gpu: gpu.name, computeCapability: gpu.computeCapability, driver: cuda?.driverVersion } : null;
}

function table(rows: readonly Cell[], markdown: boolean): string {
  const ms = (value: number): string => value.toFixed(3);
  const times = (t: Times): string[] => [ms(t.average), ms(t.median), ms(t.p95), ms(t.p99)];
  const onGpu = rows.some(({ gpu }) => gpu !== null);
  const columns = (where: string): string[] => ['avg', 'median', 'p95', 'p99'].map((each) => `${where} ${each}`);
  const headings = ['batch × seq', ...(onGpu ? columns('GPU') : []), ...columns('host'), 'seq/s'];
  const body = rows.map(({ batch, seq, host, gpu, sequencesPerSecond }) => [
    `${batch} × ${seq}`,
    ...(onGpu ? times(gpu!) : []),
    ...times(host),
    sequencesPerSecond.toFixed(1),
  ]);
  return `${(markdown ? markdownTable : textTable)(headings, body)}\n\ntimes in milliseconds`;
}
