import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { BertFeeds } from '@trt-dsl/bert-model';
import { type Engine, TrtDslError } from '@trt-dsl/dsl';
import { type CommandContext, requirePlace } from '@trt-dsl/tools';
import { formatBackend, type OpenBackend, openBackend, usableBackends } from './backends.ts';
import { refuseBesideEngine, weightNames } from './beside-engine.ts';
import type { perfOptions } from './commands/perf.ts';
import {
  descriptionPath,
  type OpenEngine,
  openEngine,
  readDescription,
  tokenizerOf,
  writeEngine,
} from './engine-file.ts';
import { differences } from './engine-identity.ts';
import { builderArgs, builderSettings } from './handlers/build.ts';
import { randomFeeds, squadFeeds } from './inputs.ts';
import { type Model, openModel, orEngine, tokenizerData } from './model.ts';
import { describeNetwork, type Network, type NetworkSettings, networkOf, situationOf } from './network.ts';
import type { Args } from './options.ts';
import { choosePlugins } from './plugins.ts';
import { type BertProfile, profilesOf, requireSizes, type Sizes, staticProfile, takes } from './profiles.ts';

export type PerfArgs = Args<typeof perfOptions>;

const defaults = { batch: [1, 2, 4, 8, 12, 16, 24, 32, 64, 128], seq: [128, 384] } as const;

/** The engine of a cell. */
export interface TimedEngine {
  readonly engine: Engine;
  readonly profile: number;
  readonly buildSeconds: number | null;
  readonly settings: NetworkSettings;
  done(): void;
}

/** Engines to time at some sizes. */
export interface TimedEngines {
  readonly cells: readonly Sizes[];
  readonly backend: OpenBackend;
  /** of the first cell */
  readonly settings: NetworkSettings;
  feeds(sizes: Sizes): BertFeeds;
  /** The engine for a cell, with the seconds that building took; `done` gives it back. */
  open(sizes: Sizes): Promise<TimedEngine>;
  close(): void;
}

/** A built engine, at the sizes asked for or at all defaults that it takes. */
export async function openForTiming(args: PerfArgs): Promise<TimedEngines> {
  refuseBesideEngine(args, [...weightNames, 'engines']);
  const cells = cellsWithin(args, (await readDescription(args.engine!)).profiles);
  const opened = await openEngine(args.engine!, { cudaGraph: args['cuda-graph'] });
  const { profiles, config } = opened.about;
  return {
    cells,
    backend: opened.backend,
    settings: opened.about,
    feeds: (sizes) => feedsFor(args, config.vocabSize, () => tokenizerOf(opened, args), sizes),
    open: async (sizes) => ({
      engine: opened.engine,
      profile: profiles.findIndex((profile) => takes(profile, sizes)),
      buildSeconds: null,
      settings: opened.about,
      done: () => {},
    }),
    close: () => opened.engine.close(),
  };
}

/** What building an engine for a cell needs. */
interface Job {
  readonly args: PerfArgs;
  readonly model: Model;
  readonly backend: OpenBackend;
  readonly context: CommandContext;
  /** The network for sizes, which plugins may depend on. */
  network(sizes: Sizes): Promise<Network>;
}

/** Weights, of which an engine is built for each cell; on the CPU one for all. */
export async function buildForTiming(args: PerfArgs, context: CommandContext): Promise<TimedEngines> {
  const model = openModel(args, orEngine);
  const backend = await openBackend(args.backend ?? (await usableBackends()).usable[0]!);
  const { maxPositions, vocabSize } = model.config;
  const cells = cellsOf(args).filter(({ seq }) => seq <= maxPositions);
  if (cells.length === 0)
    throw new TrtDslError(
      'argument',
      `the network has embeddings for ${maxPositions} positions: name a --sequence-length`,
    );
  const network = networksOf(args, model, backend, context);
  const { settings } = await network(cells[0]!);
  const job = { args, model, backend, network, context };
  let shared: Engine | undefined;
  return {
    cells,
    backend,
    settings,
    feeds: (sizes) => feedsFor(args, vocabSize, () => vocabularyOf(model), sizes),
    open: async (sizes) => {
      if (args.engines !== undefined) {
        const { opened, buildSeconds } = await keptEngine(args.engines, job, sizes);
        const { engine, about } = opened;
        return { engine, profile: 0, buildSeconds, settings: about, done: () => engine.close() };
      }
      const { settings } = await network(sizes);
      if (shared) return { engine: shared, profile: 0, buildSeconds: null, settings, done: () => {} };
      const { engine, buildSeconds } = await compile(job, sizes);
      if (backend.about.name === 'onnx') shared = engine;
      return { engine, profile: 0, buildSeconds, settings, done: () => shared ?? engine.close() };
    },
    close: () => {
      shared?.close();
      model[Symbol.dispose]();
    },
  };
}

