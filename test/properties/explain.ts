import type { Backend } from '@trt-dsl/dsl';
import type { GraphCase } from './generate/case.ts';
import { minimize } from './shrink.ts';
import { type Failure, type Report, runSuite, type SuiteOptions } from './suite.ts';
import { caseCode } from './to-code.ts';

/** A failing case made as small as it gets, and how it fails. */
export interface Explained {
  readonly case: GraphCase;
  readonly failure: Failure;
  /** for a person: the seed, the code that makes the graph, what was fed, what was wrong */
  readonly text: string;
}

/** Shrinks the first `most` failing cases of a report, each to the smallest that still fails, in so many tries. */
export async function explain(
  backend: Backend,
  report: Report,
  options: SuiteOptions,
  most = 3,
  tries = 300,
): Promise<readonly Explained[]> {
  const failing = [...new Map(report.failures.map((failure) => [failure.case.seed, failure.case])).values()];
  const explained: Explained[] = [];
  for (const one of failing.slice(0, most)) {
    const failures = async (candidate: GraphCase): Promise<readonly Failure[]> =>
      (await runSuite(backend, [candidate], { ...options, group: 1 })).failures;
    const smallest = await minimize(one, async (candidate) => (await failures(candidate)).length > 0, tries);
    const [failure] = await failures(smallest);
    const found = failure ?? report.failures.find((other) => other.case === one)!;
    const text = `seed ${one.seed} on ${backend.name}: ${found.message}\n${caseCode(failure ? smallest : one)}`;
    explained.push({ case: failure ? smallest : one, failure: found, text });
  }
  return explained;
}
