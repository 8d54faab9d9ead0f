import { fromJson, type Sizes, toJson } from '@trt-dsl/dsl';
import type { GraphCase } from './generate/case.ts';
import type { Domain } from './generate/domain.ts';

/** A case as it stands in seeds.json: whole, so that it stays what it was when the generator changes. */
export interface CaseJson {
  readonly seed: number;
  /** what was wrong */
  readonly note: string;
  readonly runs: readonly Sizes[];
  readonly domains: Readonly<Record<string, Domain>>;
  readonly graph: unknown;
}

export const caseToJson = ({ seed, graph, domains, runs }: GraphCase, note: string): CaseJson => ({
  seed,
  note,
  runs,
  domains: Object.fromEntries([...graph.inputs.keys()].map((name) => [name, domains.get(name)!])),
  graph: JSON.parse(toJson(graph)) as unknown,
});

export const caseFromJson = ({ seed, graph, domains, runs }: CaseJson): GraphCase => ({
  seed,
  graph: fromJson(JSON.stringify(graph)),
  domains: new Map(Object.entries(domains)),
  runs,
});
