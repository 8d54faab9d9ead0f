import { type Target, TrtDslError, verify, withoutPlugins } from '@trt-dsl/dsl';
import { extract, type GraphCase } from './generate/case.ts';
import type { Excluded } from './generate/draft.ts';
import { generate } from './generate/generate.ts';

function isLegal({ graph }: GraphCase, target: Target): boolean {
  try {
    verify(withoutPlugins(graph), target);
    return true;
  } catch (error) {
    if (error instanceof TrtDslError && error.code === 'unsupported') return false;
    throw error;
  }
}

/** The case with those of its outputs that are legal on a target; nothing if none is. */
export function legalPart(whole: GraphCase, target: Target): GraphCase | undefined {
  if (isLegal(whole, target)) return whole;
  const outputs = [...new Set(whole.graph.outputs.values())].filter((output) => {
    const alone = extract(whole, [output]);
    return alone !== undefined && isLegal(alone, target);
  });
  const part = outputs.length > 0 ? extract(whole, outputs) : undefined;
  // Outputs that are legal alone may not be so together: a quantized constant that is also an output, for one.
  return part && isLegal(part, target) ? part : undefined;
}

/** The first `count` cases from a seed on that have a part which is legal on the target. */
export function legalCases(first: number, count: number, target: Target, excluded: Excluded): readonly GraphCase[] {
  const cases: GraphCase[] = [];
  for (let seed = first; cases.length < count; seed++) {
    const part = legalPart(generate(seed, excluded), target);
    if (part) cases.push(part);
  }
  return cases;
}
