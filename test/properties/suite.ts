import type { Backend, Engine, Graph, Node, Profile, Results, Sizes } from '@trt-dsl/dsl';
import { messageOf } from '@trt-dsl/dsl';
import type { PyTorch, ReferenceResult } from '../support/pytorch/client.ts';
import { compare } from './compare.ts';
import { featuresBehind } from './features.ts';
import { feedsOf, type GraphCase } from './generate/case.ts';
import { sizesOfRuns } from './generate/draft.ts';
import { join, joinedFeeds } from './join.ts';

/** How cases are run. */
export interface SuiteOptions {
  readonly torch: PyTorch;
  /** float32 roundings that an op of this backend may be off inside (bounds.py); 4 by default */
  readonly slack?: number;
  /** by op: roundings of a half type, where the backend computes in it (bounds.py) */
  readonly own?: Readonly<Record<string, number>>;
  /** how many cases share one engine; 1 by default */
  readonly group?: number;
  /** how many cases go to PyTorch in one request; 40 by default */
  readonly batch?: number;
  /** seconds after which no request begins: what was not reached is no part of the report */
  readonly budget?: number;
  /** is told before the first request and after each what was found so far, and of how many cases */
  readonly onProgress?: (found: Report, of: number) => void;
}

/** A case on which backend and PyTorch disagree, or that one of them could not compute. */
export interface Failure {
  readonly case: GraphCase;
  readonly run: number;
  readonly output?: string;
  readonly message: string;
}

/** The largest errors of an op in a type, over all outputs that it makes. */
export interface Worst {
  readonly outputs: number;
  readonly ulps: number;
  readonly ofBound: number;
}

/** What a suite found. */
export interface Report {
  readonly backend: string;
  readonly cases: number;
  readonly agreed: number;
  readonly outputs: number;
  readonly failures: readonly Failure[];
  /** by `op type` of the layer that makes the output */
  readonly worst: ReadonlyMap<string, Worst>;
  /** in how many cases a feature lies on a path to an output that tells right from wrong */
  readonly coverage: ReadonlyMap<string, number>;
  readonly seconds: { readonly total: number; readonly backend: number };
}

/** Runs cases on a backend and holds the results against PyTorch's. Never throws for a case: failures are reported. */
export async function runSuite(
  backend: Backend,
  cases: readonly GraphCase[],
  { torch, slack = 4, own = {}, group = 1, batch = 40, budget = Number.POSITIVE_INFINITY, onProgress }: SuiteOptions,
): Promise<Report> {
  const started = performance.now();
  const failures: Failure[] = [];
  const worst = new Map<string, Worst>();
  const coverage = new Map<string, number>();
  let [outputs, busy, agreed, done] = [0, 0, 0, 0];
  const chunks = Array.from({ length: Math.ceil(cases.length / batch) }, (_, i) =>
    cases.slice(i * batch, (i + 1) * batch),
  );
  const asked = chunks.map(
    (chunk) => () =>
      torch.compute(
        chunk.map((one) => ({
          graph: one.graph,
          slack,
          own,
          runs: one.runs.map((sizes) => ({ sizes, feeds: feedsOf(one, sizes) })),
        })),
      ),
  );
  const found = (): Report => {
    const seconds = { total: (performance.now() - started) / 1000, backend: busy / 1000 };
    return { backend: backend.name, cases: done, agreed, outputs, failures, worst, coverage, seconds };
  };
  onProgress?.(found(), cases.length);
  let next = asked[0]?.();
  for (const [at, chunk] of chunks.entries()) {
    if (performance.now() - started > budget * 1000) break;
    const references = next!;
    next = asked[at + 1]?.();
    const begun = performance.now();
    const results = await runAll(backend, chunk, group);
    busy += performance.now() - begun;
    for (const [i, reference] of (await references).entries()) {
      const one = chunk[i]!;
      const wrong = judge(one, results[i]!, reference, (node, type, comparison) => {
        const key = `${labelOf(node)} ${type}`;
        const before = worst.get(key) ?? { outputs: 0, ulps: 0, ofBound: 0 };
        outputs++;
        worst.set(key, {
          outputs: before.outputs + 1,
          ulps: Math.max(before.ulps, comparison.ulps),
          ofBound: Math.max(before.ofBound, comparison.ofBound),
        });
      });
      if (wrong.length === 0) agreed++;
      failures.push(...wrong);
      if (reference instanceof Error) continue;
      const good = [...one.graph.outputs.keys()].filter((name) => reference.some((run) => run[name]!.state === 'good'));
      for (const feature of featuresBehind(one, good)) coverage.set(feature, (coverage.get(feature) ?? 0) + 1);
    }
    done += chunk.length;
    onProgress?.(found(), cases.length);
  }
  await next?.catch(() => {});
  return found();
}

