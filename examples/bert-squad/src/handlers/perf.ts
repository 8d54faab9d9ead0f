import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { BertFeeds } from '@trt-dsl/bert-model';
import type { Engine, Results } from '@trt-dsl/dsl';
import { type CommandContext, type Report, requirePlace, writeFileWhole } from '@trt-dsl/tools';
import type { TensorRTEngine } from '@trt-dsl/trt-bindings';
import { deviceOf, type OpenBackend } from '../backends.ts';
import type { NetworkSettings } from '../network.ts';
import { formatSizes, type Sizes } from '../profiles.ts';
import { type Times, timesOf } from '../statistics.ts';
import { markdownTable, textTable } from '../table.ts';
import { buildForTiming, openForTiming, type PerfArgs, type TimedEngine, type TimedEngines } from '../timed-engines.ts';
import { notFinite } from '../trial.ts';

/** One row of the table. */
interface Cell extends Sizes {
  readonly precision: NetworkSettings['precision'];
  /** the layers that are plugins */
  readonly plugins: readonly string[];
  /** whether its encoder is on [seq, batch, hidden], which depends on the plugins */
  readonly sequenceFirst: boolean;
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
/** `bert-squad perf` */
export async function perf(args: PerfArgs, context: CommandContext): Promise<Report> {
  requirePlace(args.output);
  const subject = args.engine === undefined ? await buildForTiming(args, context) : await openForTiming(args);
  const { progress, signal } = context;
  const rows: Cell[] = [];
  const { backend, settings } = subject;
  const head = {
    backend: backend.about,
    device: deviceOf(backend),
    node: process.versions.node,
    quantization: settings.quantization,
  };
  const json = () => ({ ...head, warmUp: args['warm-up'], iterations: args.iterations, cells: rows });
  try {
    for (const [i, sizes] of subject.cells.entries()) {
      signal.throwIfAborted();
      progress.share(formatSizes(sizes), i / subject.cells.length);
      const { buildSeconds, done, ...timed } = await subject.open(sizes);
      try {
        rows.push({ ...(await measure(subject, timed, sizes, args, context)), buildSeconds });
      } finally {
        done();
      }
      if (args.output) writeFileWhole(args.output, `${JSON.stringify(json(), undefined, 1)}\n`);
    }
  } finally {
    subject.close();
  }
  return { json: json(), text: table(rows, args.markdown) };
}

async function measure(
  { backend, feeds }: TimedEngines,
  { engine, profile, settings }: Pick<TimedEngine, 'engine' | 'profile' | 'settings'>,
  sizes: Sizes,
  args: PerfArgs,
  { progress, signal }: CommandContext,
): Promise<Omit<Cell, 'buildSeconds'>> {
  const fed = feeds(sizes);
  const cudaGraph = args['cuda-graph'] && backend.tensorrt !== undefined;
  const told = (what: string, share: number) => progress.share(`${formatSizes(sizes)}, ${what}`, share);
  const { times, results } = await hostTimes(engine, fed, args, signal, told);
  const broken = notFinite(results);
  if (broken !== null) progress.note(`${formatSizes(sizes)}: the engine computes nothing of use: ${broken}`);
  const host = timesOf(times);
  const runs = runsWithin(args, host.median);
  const gpu = backend.tensorrt ? timesOf(await gpuTimes(backend, engine, fed, { profile, runs }, args)) : null;
  return {
    ...sizes,
    precision: settings.precision,
    plugins: settings.plugins?.layers ?? [],
    sequenceFirst: settings.quantization?.sequenceFirst ?? false,
    inputs: args['squad-json'] === undefined ? 'random' : 'squad',
    cudaGraph,
    host,
    gpu,
    sequencesPerSecond: (1000 * sizes.batch) / (gpu ?? host).median,
  };
}

/** The times of the runs that count, and the results of the last. */
async function hostTimes(
  engine: Engine,
  feeds: BertFeeds,
  args: PerfArgs,
  signal: AbortSignal,
  progress: (what: string, share: number) => void,
): Promise<{ readonly times: number[]; readonly results: Results }> {
  const once = (): Results | Promise<Results> =>
    'runSync' in engine ? (engine as TensorRTEngine).runSync(feeds) : engine.run(feeds);
  // Between runs, at least every 50 ms, the event loop turns: an interruption is heard, and progress is written.
  let turned = performance.now();
  const turn = async (what: string, share: number): Promise<void> => {
    if (performance.now() - turned > 50) {
      progress(what, share);
      await setImmediate();
      turned = performance.now();
    }
    signal.throwIfAborted();
  };
  for (let i = 0; i < args['warm-up']; i++) {
    await once();
    await turn('warming up', i / args['warm-up']);
  }
  const times: number[] = [];
  let results: Results = {};
  const end = performance.now() + 1000 * (args.duration ?? Number.POSITIVE_INFINITY);
  while (times.length < args.iterations && (times.length === 0 || performance.now() < end)) {
    const start = performance.now();
    results = await once();
    times.push(performance.now() - start);
    await turn('host', times.length / args.iterations);
  }
  return { times, results };
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
