import { messageOf } from '@trt-dsl/dsl';
import { isInstalled } from '@trt-dsl/trt-bindings';
import { describe, expect, it } from 'vitest';
import { subjects } from './backends.ts';
import { legalCases } from './legal.ts';
import { rareCases } from './rare.ts';
import { profileOf } from './suite.ts';
import { toCode } from './to-code.ts';

/** TensorRT-RTX builds engines without a GPU: what it refuses of a legal graph, or infers another shape for, shows here. */
const count = Number(process.env['PROPERTY_BUILDS'] ?? 100);

describe.skipIf(!isInstalled('rtx'))('TensorRT-RTX', () => {
  it(`builds ${count} random legal graphs, and the rare ones`, { timeout: 600_000 }, async () => {
    const { backend, target, excluded } = await subjects['rtx']!();
    const refused: string[] = [];
    for (const { seed, graph } of [...rareCases(), ...legalCases(1, count, target, excluded)]) {
      const names = graph.dimNames;
      try {
        const options = names.length > 0 ? { profiles: [profileOf(names)] } : {};
        (await backend.compile(graph, options)).close();
      } catch (error) {
        refused.push(`seed ${seed}: ${messageOf(error)}\n${toCode(graph)}`);
      }
    }
    expect(refused.join('\n')).toBe('');
  });
});
