import fc from 'fast-check';
import type { GraphCase } from './generate/case.ts';
import type { Excluded } from './generate/draft.ts';
import { generate } from './generate/generate.ts';
import { smaller } from './shrink.ts';
import { caseCode } from './to-code.ts';

/** A case that fast-check prints as the DSL code that makes it. */
const printable = (one: GraphCase): GraphCase => ({ ...one, [fc.toStringMethod]: () => caseCode(one) }) as GraphCase;

class GraphArbitrary extends fc.Arbitrary<GraphCase> {
  readonly #excluded: Excluded;

  constructor(excluded: Excluded) {
    super();
    this.#excluded = excluded;
  }

  generate(random: fc.Random): fc.Value<GraphCase> {
    return new fc.Value(printable(generate(random.nextInt(0, 0x7fffffff), this.#excluded)), undefined);
  }

  canShrinkWithoutContext(value: unknown): value is GraphCase {
    return typeof value === 'object' && value !== null && 'graph' in value;
  }

  shrink(value: GraphCase): fc.Stream<fc.Value<GraphCase>> {
    return fc.stream(smaller(value)).map((one) => new fc.Value(printable(one), undefined));
  }
}

/** Random well-typed graphs of the DSL, 3 to 40 nodes; shrinks by cutting graphs apart, to a layer or two. */
export const graphCase = (excluded: Excluded = new Set()): fc.Arbitrary<GraphCase> => new GraphArbitrary(excluded);
