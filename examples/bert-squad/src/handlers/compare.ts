import type { BertFeeds } from '@trt-dsl/bert-model';
import { type FloatType, type Results, TrtDslError } from '@trt-dsl/dsl';
import { type CommandContext, type Report, requirePlace, writeFileWhole } from '@trt-dsl/tools';
import { deviceOf, formatBackend } from '../backends.ts';
import { refuseBesideEngine } from '../beside-engine.ts';
import type { compareOptions } from '../commands/compare.ts';
import { type Difference, difference } from '../difference.ts';
import { openEngine, tokenizerOf } from '../engine-file.ts';
import { randomFeeds, squadFeeds } from '../inputs.ts';
import { limitOf } from '../limits.ts';
import { dataTypeOf } from '../model.ts';
import { describeNetwork, floatPrecision } from '../network.ts';
import type { Args } from '../options.ts';
import { type BertProfile, requireSizes, type Sizes, staticProfile } from '../profiles.ts';
import { type ReferenceOutputs, runPytorch } from '../reference.ts';
import { type Source, sourceOf } from '../source.ts';
import { textTable } from '../table.ts';
import { builderArgs, onBest, requirePositions } from './build.ts';

type CompareArgs = Args<typeof compareOptions>;

/** What ran, and what came out of it. */
interface Ours {
  readonly results: Results;
  readonly feeds: BertFeeds;
  readonly backend: string;
  readonly device: unknown;
  readonly tf32: boolean;
  readonly buildSeconds: number | null;
}

/** `bert-squad compare` */
export async function compare(args: CompareArgs, context: CommandContext): Promise<Report> {
  requirePlace(args.output);
  const { source, ours } = await runOurs(args, context);
  using model = source.model;
  const { settings, task } = source;
  context.progress.note(`${args.with}: the reference`);
  const theirs = await runReference(source, ours, args, context);

  const rows = Object.entries(ours.results).map(([name, { shape, data }]) => {
    const wanted = output(theirs.truth, name);
    if (String(wanted.shape) !== String(shape))
      throw new TrtDslError(
        'shape',
        `${name}: the engine gives [${shape.join(', ')}], ${args.with} [${wanted.shape.join(', ')}]`,
      );
    const own = theirs.sameType ? difference(name, shape, output(theirs.sameType, name).data, wanted.data) : null;
    const limit = args.tolerance ?? limitOf(settings, own?.relativeL2 ?? null);
    const found = difference(name, shape, data as ArrayLike<number> as Float32Array, wanted.data);
    return { ...found, referenceOwnError: own?.relativeL2 ?? null, limit, passed: found.relativeL2 <= limit };
  });
  const passed = rows.every((row) => row.passed);
  const pooler = rows.find((row) => row.output === 'pooler_output');
  const { tf32, buildSeconds, device } = ours;
  const json = {
    ...(args.engine !== undefined && { engine: args.engine }),
    origin: model.origin,
    task,
    precision: settings.precision,
    quantization: settings.quantization,
    plugins: settings.plugins,
    tf32,
    backend: ours.backend,
    device,
    buildSeconds,
    reference: { with: args.with, ...theirs.about },
    inputs: { ...sizesOf(ours.feeds), kind: args['squad-json'] ?? `random, seed ${args.seed}` },
    outputs: rows,
    ...(pooler && { poolerNorm: { ours: pooler.norm, reference: pooler.referenceNorm } }),
    passed,
  };
  if (args.output !== undefined) writeFileWhole(args.output, `${JSON.stringify(json, undefined, 1)}\n`);
  return { json, text: format(rows, ours, source, args, passed), exitCode: passed ? 0 : 1 };
}

function output(outputs: ReferenceOutputs, name: string) {
  const found = outputs.get(name);
  if (found) return found;
  throw new TrtDslError('name', `the reference gives no "${name}"; it gives ${[...outputs.keys()].join(', ')}`);
}

const sizesOf = ({ input_ids: { shape } }: BertFeeds): Sizes => ({ batch: shape[0]!, seq: shape[1]! });

/** Both what is compared and its network, whose model is the caller's to close. */
async function runOurs(
  args: CompareArgs,
  context: CommandContext,
): Promise<{ readonly source: Source; readonly ours: Ours }> {
  if (args.engine === undefined) return runBuilt(args, context);
  refuseBesideEngine(args);
  const source = await sourceOf(args, context);
  try {
    return { source, ours: await runEngine(args) };
  } catch (error) {
    source.model[Symbol.dispose]();
    throw error;
  }
}

/** An engine that is there, at the sizes asked for or its usual ones. */
async function runEngine(args: CompareArgs): Promise<Ours> {
  using opened = await openEngine(args.engine!);
  const { about, engine, backend } = opened;
  const sizes = askedSizes(args, about.profiles);
  requireSizes(about.profiles, sizes);
  const file = args['squad-json'];
  const feeds = file
    ? squadFeeds(file, tokenizerOf(opened, args), sizes)
    : randomFeeds(sizes, about.config.vocabSize, args.seed, true);
  const results = await engine.run(feeds);
  const name = formatBackend(backend.about);
  return {
    results,
    feeds,
    backend: name,
    device: deviceOf(backend),
    tf32: about.tf32,
    buildSeconds: null,
  };
}

