import {
  backendOption,
  builderOptions,
  calibrationOptions,
  type modelOptions,
  networkOptions,
  pluginsOption,
  refuseOptions,
} from './options.ts';

/** What `build` decided of an engine. */
const decided = Object.keys({
  ...networkOptions,
  ...calibrationOptions,
  ...pluginsOption,
  ...backendOption,
  ...builderOptions,
});

/** What names weights, for commands that need none beside an engine. */
export const weightNames = ['weights', 'config-dir', 'random-weights'] as const satisfies (keyof typeof modelOptions)[];

/**
 * Refuses options that would change nothing beside `--engine`.
 * @param others further options that a command has no use for then
 * @throws TrtDslError 'argument'
 */
export function refuseBesideEngine(args: object, others: readonly string[] = []): void {
  const given = new Map(Object.entries(args));
  const idle = [...others, ...decided].filter((name) => (given.get(name) ?? false) !== false);
  refuseOptions(idle, 'not beside --engine; the engine stays as it was built');
}
