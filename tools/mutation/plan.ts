import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { type CaseJson, caseFromJson, caseToJson } from '../../test/properties/case-json.ts';
import type { Reference } from '../../test/support/pytorch/client.ts';
import type { Rows } from './observe.ts';
import type { Specimen } from './subjects.ts';

/** What the processes that share the work have in common. */
export interface Plan {
  readonly target: string;
  readonly rows: Rows;
  readonly specimens: readonly Specimen[];
  /** how many graphs are tried on a mutation */
  readonly most: number;
}

interface Packed extends Omit<Plan, 'specimens'> {
  readonly specimens: readonly {
    readonly case: CaseJson;
    readonly reference: readonly Readonly<Record<string, Reference>>[];
    readonly shows: readonly string[];
  }[];
}

export function writePlan(path: string, plan: Plan): void {
  const specimens = plan.specimens.map((one) => ({ ...one, case: caseToJson(one.case, '') }));
  writeFileSync(path, serialize({ ...plan, specimens }));
}

export function readPlan(path: string): Plan {
  const plan = deserialize(readFileSync(path)) as Packed;
  return { ...plan, specimens: plan.specimens.map((one) => ({ ...one, case: caseFromJson(one.case) })) };
}
