import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import { type CommandContext, type Report, requirePlace } from '@trt-dsl/tools';
import { type BackendName, formatBackend, type OpenBackend, openBackend, usableBackends } from '../backends.ts';
import type { buildOptions } from '../commands/build.ts';
import { withoutDemoFlags } from '../demo-flags.ts';
import { type BuilderSettings, writeEngine } from '../engine-file.ts';
import { openModel, tokenizerData } from '../model.ts';
import { describeNetwork, networkOf, situationOf } from '../network.ts';
import type { Args } from '../options.ts';
import { choosePlugins } from '../plugins.ts';
import { formatProfiles, formatSizes, longestSequence, profilesOf, usualTokens } from '../profiles.ts';
import { tryEngine } from '../trial.ts';

type BuildArgs = Args<typeof buildOptions>;

/** `bert-squad build` */
export async function build(given: BuildArgs, context: CommandContext): Promise<Report> {
  const { progress } = context;
  const { args, notes } = withoutDemoFlags(given);
  requirePlace(args.output);
  for (const note of notes) progress.note(note);
  const profiles = profilesOf(args['batch-size'], args['sequence-length']);
  using model = openModel(args);
  const longest = longestSequence(profiles);
  requirePositions(longest, model.config.maxPositions);
  const tokenizer = model.tokenizer();
  if (!tokenizer) progress.note('no vocabulary beside the config: `infer` will need --vocab-file');
  const start = performance.now();
  const situation = situationOf(args, model.config, usualTokens(profiles));
  const { backend, made } = await onBest(args, context, async (opened) => {
    const plugins = choosePlugins(args.plugins, situation, opened);
    const target = { backend: opened.about, plugins, seq: longest };
    const { graph, settings, pluginLibrary } = await networkOf(model, args.task, args, context, target);
    const named = describeNetwork(settings);
    progress.note(`building ${graph.nodes.length} layers in ${named} with ${formatBackend(opened.about)}`);
    const engine = await opened.compile(graph, {
      profiles: profiles.map(({ batch, seq }) => ({ batch, seq })),
      signal: context.signal,
      onProgress: (phase, fraction) => progress.share(phase, fraction),
      tf32: args.tf32,
      pluginLibrary,
      ...builderArgs(args),
    });
    return { engine, settings };
  });
  const { engine, settings } = made;
  try {
    const { config } = model;
    const subject = { output: args.output, profiles, config, settings };
    const trial = args.trial ? await tryEngine(engine, backend, subject, context) : null;
    const {
      tokenizer: _,
      calibration: __,
      ...description
    } = await writeEngine(args.output, engine, {
      task: args.task,
      ...settings,
      tf32: args.tf32,
      builder: builderSettings(args),
      profiles,
      backend: backend.about,
      origin: model.origin,
      config,
      tokenizer: tokenizer && tokenizerData(tokenizer),
    });
    const seconds = (performance.now() - start) / 1000;
    return {
      json: { engine: args.output, seconds, notes, trial, ...description },
      text: [
        `${args.output}: ${(description.bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s, ${describeNetwork(settings)}, ${formatBackend(backend.about)}`,
        `takes ${formatProfiles(profiles)}; ${trial ? `its trial run, ${formatSizes(trial)}, gave finite numbers` : 'without a trial run'}`,
      ].join('\n'),
    };
  } finally {
    engine.close();
  }
}

interface BuilderArgs {
  readonly workspace?: number | undefined;
  readonly 'timing-cache'?: string | undefined;
  readonly 'optimization-level'?: number | undefined;
}

/** What of them makes another engine. */
export const builderSettings = (args: BuilderArgs): BuilderSettings => ({
  workspace: args.workspace ?? null,
  optimizationLevel: args['optimization-level'] ?? null,
});

/** The options of the builder that were given. */
export const builderArgs = (args: BuilderArgs) => ({
  ...(args.workspace !== undefined && { workspace: args.workspace * 2 ** 20 }),
  ...(args['timing-cache'] !== undefined && { timingCache: args['timing-cache'] }),
  ...(args['optimization-level'] !== undefined && { optimizationLevel: args['optimization-level'] }),
});

/** Refuses a sequence that the network has no positions for. @throws TrtDslError 'argument' */
export function requirePositions(sequence: number, maxPositions: number): void {
  if (sequence > maxPositions)
    throw new TrtDslError(
      'argument',
      `--sequence-length ${sequence}: the network has embeddings for ${maxPositions} positions`,
    );
}

/**
 * Does something with the backend that was asked for, or with the best of this machine, saying which; where that fails
 * and may be replaced, with the next.
 */
export async function onBest<T>(
  args: { readonly backend?: BackendName | undefined; readonly fallback?: boolean },
  { progress, signal }: CommandContext,
  work: (backend: OpenBackend) => Promise<T>,
): Promise<{ backend: OpenBackend; made: T }> {
  if (args.backend) {
    const backend = await openBackend(args.backend);
    return { backend, made: await work(backend) };
  }
  const { usable, notes } = await usableBackends();
  progress.note(
    `backend: ${usable[0]}, the best that can build and run here${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`,
  );
  for (const [i, name] of usable.entries()) {
    try {
      const backend = await openBackend(name);
      return { backend, made: await work(backend) };
    } catch (error) {
      const next = usable[i + 1];
      if (!next || args.fallback === false || signal.aborted) throw error;
      if (error instanceof TrtDslError && error.code !== 'backend' && error.code !== 'unsupported') throw error;
      progress.note(`${name} failed: ${messageOf(error).split('\n')[0]}; taking ${next} (--no-fallback forbids it)`);
    }
  }
  throw new TrtDslError('backend', 'no backend can be used here');
}
