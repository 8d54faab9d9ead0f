import { TrtDslError } from '@trt-dsl/dsl';
import { type EngineTask, readDescription } from './engine-file.ts';
import { type Model, type ModelArgs, openModel, type Precision } from './model.ts';

/** What names a network with its weights: weights themselves, or an engine, whose description says where they were. */
export interface SourceArgs extends ModelArgs {
  readonly engine?: string | undefined;
  readonly precision?: Precision | undefined;
  readonly task: EngineTask;
}

/** A network that can be made: weights, precision, task. */
export interface Source {
  readonly model: Model;
  readonly precision: Precision;
  readonly task: EngineTask;
  /** the engine's products are quantized, the network that this makes is not */
  readonly quantized: boolean;
}

/**
 * The weights, precision and task that a command names, or those that its engine was built of.
 * @throws TrtDslError 'argument' or 'file'
 */
export async function sourceOf(args: SourceArgs): Promise<Source> {
  if (args.engine === undefined)
    return { model: openModel(args), precision: args.precision ?? 'fp32', task: args.task, quantized: false };
  const about = await readDescription(args.engine);
  const { origin, precision, task } = about;
  const named = args.weights !== undefined || args['random-weights'] !== undefined;
  const found: ModelArgs = named
    ? args
    : 'random' in origin
      ? { 'random-weights': origin.random }
      : { weights: origin.weights, 'config-dir': origin.config };
  const model = openModel(found);
  if (JSON.stringify(model.config) === JSON.stringify(about.config))
    return { model, precision: args.precision ?? precision, task, quantized: Boolean(about.quantization) };
  model[Symbol.dispose]();
  throw new TrtDslError(
    'argument',
    `${args.engine}: was built from a model of another config than the weights have now`,
  );
}
