import { type Backend, type RecipeName, TrtDslError } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import type { CommandContext, Report } from '../command.ts';
import { table } from '../table.ts';
import { requirePlace, writeFileWhole } from '../write-file.ts';
import { type Bisection, bisect } from './bisect.ts';
import { castOnly, type Lower, measureOn, quantizeOnly } from './measure.ts';
import { type RangeOptions, rangedBy } from './ranges.ts';
import { type Subject, type SubjectOptions, subjectOf } from './subject.ts';
import { castUnits, quantizedUnits, type Unit } from './units.ts';

type Precision = 'float16' | 'bfloat16' | 'int8' | 'float8';

/** The arguments of `trt-dsl bisect`. */
export interface BisectArguments extends SubjectOptions, RangeOptions {
  readonly precision: Precision;
  readonly recipe?: RecipeName | undefined;
  readonly tolerance: number;
  readonly out?: string | undefined;
  readonly top: number;
}

/** `trt-dsl bisect`: which layers' lower precision costs most, and which to exclude. */
export async function bisectModel(args: BisectArguments, context: CommandContext): Promise<Report> {
  requireSense(args);
  using subject = subjectOf(args);
  const { graph, feeds, errorOf, metric } = subject;
  requirePlace(args.out);
  const { progress, signal } = context;
  const backend = onnxBackend();
  const { units, lower } = await loweringOf(args, subject, backend, context);
  if (units.length === 0)
    throw new TrtDslError('argument', `${args.model} has no layer that ${args.precision} would change`);
  progress.note(`${units.length} layers to measure, each alone, then together`);
  const measure = await measureOn(backend, graph, lower, feeds, errorOf, signal);
  const found = await bisect(units, measure, args.tolerance, (what, done, of) => progress.share(what, done / of));
  if (args.out !== undefined) writeFileWhole(args.out, found.exclude.map((pattern) => `${pattern}\n`).join(''));
  return {
    json: {
      model: args.model,
      precision: args.precision,
      metric,
      tolerance: args.tolerance,
      ...found,
      ranking: found.ranking.map(({ unit, error, share }) => ({ layer: unit.pattern, error, share })),
    },
    text: textOf(args, metric, found),
    exitCode: found.met ? 0 : 1,
  };
}

/** The layers that a precision would change, and how some of them are lowered. */
async function loweringOf(
  args: BisectArguments,
  subject: Subject,
  backend: Backend,
  context: CommandContext,
): Promise<{ readonly units: readonly Unit[]; readonly lower: Lower }> {
  const { precision, recipe = 'gemm' } = args;
  const { graph, feeds } = subject;
  if (precision === 'float16' || precision === 'bfloat16')
    return { units: castUnits(graph, feeds[0]!), lower: castOnly(graph, precision) };
  const units = quantizedUnits(graph, recipe, feeds[0]!);
  if (units.length === 0) return { units, lower: () => graph };
  const ranged = await rangedBy(args, subject, { recipe, dataType: precision }, backend, context);
  const lower = quantizeOnly(ranged.graph, units, { dataType: precision, recipe, ranges: ranged.ranges });
  return { units, lower };
}

/** Refuses arguments that say nothing. @throws TrtDslError 'argument' */
function requireSense(args: BisectArguments): void {
  const { precision, recipe, calibrator, calibrationCache, tolerance } = args;
  if (!(tolerance > 0)) throw new TrtDslError('argument', `--tolerance ${tolerance} is not above 0`);
  for (const name of ['count', 'top'] as const)
    if (!(Number.isSafeInteger(args[name]) && args[name] > 0))
      throw new TrtDslError('argument', `--${name} ${args[name]} is no whole number from 1`);
  if (precision === 'int8' || precision === 'float8') return;
  const quantizing = { recipe, calibrator, 'calibration-cache': calibrationCache };
  const idle = Object.entries(quantizing).filter(([, value]) => value !== undefined);
  if (idle.length > 0)
    throw new TrtDslError(
      'argument',
      `${idle.map(([name]) => `--${name}`).join(', ')}: for --precision int8 or float8, and this is ${precision}`,
    );
}

function textOf({ model, precision, tolerance, top, out }: BisectArguments, metric: string, found: Bisection): string {
  const rows = found.ranking
    .slice(0, top)
    .map(({ unit, error, share }) => [unit.pattern, shown(error), `${(100 * share).toFixed(1)} %`]);
  const left = `error ${shown(found.error)}, ${(100 * found.share).toFixed(1)} % of the work stays in high precision`;
  return [
    `${model} in ${precision}: ${metric}, one layer lowered at a time`,
    table([['layer', 'error', 'work'], ...rows]),
    ...(found.ranking.length > top ? [`and ${found.ranking.length - top} more`] : []),
    `all lowered: ${shown(found.errorOfAll)}; wanted: at most ${tolerance}`,
    ...(found.exclude.length === 0 && found.met
      ? ['nothing has to be excluded']
      : [`${found.met ? 'exclude' : 'not met even if you exclude'} (${left}):`, ...found.exclude.map((p) => `  ${p}`)]),
    ...(out === undefined ? [] : [`written to ${out}`]),
  ].join('\n');
}

const shown = (error: number): string => (Number.isFinite(error) ? error.toPrecision(3) : 'overflow');
