import { messageOf } from '@trt-dsl/dsl';
import type { GraphCase } from '../../test/properties/generate/case.ts';
import { judge, type Outcome, profileOf, runAll } from '../../test/properties/suite.ts';
import type { Mutation } from './mutations.ts';
import type { Specimen } from './subjects.ts';
import type { Target } from './targets.ts';

/** How a mutation fared. */
export interface Verdict {
  /** by what it was caught: wrong numbers, no engine, the end of the process */
  readonly by?: 'numbers' | 'refusal' | 'end';
  /** the first failure */
  readonly text?: string;
  /** how many graphs do what is wrong */
  readonly shown: number;
  /** how many of them it changed and was tried on */
  readonly tried: number;
  /** whether nothing that this process computes can be believed from now on */
  readonly ill?: boolean;
}

/** Errors that a GPU process does not recover from. */
export const isFatal = (message: string): boolean => /could not execute|CUDA_ERROR|illegal memory/i.test(message);

/** Tries a mutation on the small graphs whose network it changes. */
export async function attempt(
  target: Target,
  { needs, watch }: Mutation,
  specimens: readonly Specimen[],
  most: number,
  original: (one: Specimen) => string,
): Promise<Verdict> {
  const showing = varied(
    specimens.filter(({ shows }) => shows.includes(needs)),
    needs,
  );
  const before = new Map(showing.map((one) => [one, original(one)]));
  const shown = showing.length;
  const stop = target.lowering.watch(watch);
  let refusal: string | undefined;
  let [tried, refused, ill] = [0, 0, false];
  try {
    const changed: Specimen[] = [];
    for (const [one, text] of before) if (changed.length < most && networkOf(target, one) !== text) changed.push(one);
    while (tried < changed.length && refused <= most / 4) {
      // The first alone, and all after one was refused; else some in one engine.
      const some = changed.slice(tried, tried + (tried === 0 || refused > 0 ? 1 : target.group));
      tried += some.length;
      const cases = some.map((one) => one.case);
      const outcomes = await outcomesOf(target, cases, target.group);
      for (const [i, outcome] of outcomes.entries()) {
        const { case: one, reference } = some[i]!;
        const [failure] = outcome ? judge(one, outcome, reference) : [];
        if (!failure) continue;
        const text = `seed ${one.seed}: ${failure.message}`;
        // Wrong numbers show more than an engine that cannot be made: look further for them, a little.
        if (!(outcome instanceof Error)) return { by: 'numbers', text, shown, tried };
        refusal ??= text;
        refused++;
        ill ||= isFatal(text);
      }
    }
    return refusal === undefined ? { shown, tried } : { by: 'refusal', text: refusal, shown, tried, ill };
  } finally {
    stop();
  }
}

/** The graphs that show something new of what a mistake needs, or of other settings of its layer; then the others. */
function varied(specimens: readonly Specimen[], needs: string): readonly Specimen[] {
  const [layer] = needs.split('.') as [string];
  const seen = new Set<string>();
  const fresh = specimens.filter(({ shows }) => {
    const [known, own] = [seen.size, shows.filter((one) => one.startsWith(layer))];
    for (const one of own) seen.add(one);
    return seen.size > known;
  });
  return [...new Set([...fresh, ...specimens])];
}

/** Results or errors; nothing for a graph whose engine can be built, where none runs. */
async function outcomesOf(
  { subject: { backend }, runs }: Target,
  cases: readonly GraphCase[],
  group: number,
): Promise<readonly (Outcome | undefined)[]> {
  if (runs) return runAll(backend, cases, group);
  const outcomes: (Error | undefined)[] = [];
  for (const { graph } of cases) {
    const names = graph.dimNames;
    try {
      (await backend.compile(graph, names.length > 0 ? { profiles: [profileOf(names)] } : {})).close();
      outcomes.push(undefined);
    } catch (error) {
      outcomes.push(error as Error);
    }
  }
  return outcomes;
}

/** The network that a graph becomes, or why it becomes none. */
export function networkOf({ lowering }: Target, { case: { graph } }: Specimen): string {
  try {
    return lowering.network(graph);
  } catch (error) {
    return messageOf(error);
  }
}

/** What is wrong with graphs as they are: nothing, unless a backend fails the properties. */
export async function failing(
  target: Target,
  specimens: readonly Specimen[],
): Promise<readonly (string | undefined)[]> {
  const cases = specimens.map((one) => one.case);
  const outcomes = await outcomesOf(target, cases, target.subject.group);
  return outcomes.map((outcome, i) => outcome && judge(cases[i]!, outcome, specimens[i]!.reference)[0]?.message);
}
