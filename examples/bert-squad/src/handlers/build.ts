import { existsSync } from 'node:fs';
import { type Graph, messageOf, TrtDslError } from '@trt-dsl/dsl';
import type { CommandContext, Report } from '@trt-dsl/tools';
import { type BackendName, formatBackend, type OpenBackend, openBackend, usableBackends } from '../backends.ts';
import type { buildOptions } from '../commands/build.ts';
import { type Quantization, writeEngine } from '../engine-file.ts';
import { int8Graph } from '../int8.ts';
import { type Model, openModel, type Precision, tokenizerData } from '../model.ts';
import type { Args } from '../options.ts';
import { type BertProfile, formatProfiles, longestSequence, profilesOf } from '../profiles.ts';

type BuildArgs = Args<typeof buildOptions>;

/** `bert-squad build` */
export async function build(args: BuildArgs, context: CommandContext): Promise<Report> {
  const { progress } = context;
  const { precision, notes } = precisionOf(args);
  for (const note of notes) progress.note(note);
  const profiles = profilesOf(args['batch-size'], args['sequence-length']);
  using model = openModel(args);
  requirePositions(longestSequence(profiles), model.config.maxPositions);
  const tokenizer = model.tokenizer();
  if (!tokenizer) progress.note('no vocabulary beside the config: `infer` will need --vocab-file');
  const start = performance.now();
  const { graph, quantization } = await graphOf(model, precision, profiles, args, context);
  const named = quantization ? `int8 and ${precision}` : precision;
  const { backend, engine } = await onBest(args, context, (opened) => {
    progress.note(`building ${graph.nodes.length} layers in ${named} with ${formatBackend(opened.about)}`);
    return opened.compile(graph, {
      profiles: profiles.map(({ batch, seq }) => ({ batch, seq })),
      signal: context.signal,
      onProgress: (phase, fraction) => progress.share(phase, fraction),
      tf32: args.tf32,
      ...builderArgs(args),
    });
  });
  try {
    const { tokenizer: _, ...description } = await writeEngine(args.output, engine, {
      task: args.task,
      precision,
      quantization,
      tf32: args.tf32,
      profiles,
      backend: backend.about,
      origin: model.origin,
      config: model.config,
      tokenizer: tokenizer && tokenizerData(tokenizer),
    });
    const seconds = (performance.now() - start) / 1000;
    return {
      json: { engine: args.output, seconds, notes, ...description },
      text: [
        `${args.output}: ${(description.bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s, ${named}, ${formatBackend(backend.about)}`,
        `takes ${formatProfiles(profiles)}`,
      ].join('\n'),
    };
  } finally {
    engine.close();
  }
}

/** The network, with INT8 products if they were asked for and there is something to calibrate with. */
async function graphOf(
  model: Model,
  precision: Precision,
  profiles: readonly BertProfile[],
  args: BuildArgs,
  context: CommandContext,
): Promise<{ graph: Graph; quantization: Quantization | null }> {
  const { task } = args;
  if (args.int8 && calibrates(args))
    return int8Graph(model, { precision, task, seq: longestSequence(profiles) }, args, context);
  return { graph: model.graph(precision, task), quantization: null };
}

const calibrates = (args: BuildArgs): boolean =>
  args['squad-json'] !== undefined || (args['calib-path'] !== undefined && existsSync(args['calib-path']));

/** The options of the builder that were given. */
export const builderArgs = (args: {
  readonly workspace?: number | undefined;
  readonly 'timing-cache'?: string | undefined;
  readonly 'optimization-level'?: number | undefined;
}) => ({
  ...(args.workspace !== undefined && { workspace: args.workspace * 2 ** 20 }),
  ...(args['timing-cache'] !== undefined && { timingCache: args['timing-cache'] }),
  ...(args['optimization-level'] !== undefined && { optimizationLevel: args['optimization-level'] }),
});

/** The precision that the flags mean, and a word on each of the demo's. */
function precisionOf(args: BuildArgs): { precision: Precision; notes: string[] } {
  const { precision, fp16, int8, strict } = args;
  if (fp16 && precision !== undefined && precision !== 'fp16')
    throw new TrtDslError('argument', `--fp16 contradicts --precision ${precision}`);
  if (!int8 && (args['squad-json'] ?? args['calib-path']) !== undefined)
    throw new TrtDslError('argument', '--squad-json and --calib-path calibrate; they go with --int8');
  const quantizing = 'INT8 is Q/DQ layers in the network now, TensorRT 11 having neither flag nor calibrators';
  const notes = [
    fp16 && '--fp16 now means --precision fp16: every layer computes in float16, sums of norms and softmax in float32',
    int8 &&
      `--int8: ${quantizing}${calibrates(args) ? '' : '; without --squad-json or --calib-path there is nothing to calibrate with: building without'}`,
    strict && '--strict: always so now; a network is strongly typed, and no builder changes a type',
  ].filter((note) => note !== false);
  return { precision: precision ?? (fp16 || int8 ? 'fp16' : 'fp32'), notes };
}

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
): Promise<{ backend: OpenBackend; engine: T }> {
  if (args.backend) {
    const backend = await openBackend(args.backend);
    return { backend, engine: await work(backend) };
  }
  const { usable, notes } = await usableBackends();
  progress.note(
    `backend: ${usable[0]}, the best that can build and run here${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`,
  );
  for (const [i, name] of usable.entries()) {
    try {
      const backend = await openBackend(name);
      return { backend, engine: await work(backend) };
    } catch (error) {
      const next = usable[i + 1];
      if (!next || args.fallback === false || signal.aborted) throw error;
      if (error instanceof TrtDslError && error.code !== 'backend' && error.code !== 'unsupported') throw error;
      progress.note(`${name} failed: ${messageOf(error).split('\n')[0]}; taking ${next} (--no-fallback forbids it)`);
    }
  }
  throw new TrtDslError('backend', 'no backend can be used here');
}
