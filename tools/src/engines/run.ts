import { existsSync } from 'node:fs';
import { type HostTensor, TrtDslError, Weights } from '@trt-dsl/dsl';
import { measureGpu, TensorRTEngine } from '@trt-dsl/trt-bindings';
import { writeNpyFolder } from '@trt-dsl/weights';
import type { CommandContext, Report } from '../command.ts';
import { short, table } from '../table.ts';
import type { FeedOptions } from './feeds.ts';
import { asFeeds, type FeedMap, type ModelOptions, openRunnable, resultsOf } from './open-engine.ts';
import { type Statistics, statisticsOf } from './statistics.ts';

interface RunArguments extends ModelOptions, FeedOptions {
  readonly runs: number;
  readonly warmUp: number;
  readonly cudaGraph: boolean;
  readonly out?: string | undefined;
}

/** `trt-dsl run`: an engine on inputs; shapes, norms, times. */
export async function runModel(args: RunArguments, { signal, progress }: CommandContext): Promise<Report> {
  if (!(Number.isSafeInteger(args.runs) && args.runs >= 1 && Number.isSafeInteger(args.warmUp) && args.warmUp >= 0))
    throw new TrtDslError('argument', `--runs ${args.runs} --warm-up ${args.warmUp}: whole numbers, one run at least`);
  if (args.out !== undefined && existsSync(args.out))
    throw new TrtDslError('file', `--out ${args.out}: exists already; name a new folder`);
  progress.note(`opening ${args.model}`);
  using runnable = await openRunnable(args, args, { cudaGraph: args.cudaGraph, signal });
  const { engine, backend, feeds, tensorrt } = runnable;
  const times: number[] = [];
  let results: FeedMap = new Map();
  for (let i = -args.warmUp; i < args.runs; i++) {
    signal.throwIfAborted();
    const started = performance.now();
    results = resultsOf(await engine.run(asFeeds(feeds)));
    if (i >= 0) times.push(performance.now() - started);
  }
  if (args.out !== undefined) writeNpyFolder(args.out, [...results].map(asWeights));
  const milliseconds = percentiles(times);
  const gpu =
    tensorrt && engine instanceof TensorRTEngine ? percentiles(measureGpu(tensorrt, engine, feeds, args)) : undefined;
  const [inputs, outputs] = [statistics(feeds), statistics(results)];
  return {
    json: {
      model: args.model,
      backend,
      inputs,
      outputs,
      runs: args.runs,
      milliseconds,
      ...(gpu && { gpuMilliseconds: gpu }),
    },
    text: [
      table([['', '', 'norm', 'mean', 'least', 'most'], ...rows('input', inputs), ...rows('output', outputs)]),
      '',
      `${backend}, ${args.runs} runs: ${line(milliseconds)}`,
      ...(gpu ? [`the GPU alone, without copies: ${line(gpu)}`] : []),
      ...(args.out === undefined ? [] : [`outputs in ${args.out}`]),
    ].join('\n'),
  };
}

/** Median, 95th and 99th percentile of times in milliseconds. */
interface Percentiles {
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
}

function percentiles(times: readonly number[]): Percentiles {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { median: at(0.5), p95: at(0.95), p99: at(0.99) };
}

const line = ({ median, p95, p99 }: Percentiles): string =>
  `median ${median.toFixed(3)} ms, 95% in ${p95.toFixed(3)} ms, 99% in ${p99.toFixed(3)} ms`;

const statistics = (tensors: FeedMap): Readonly<Record<string, Statistics>> =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, statisticsOf(tensor)]));

const rows = (what: string, all: Readonly<Record<string, Statistics>>): string[][] =>
  Object.entries(all).map(([name, { type, norm, mean, min, max, notFinite }]) => [
    `${what} ${name}`,
    type,
    short(norm),
    short(mean),
    short(min),
    short(max),
    ...(notFinite > 0 ? [`${notFinite} not finite`] : []),
  ]);

/** A tensor for a .npy file; types that numpy lacks as float32. */
function asWeights([name, { dataType, shape, data }]: readonly [string, HostTensor]): readonly [string, Weights] {
  const weights = Weights.of(dataType, shape, data as never, name) as Weights;
  const known = dataType !== 'bfloat16' && dataType !== 'float8';
  return [name, known ? weights : weights.as('float32')];
}