/** Networks by size: the same one wherever the same layers are plugins. On the CPU, where one serves all cells, always. */
function networksOf(
  args: PerfArgs,
  model: Model,
  backend: OpenBackend,
  context: CommandContext,
): (sizes: Sizes) => Promise<Network> {
  const known = new Map<string, Network>();
  return async ({ batch, seq }) => {
    const tokens = backend.about.name === 'onnx' ? undefined : batch * seq;
    const chosen = choosePlugins(args.plugins, situationOf(args, model.config, tokens), backend);
    const key = chosen.layers.join();
    const found = known.get(key);
    if (found) return found;
    const target = { backend: backend.about, plugins: chosen };
    const network = await networkOf(model, 'question-answering', args, context, target);
    context.progress.note(`${describeNetwork(network.settings)} with ${formatBackend(backend.about)}`);
    known.set(key, network);
    return network;
  };
}

async function compile(
  { args, backend, network: networkFor, context: { signal, progress } }: Job,
  sizes: Sizes,
): Promise<{ engine: Engine; buildSeconds: number }> {
  const { graph, pluginLibrary } = await networkFor(sizes);
  const start = performance.now();
  const engine = await backend.compile(graph, {
    // ONNX Runtime takes any size, and one session serves every cell.
    ...(backend.about.name !== 'onnx' && { profiles: [{ ...staticProfile(sizes) }] }),
    cudaGraph: args['cuda-graph'],
    tf32: args.tf32,
    pluginLibrary,
    signal,
    onProgress: (phase, fraction) => progress.share(`batch ${sizes.batch} × sequence ${sizes.seq}: ${phase}`, fraction),
    ...builderArgs(args),
  });
  return { engine, buildSeconds: (performance.now() - start) / 1000 };
}

/** The engine of a cell in a folder; built and written if it is not there. */
async function keptEngine(
  folder: string,
  job: Job,
  sizes: Sizes,
): Promise<{ opened: OpenEngine; buildSeconds: number | null }> {
  const { args, model, backend } = job;
  const { settings } = await job.network(sizes);
  const name = 'random' in model.origin ? model.origin.random : 'bert';
  const type = `${settings.precision}${settings.plugins ? '-plugins' : ''}`;
  const path = join(folder, `${name}-${type}-b${sizes.batch}-s${sizes.seq}.${backend.about.name}.engine`);
  const wanted = {
    ...settings,
    task: 'question-answering',
    tf32: args.tf32,
    builder: builderSettings(args),
    profiles: [staticProfile(sizes)],
    backend: backend.about,
    origin: model.origin,
    config: model.config,
  } as const;
  let buildSeconds: number | null = null;
  if (!existsSync(path) || !existsSync(descriptionPath(path))) {
    requirePlace(path);
    const built = await compile(job, sizes);
    using engine = built.engine;
    buildSeconds = built.buildSeconds;
    const tokenizer = model.tokenizer();
    await writeEngine(path, engine, { ...wanted, tokenizer: tokenizer && tokenizerData(tokenizer) });
  }
  const others = differences(await readDescription(path), wanted);
  if (others.length > 0)
    throw new TrtDslError(
      'file',
      `${path}: differs from what is asked for in ${others.join(', ')}, see ${descriptionPath(path)}; remove it, or name another --engines folder`,
    );
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
const cross = (batches: readonly string[], lengths: readonly string[]): Sizes[] =>
  profilesOf(batches, lengths)
    .map(({ batch, seq }) => ({ batch: batch[1], seq: seq[1] }))
    .sort((a, b) => a.seq - b.seq || a.batch - b.batch);

const cellsOf = (args: PerfArgs): Sizes[] =>
  cross(args['batch-size'] ?? defaults.batch.map(String), args['sequence-length'] ?? defaults.seq.map(String));

/**
 * The cells of an engine: those asked for; where only one axis is asked for, or none, the defaults that a profile takes
 * stand in for the other, or else the sizes that the profiles are tuned for.
 * @throws TrtDslError 'shape' for a size that was asked for and no profile takes
 */
function cellsWithin(args: PerfArgs, profiles: readonly BertProfile[]): Sizes[] {
  const { 'batch-size': batches, 'sequence-length': lengths } = args;
  const taken = (cell: Sizes): boolean => profiles.some((profile) => takes(profile, cell));
  const tuned = cross(
    batches ?? profiles.map(({ batch }) => `${batch[1]}`),
    lengths ?? profiles.map(({ seq }) => `${seq[1]}`),
  );
  const asked = cellsOf(args);
  if (batches && lengths) for (const cell of asked) requireSizes(profiles, cell);
  const usual = asked.filter(taken);
  const cells = usual.length > 0 ? usual : tuned.filter(taken);
  const missed = tuned.find(
    (cell) => !cells.some(({ batch, seq }) => (batches ? batch === cell.batch : seq === cell.seq)),
  );
  if ((batches ?? lengths) && missed) requireSizes(profiles, missed);
  return cells;
}