const askedSizes = (args: CompareArgs, profiles: readonly BertProfile[]): Sizes => ({
  batch: args['batch-size'] ?? profiles.at(-1)?.batch[1] ?? 4,
  seq: args['sequence-length'] ?? profiles.at(-1)?.seq[1] ?? 128,
});

/** An engine built for the comparison, and dropped. */
async function runBuilt(
  args: CompareArgs,
  context: CommandContext,
): Promise<{ readonly source: Source; readonly ours: Ours }> {
  const asked = askedSizes(args, []);
  const start = performance.now();
  const { backend, made } = await onBest(args, context, async (opened) => {
    const source = await sourceOf(args, context, opened, asked.batch * asked.seq);
    const { model, settings, graph, pluginLibrary } = source;
    try {
      const { maxPositions } = model.config;
      const sizes =
        args['sequence-length'] === undefined ? { ...asked, seq: Math.min(asked.seq, maxPositions) } : asked;
      requirePositions(sizes.seq, maxPositions);
      context.progress.note(`building in ${describeNetwork(settings)} with ${formatBackend(opened.about)}`);
      const engine = await opened.compile(graph, {
        profiles: [{ ...staticProfile(sizes) }],
        signal: context.signal,
        tf32: args.tf32,
        pluginLibrary,
        ...builderArgs(args),
      });
      return { source, sizes, engine };
    } catch (error) {
      model[Symbol.dispose]();
      throw error;
    }
  });
  const buildSeconds = (performance.now() - start) / 1000;
  const { source, sizes, engine } = made;
  const { model } = source;
  try {
    const tokenizer = args['squad-json'] === undefined ? null : model.tokenizer();
    if (args['squad-json'] !== undefined && !tokenizer)
      throw new TrtDslError('argument', '--squad-json needs a vocabulary: name it with --vocab-file');
    const feeds = tokenizer
      ? squadFeeds(args['squad-json']!, tokenizer, sizes)
      : randomFeeds(sizes, model.config.vocabSize, args.seed, true);
    const results = await engine.run(feeds);
    const { tf32 } = args;
    const about = { backend: formatBackend(backend.about), device: deviceOf(backend), tf32, buildSeconds };
    return { source, ours: { results, feeds, ...about } };
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  } finally {
    engine.close();
  }
}

interface Theirs {
  /** computed in float32 */
  readonly truth: ReferenceOutputs;
  /** computed in the engine's own half type, where the reference can */
  readonly sameType: ReferenceOutputs | undefined;
  readonly about: Readonly<Record<string, unknown>>;
}

async function runReference(
  { model, settings, task }: Source,
  { feeds }: Ours,
  args: CompareArgs,
  { signal }: CommandContext,
): Promise<Theirs> {
  if (args.with === 'onnxruntime') {
    const { onnxBackend } = await import('@trt-dsl/onnx-backend');
    using engine = await onnxBackend().compile(model.graph('fp32', task));
    const results = await engine.run(feeds);
    const truth = new Map(
      Object.entries(results).map(([name, { shape, data }]) => [name, { shape, data: data as Float32Array }]),
    );
    return { truth, sameType: undefined, about: { computes: 'float32' } };
  }
  const type = dataTypeOf[floatPrecision(settings)];
  const types: readonly FloatType[] = type === 'float32' ? ['float32'] : ['float32', type];
  const { outputs, about } = await runPytorch(model, task, feeds, types, signal);
  return { truth: outputs.get('float32')!, sameType: type === 'float32' ? undefined : outputs.get(type), about };
}

type Row = Difference & { readonly referenceOwnError: number | null; readonly limit: number; readonly passed: boolean };

function format(rows: readonly Row[], ours: Ours, source: Source, args: CompareArgs, passed: boolean): string {
  const e = (value: number): string => value.toExponential(2);
  const { batch, seq } = sizesOf(ours.feeds);
  const body = rows.map((row) => [
    row.output,
    `[${row.shape.join(', ')}]`,
    e(row.maxAbs),
    e(row.relativeL2),
    row.cosine.toFixed(7),
    row.norm.toFixed(4),
    row.referenceNorm.toFixed(4),
    row.referenceOwnError === null ? '–' : e(row.referenceOwnError),
    e(row.limit),
    row.passed ? 'passed' : 'FAILED',
  ]);
  return [
    `${ours.backend}, ${describeNetwork(source.settings)}, against ${args.with} in float32; batch ${batch} × sequence ${seq}`,
    textTable(['output', 'shape', 'max abs', 'rel L2', 'cosine', 'norm', 'ref norm', 'ref own', 'limit', ''], body),
    passed ? 'passed' : 'failed',
  ].join('\n');
}
