import { TrtDslError } from '@trt-dsl/dsl';
import type { CommandContext } from '@trt-dsl/tools';
import type { OpenBackend } from './backends.ts';
import { refuseBesideEngine } from './beside-engine.ts';
import { type EngineDescription, type EngineTask, readDescription } from './engine-file.ts';
import { type Model, type ModelArgs, openModel, orEngine } from './model.ts';
import { graphOf, type Network, type NetworkArgs, networkOf, situationOf } from './network.ts';
import { choosePlugins } from './plugins.ts';

/** What names a network with its weights: weights themselves, or an engine, whose description says where they were. */
export interface SourceArgs extends ModelArgs, NetworkArgs {
  readonly engine?: string | undefined;
  readonly task: EngineTask;
}

/** A network and the weights that it is of. */
export interface Source extends Network {
  readonly model: Model;
  readonly task: EngineTask;
}

/**
 * The network and weights that a command names, or those that its engine was built of; with an engine, `--precision` makes
 * another network of the same weights.
 * @param backend what will build it, if anything will; plugins and the default recipe depend on it
 * @param tokens padded tokens of a run, if they are known; plugins depend on these too
 * @throws TrtDslError 'argument' or 'file'
 */
export async function sourceOf(
  args: SourceArgs,
  context: CommandContext,
  backend: OpenBackend | null = null,
  tokens?: number,
): Promise<Source> {
  const about = args.engine === undefined ? null : await readDescription(args.engine);
  const model = openModel(about ? weightsOf(args, about) : args, orEngine);
  try {
    if (about && JSON.stringify(model.config) !== JSON.stringify(about.config))
      throw new TrtDslError(
        'argument',
        `${args.engine}: was built from a model of another config than the weights have now`,
      );
    const { task } = about ?? args;
    if (!about || args.precision !== undefined) {
      const plugins = choosePlugins(args.plugins, situationOf(args, model.config, tokens), backend);
      const target = { backend: backend?.about ?? null, plugins };
      return { model, task, ...(await networkOf(model, task, args, context, target)) };
    }
    refuseBesideEngine(args);
    const graph = graphOf((float, options) => model.graph(float, task, options), about);
    return { model, task, settings: about, graph, pluginLibrary: null };
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}

/** The weights that are named, or else those that the engine was built of. */
function weightsOf(args: ModelArgs, { origin }: EngineDescription): ModelArgs {
  if (args.weights !== undefined || args['random-weights'] !== undefined) return args;
  return 'random' in origin
    ? { 'random-weights': origin.random }
    : { weights: origin.weights, 'config-dir': origin.config };
}
