import { attempt, failing, isFatal, networkOf, type Verdict } from './attempt.ts';
import { mutationsOf } from './mutations.ts';
import { readPlan } from './plan.ts';
import type { Specimen } from './subjects.ts';
import { targets } from './targets.ts';

/** What a process is asked, by the numbers that things have in the plan. */
export type Task =
  /** which of these graphs fail as they are */
  | { readonly check: readonly number[] }
  /** how a mutation fares on the graphs that do not fail */
  | { readonly mutation: number; readonly without: readonly number[] };

/** What it answers: nothing when it is ready. */
export interface Answer {
  readonly failing?: readonly (string | undefined)[];
  readonly verdict?: Verdict;
  /** that it should be asked no more */
  readonly last?: boolean;
}

const [path] = process.argv.slice(2) as [string];
const plan = readPlan(path);
const target = await targets[plan.target]!();
const mutations = mutationsOf(target.lowering, plan.rows);
const originals = new Map<Specimen, string>();

function original(one: Specimen): string {
  const text = originals.get(one) ?? networkOf(target, one);
  originals.set(one, text);
  return text;
}

async function answer(task: Task): Promise<Answer> {
  if ('check' in task)
    return {
      failing: await failing(
        target,
        task.check.map((i) => plan.specimens[i]!),
      ),
    };
  const without = new Set(task.without);
  const healthy = plan.specimens.filter((_, i) => !without.has(i));
  return { verdict: await attempt(target, mutations[task.mutation]!, healthy, plan.most, original) };
}

process.on('message', async (task: Task) => {
  const reply = await answer(task);
  const last = reply.verdict?.ill || reply.failing?.some((text) => text && isFatal(text)) || false;
  process.send!({ ...reply, last });
});
process.on('disconnect', () => process.exit());
process.send!({});
