import * as dsl from '@trt-dsl/dsl';
import { fromJson, parseDim, print, toJson, weightsByName, withoutPlugins } from '@trt-dsl/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caseFromJson, caseToJson } from './case-json.ts';
import { feedsOf } from './generate/case.ts';
import { generate } from './generate/generate.ts';
import { graphCase } from './graph.arbitrary.ts';
import { join } from './join.ts';
import { smaller } from './shrink.ts';
import { toCode } from './to-code.ts';

const settings = { seed: 7, numRuns: 150 };

describe('random graphs', () => {
  it('come back from JSON as they were', () => {
    fc.assert(
      fc.property(graphCase(), ({ graph }) => {
        const text = toJson(graph);
        const back = fromJson(text);
        expect(print(back)).toBe(print(graph));
        expect(toJson(back)).toBe(text);
      }),
      settings,
    );
  });

  it('come back from JSON whose weights lie elsewhere', () => {
    fc.assert(
      fc.property(graphCase(), ({ graph }) => {
        const known = weightsByName(graph);
        const back = fromJson(toJson(graph, { weights: 'reference' }), (name) => known.get(name)!);
        expect(print(back)).toBe(print(graph));
        expect(back.weights.map((weights) => weights.bytes())).toEqual(graph.weights.map((weights) => weights.bytes()));
      }),
      settings,
    );
  });

  it('print the same each time they are built', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), (seed) => {
        expect(print(generate(seed).graph)).toBe(print(generate(seed).graph));
      }),
      settings,
    );
  });

  it('are made by the code they are printed as', () => {
    fc.assert(
      fc.property(graphCase(), ({ graph }) => {
        const code = `${toCode(graph)}return net.graph();`;
        const built = new Function('Network', 'Weights', 'dim', 'parseDim', code)(
          dsl.Network,
          dsl.Weights,
          dsl.dim,
          parseDim,
        );
        expect(print(built)).toBe(print(withoutPlugins(graph)));
      }),
      settings,
    );
  });

  it('are fed the same each time, and after a detour through JSON', () => {
    fc.assert(
      fc.property(graphCase(), (one) => {
        const again = caseFromJson(JSON.parse(JSON.stringify(caseToJson(one, ''))));
        expect(feedsOf(again, one.runs[0]!)).toEqual(feedsOf(one, one.runs[0]!));
      }),
      { ...settings, numRuns: 50 },
    );
  });

  it('shrink to graphs with fewer layers, outputs or runs, down to one layer', () => {
    fc.assert(
      fc.property(graphCase(), (one) => {
        let smallest = one;
        for (let steps = 0; ; steps++) {
          const [next] = smaller(smallest);
          if (!next) break;
          smallest = next;
          expect(steps).toBeLessThan(200);
        }
        expect(smallest.graph.nodes.filter(({ op }) => op !== 'input' && op !== 'constant').length).toBeLessThanOrEqual(
          2,
        );
      }),
      { ...settings, numRuns: 50 },
    );
  });

  it('stand side by side in one network', () => {
    const cases = [1, 2, 3, 4].map((seed) => generate(seed));
    const joined = join(cases);
    expect(joined.outputs.size).toBe(cases.reduce((total, { graph }) => total + graph.outputs.size, 0));
    expect(joined.nodes.length).toBe(cases.reduce((total, { graph }) => total + graph.nodes.length, 0));
  });
});
