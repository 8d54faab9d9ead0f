import { evaluateV1, evaluateV2, readNullOdds, readPredictions, readSquad } from '@trt-dsl/bert-model';
import type { CommandContext, Report } from '@trt-dsl/tools';
import type { evaluateOptions } from '../commands/evaluate.ts';
import type { Args } from '../options.ts';

type EvaluateArgs = Args<typeof evaluateOptions> & { readonly predictions: string };

/** How far F1 may lie below the reference, as in the demo's evaluation script. */
const allowance = 0.5;

/** `bert-squad evaluate` */
export async function evaluate(args: EvaluateArgs, { progress }: CommandContext): Promise<Report> {
  const dataset = readSquad(args['squad-json']);
  const predictions = readPredictions(args.predictions);
  const file = args['null-odds-file'];
  const threshold = args['null-odds-threshold'];
  const scores = dataset.hasImpossible
    ? evaluateV2(dataset, predictions, {
        ...(file && { nullOdds: readNullOdds(file) }),
        ...(threshold !== undefined && { threshold }),
      })
    : evaluateV1(dataset, predictions);
  if ('missing' in scores && scores.missing.length > 0)
    progress.note(`${scores.missing.length} questions have no prediction and count 0, the first ${scores.missing[0]}`);

  const reference = args['reference-f1'];
  const passed = reference === undefined || scores.f1 >= reference - allowance;
  const lines = Object.entries(scores).filter(([, value]) => typeof value === 'number');
  const width = Math.max(...lines.map(([name]) => name.length));
  const text = lines.map(([name, value]) => `${name.padEnd(width)}  ${Number(value.toFixed(3))}`);
  if (reference !== undefined)
    text.push(
      passed
        ? `passed: F1 ${scores.f1.toFixed(3)} is at least ${reference} − ${allowance}`
        : `failed: F1 ${scores.f1.toFixed(3)} is below ${reference} − ${allowance}`,
    );
  return {
    json: { squad: args['squad-json'], version: dataset.hasImpossible ? '2.0' : '1.1', ...scores, passed },
    text: text.join('\n'),
    exitCode: passed ? 0 : 1,
  };
}