/** `softmax`, `elementwise sum`, `activation relu`: the words by which results, and rows of lowering tables, are known. */
export const labelOf = ({ op, attributes }: Node): string => {
  const { operation, type } = attributes as { operation?: string; type?: string };
  return operation ? `${op} ${operation}` : type ? `${op} ${type}` : op;
};

/** A case's results, run by run, or why there are none. */
export type Outcome = readonly Results[] | Error;

/** TensorRT 10 has no network with both int8 and float8: such cases share no engine. */
const hasFloat8 = ({ graph }: GraphCase): boolean =>
  graph.nodes.some(({ outputs }) => outputs.some(({ dataType }) => dataType === 'float8'));

/** Every case's results, run by run; cases share engines by `group`, and ever fewer do where sharing fails. */
export async function runAll(backend: Backend, cases: readonly GraphCase[], group: number): Promise<Outcome[]> {
  const outcomes = new Map<GraphCase, Outcome>();
  for (const float8 of [false, true]) {
    const some = cases.filter((one) => hasFloat8(one) === float8);
    for (let at = 0; at < some.length; at += group) {
      const shared = some.slice(at, at + group);
      for (const [i, outcome] of (await runSome(backend, shared)).entries()) outcomes.set(shared[i]!, outcome);
    }
  }
  return cases.map((one) => outcomes.get(one)!);
}

async function runSome(backend: Backend, cases: readonly GraphCase[]): Promise<readonly Outcome[]> {
  if (cases.length === 1) return [await runAlone(backend, cases[0]!)];
  const shared = await runJoined(backend, cases);
  if (!(shared instanceof Error)) return shared;
  const half = cases.length >> 1;
  return [...(await runSome(backend, cases.slice(0, half))), ...(await runSome(backend, cases.slice(half)))];
}

const failureOf = (error: unknown): Error => (error instanceof Error ? error : new Error(messageOf(error)));

async function runAlone(backend: Backend, one: GraphCase): Promise<Outcome> {
  try {
    using engine = await compile(backend, one.graph);
    const results: Results[] = [];
    for (const sizes of one.runs) results.push(await engine.run(feedsOf(one, sizes)));
    return results;
  } catch (error) {
    return failureOf(error);
  }
}

async function runJoined(backend: Backend, cases: readonly GraphCase[]): Promise<Outcome[] | Error> {
  try {
    using engine = await compile(backend, join(cases));
    const most = Math.max(...cases.map(({ runs }) => runs.length));
    const runs: Results[] = [];
    for (const sizes of sizesOfRuns.slice(0, most)) runs.push(await engine.run(joinedFeeds(cases, sizes)));
    return cases.map(({ graph, runs: wanted }, i) =>
      wanted.map((_, run) =>
        Object.fromEntries([...graph.outputs.keys()].map((name) => [name, runs[run]![`c${i}/${name}`]!])),
      ),
    );
  } catch (error) {
    return failureOf(error);
  }
}

const compile = (backend: Backend, graph: Graph): Promise<Engine> => {
  const names = graph.dimNames;
  return backend.compile(graph, names.length > 0 ? { profiles: [profileOf(names)] } : {});
};

/** A profile that holds all runs' sizes of these names. */
export function profileOf(names: readonly string[], runs: readonly Sizes[] = sizesOfRuns): Profile {
  const range = (name: string): [number, number, number] => {
    const sizes = runs.map((run) => run[name]!);
    return [Math.min(...sizes), sizes[0]!, Math.max(...sizes)];
  };
  return Object.fromEntries(names.map((name) => [name, range(name)]));
}

type Note = (node: Node, type: string, comparison: ReturnType<typeof compare>) => void;

/** The disagreements of one case: at most one for each run and output. */
export function judge(one: GraphCase, outcome: Outcome, reference: ReferenceResult, note: Note = () => {}): Failure[] {
  if (reference instanceof Error) return [{ case: one, run: 0, message: reference.message }];
  if (outcome instanceof Error) return [{ case: one, run: 0, message: `${outcome.name}: ${outcome.message}` }];
  const makers = new Map(one.graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const failures: Failure[] = [];
  for (const [run, due] of reference.entries())
    for (const [output, tensor] of one.graph.outputs) {
      const result = outcome[run]![output]!;
      const comparison = compare(result, due[output]!);
      note(makers.get(tensor)!, tensor.dataType, comparison);
      const type = result.dataType === tensor.dataType ? undefined : `type ${result.dataType}, not ${tensor.dataType}`;
      const wrong = type ?? comparison.wrong;
      if (wrong)
        failures.push({
          case: one,
          run,
          output,
          message: `${output} (${tensor}): ${wrong}; ${comparison.count} of ${due[output]!.value.length} elements are wrong`,
        });
    }
  return failures;
}
