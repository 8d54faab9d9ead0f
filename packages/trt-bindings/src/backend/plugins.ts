import { basename } from 'node:path';
import { type Graph, pluginsIn, TrtDslError } from '@trt-dsl/dsl';
import type { TensorRT } from '../types.ts';
import type { PlanNotes } from './plan.ts';

/** What a plan's notes say of its plugins: each `name@version` once, and the libraries loaded when it was built. */
export const pluginNotes = (
  graph: Graph,
  libraries: readonly string[] = [],
): Pick<PlanNotes, 'plugins' | 'pluginLibraries'> => {
  const plugins = pluginsIn(graph);
  return { plugins, ...(plugins.length > 0 && { pluginLibraries: libraries.map((p) => basename(p)) }) };
};

/** Which of some plugins, `name@version`, no loaded library has. */
export function missingPlugins(tensorrt: TensorRT, plugins: readonly string[]): readonly string[] {
  if (plugins.length === 0) return [];
  const creators = tensorrt.product === 'rtx' ? [] : tensorrt.getPluginRegistry().getAllCreators();
  const known = new Set(creators.map(({ name, version }) => `${name}@${version}`));
  return plugins.filter((plugin) => !known.has(plugin));
}

/**
 * Checks that a loaded library has every plugin of a plan, before TensorRT is asked to deserialize it.
 * @throws TrtDslError 'unsupported' that names the plugins, their versions and the libraries the plan was built with
 */
export function requirePlugins(tensorrt: TensorRT, { plugins, pluginLibraries = [] }: PlanNotes): void {
  const missing = missingPlugins(tensorrt, plugins);
  if (missing.length === 0) return;
  const named = missing.map(
    (plugin) => `${plugin.slice(0, plugin.lastIndexOf('@'))} version ${plugin.slice(plugin.lastIndexOf('@') + 1)}`,
  );
  const library = pluginLibraries.length > 0 ? pluginLibraries.join(', ') : 'their library';
  throw new TrtDslError(
    'unsupported',
    `the engine has ${named.length > 1 ? 'plugins' : 'the plugin'} ${named.join(', ')}, which no loaded library has (${tensorrt.product} ${tensorrt.version}); it was built with ${library}: load that first, tensorrt({ pluginLibraries: ['…/${pluginLibraries[0] ?? 'library.so'}'] })`,
  );
}
