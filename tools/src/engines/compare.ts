import { type HostTensor, TrtDslError } from '@trt-dsl/dsl';
import { openWeights } from '@trt-dsl/weights';
import type { CommandContext, Report } from '../command.ts';
import { kindOf } from '../graphs/model-file.ts';
import { short, table } from '../table.ts';
import type { BackendName } from './backends.ts';
import { backendNames } from './engine-options.ts';
import type { FeedOptions } from './feeds.ts';
import { asFeeds, type FeedMap, type ModelOptions, openRunnable, resultsOf } from './open-engine.ts';
import { type Difference, differenceOf } from './statistics.ts';

interface CompareArguments extends ModelOptions, FeedOptions {
  readonly against: string;
  readonly maxAbs?: number | undefined;
  readonly maxRelativeL2?: number | undefined;
}

/** `trt-dsl compare`: how far a model's outputs are from those of another backend, another model or a file. */
export async function compareModels(args: CompareArguments, { signal, progress }: CommandContext): Promise<Report> {
  progress.note(`running ${args.model}`);
  using runnable = await openRunnable(args, args, { signal });
  const found = resultsOf(await runnable.engine.run(asFeeds(runnable.feeds)));
  progress.note(`against ${args.against}`);
  const due = await expected(args, runnable.feeds, signal);
  const outputs = Object.fromEntries(
    [...found].map(([name, tensor]) => {
      const other = due.results.get(name);
      if (!other)
        throw new TrtDslError(
          'name',
          `${args.against} has no output "${name}"; it has ${[...due.results.keys()].join(', ')}`,
        );
      return [name, differenceOf(tensor, other)] as const;
    }),
  );
  const beyond = Object.entries(outputs).filter(([, difference]) => !within(difference, args));
  return {
    json: { model: args.model, backend: runnable.backend, against: due.name, ok: beyond.length === 0, outputs },
    text: [
      `${args.model} on ${runnable.backend} against ${due.name}`,
      table([['output', 'shape', 'max abs', 'relative L2', 'cosine'], ...Object.entries(outputs).map(row)]),
      ...(beyond.length > 0 ? [`too far apart: ${beyond.map(([name]) => name).join(', ')}`] : []),
    ].join('\n'),
    exitCode: beyond.length === 0 ? 0 : 1,
  };
}

/** What is taken for right: another backend's results, another model's, or a file's. */
async function expected(
  args: CompareArguments,
  feeds: FeedMap,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly results: FeedMap }> {
  const { against, root, plugins, weights, hostCode = false } = args;
  const other = backendNames.find((name) => name === against) as BackendName | undefined;
  if (other === undefined && !isModel(against)) return { name: against, results: savedOutputs(against) };
  const model = other ? { ...args, backend: other } : { model: against, root, plugins, weights, hostCode };
  using runnable = await openRunnable(model, feeds, { signal });
  const results = resultsOf(await runnable.engine.run(asFeeds(feeds)));
  return { name: other ? runnable.backend : `${against} on ${runnable.backend}`, results };
}

/** Whether a file is a model; else it may hold saved outputs. */
function isModel(path: string): boolean {
  try {
    return kindOf(path) !== undefined;
  } catch (error) {
    if (error instanceof TrtDslError) return false;
    throw error;
  }
}

function savedOutputs(path: string): FeedMap {
  using file = openWeights(path);
  return new Map(
    file.keys().map((key): [string, HostTensor] => {
      const weights = file.get(key);
      return [key, { dataType: weights.dataType, shape: weights.shape as readonly number[], data: weights.array() }];
    }),
  );
}

const within = (difference: Difference, { maxAbs, maxRelativeL2 }: CompareArguments): boolean =>
  String(difference.shape) === String(difference.expectedShape) &&
  difference.maxAbs <= (maxAbs ?? Number.POSITIVE_INFINITY) &&
  difference.relativeL2 <= (maxRelativeL2 ?? Number.POSITIVE_INFINITY);

const row = ([name, { shape, expectedShape, maxAbs, relativeL2, cosine }]: readonly [string, Difference]): string[] => {
  const same = String(shape) === String(expectedShape);
  const shapes = `[${shape.join(', ')}]${same ? '' : `, not [${expectedShape.join(', ')}]`}`;
  return [name, shapes, short(maxAbs), short(relativeL2), cosine.toFixed(8)];
};
