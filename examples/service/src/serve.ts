import cluster from 'node:cluster';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { openBert } from '@trt-dsl/bert-model';
import { type Engine, type Graph, messageOf, TrtDslError } from '@trt-dsl/dsl';
import { dataTypeOf, formatBackend, type OpenBackend, openBackend, usableBackends } from '@trt-dsl/example-bert-squad';
import type { HiddenEngine } from '@trt-dsl/example-sentence-similarity';
import {
  type CommandContext,
  type FetchProgress,
  fetchMiniLM,
  type Report,
  requirePlace,
  withLock,
  writeFileWhole,
} from '@trt-dsl/tools';
import type { InferredOptionTypes } from 'yargs';
import type { options } from './cli.ts';
import { Embedder, shortestLength } from './embedder.ts';
import { listen } from './listen.ts';
import { Metrics } from './metrics.ts';
import { runProcesses } from './processes.ts';
import { EmbeddingServer } from './server.ts';

export type ServeArgs = InferredOptionTypes<typeof options>;

/** The least and the most that a number on the command line may be. */
const ranges = {
  port: [0, 65535],
  'metrics-port': [0, 65535],
  'max-batch': [1, 4096],
  'max-tokens': [1, 1_000_000],
  'max-queue': [1, 1_000_000],
  'max-length': [2, 4096],
  lanes: [1, 16],
  processes: [1, 256],
  gpus: [1, 64],
} as const;

/** `embedding-service`: serves until it is interrupted, then finishes what it was asked. */
export async function serve(args: ServeArgs, context: CommandContext): Promise<Report> {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = args[name as keyof typeof ranges];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= least && value <= most))
      throw new TrtDslError('argument', `--${name} is ${value}; expected a whole number from ${least} to ${most}`);
  }
  for (const name of ['gpus', 'metrics-port'] as const)
    if (args[name] !== undefined && args.processes === 1)
      throw new TrtDslError('argument', `--${name} is for several processes: name them with --processes`);
  const folder = args.model ?? (await fetchMiniLM({ onProgress: (at) => showFetch(at, context) }));
  openBert(folder).close(); // says what is wrong with it before processes are started
  if (cluster.isPrimary && args.processes > 1) return runProcesses(args, context);
  try {
    return await serveHere(folder, args, context);
  } finally {
    cluster.worker?.disconnect();
  }
}

const showFetch = ({ step, bytes, total }: FetchProgress, { progress }: CommandContext): void =>
  progress.bytes(step, bytes, total);

/** Serves in this process. */
async function serveHere(folder: string, args: ServeArgs, context: CommandContext): Promise<Report> {
  const { progress, signal } = context;
  using model = openBert(folder);
  const maxLength = Math.min(args['max-length'], model.config.maxPositions);
  const backend = await openBackend(args.backend ?? (await usableBackends()).usable[0]!);
  using engine = await openEngine(args, backend, () => model.graph(dataTypeOf[args.precision]), maxLength, context);
  requireWidth(engine, model.config.hiddenSize, args.engine);

  const metrics = new Metrics();
  const embedder = new Embedder(model, engine, {
    maxLength,
    maxBatch: args['max-batch'],
    maxTokens: args['max-tokens'],
    maxDelay: args['max-delay'],
    maxQueue: args['max-queue'],
    lanes: args.lanes,
    onBatch: (batch) => metrics.batch(batch),
  });
  metrics.watch(embedder);
  const name = basename(folder);
  const server = new EmbeddingServer({
    embedder,
    metrics,
    name,
    maxTexts: args['max-queue'],
    width: model.config.hiddenSize,
    onError: (message) => progress.note(`a batch failed: ${message}`),
  });
  const port = await listen(server.http, args.host, args.port);
  const host = args.host.includes(':') ? `[${args.host}]` : args.host;
  if (!cluster.isWorker)
    progress.note(
      `${name}, ${args.precision} with ${formatBackend(backend.about)}, listens on http://${host}:${port}; Ctrl-C ends it`,
    );
  if (!signal.aborted) await once(signal, 'abort');
  await server.close();
  const texts = await metrics.texts();
  return { json: { texts }, text: `texts embedded: ${texts}` };
}

/** The engine of a file, or of a graph that is compiled here and, where a file is named, kept in it. */
async function openEngine(
  args: ServeArgs,
  backend: OpenBackend,
  graphOf: () => Graph,
  maxLength: number,
  { progress, signal }: CommandContext,
): Promise<HiddenEngine> {
  const { engine: file, lanes } = args;
  const compile = (): Promise<Engine> =>
    backend.compile(graphOf(), {
      lanes,
      profiles: [
        {
          batch: [1, args['max-batch'], args['max-batch']],
          seq: [Math.min(shortestLength, maxLength), Math.min(64, maxLength), maxLength],
        },
      ],
      signal,
      onProgress: (phase, fraction) => progress.share(phase, fraction),
    });
  if (file === undefined) return (await compile()) as HiddenEngine;
  requirePlace(file);
  const build = async (): Promise<void> => {
    if (existsSync(file)) return;
    using engine = await compile();
    writeFileWhole(file, engine.serialize());
  };
  await withLock(`${file}.lock`, build, { signal, onWait: (pid) => progress.note(`process ${pid} builds ${file}`) });
  try {
    return (await backend.load(await readFile(file), { lanes })) as HiddenEngine;
  } catch (error) {
    throw new TrtDslError('file', `${file}: ${messageOf(error)}; remove it to build it anew`, { cause: error });
  }
}

/** @throws TrtDslError 'file' if an engine is not of this model */
function requireWidth(engine: Engine, width: number, file: string | undefined): void {
  const found = engine.outputs.get('last_hidden_state')?.shape.at(-1);
  if (found !== width)
    throw new TrtDslError('file', `${file}: gives ${found ?? 'no last_hidden_state'}, the model ${width}; remove it`);
}
