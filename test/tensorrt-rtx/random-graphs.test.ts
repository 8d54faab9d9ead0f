import { type Graph, TrtDslError, verify, withoutPlugins } from '@trt-dsl/dsl';
import { tensorrt } from '@trt-dsl/trt-bindings';
import { expect, test } from 'vitest';
import { subjects } from '../properties/backends.ts';
import { generate } from '../properties/generate/generate.ts';
import { profileOf } from '../properties/suite.ts';
import { disagreements } from './inferred.ts';

/** The first seed: RTX_SEED starts elsewhere, RTX_GRAPHS builds more. */
const first = Number(process.env['RTX_SEED'] ?? 1);
const count = Number(process.env['RTX_GRAPHS'] ?? 120);
const backend = tensorrt({ product: 'rtx' });

/** Whether the table of legality lets a graph through; what it refuses is no graph for TensorRT-RTX. */
function isLegal(graph: Graph): boolean {
  try {
    verify(graph, `tensorrt-rtx-${backend.tensorrt.version}`);
    return true;
  } catch (error) {
    if (error instanceof TrtDslError) return false;
    throw error;
  }
}

test(`${count} random graphs from seed ${first} on: TensorRT-RTX infers what the DSL does, and builds them`, async () => {
  const { excluded } = await subjects['rtx']!();
  const wrong: string[] = [];
  for (let seed = first, built = 0; built < count; seed++) {
    const graph = withoutPlugins(generate(seed, excluded).graph);
    if (!isLegal(graph)) continue;
    built++;
    try {
      wrong.push(...disagreements(graph).map((text) => `seed ${seed}: ${text}`));
      const profiles = graph.dimNames.length > 0 ? { profiles: [profileOf(graph.dimNames)] } : {};
      using engine = await backend.compile(graph, { ...profiles, optimizationLevel: 0 });
      expect([...engine.outputs.keys()]).toEqual([...graph.outputs.keys()]);
    } catch (error) {
      wrong.push(`seed ${seed}: ${String(error)}`);
    }
  }
  expect(wrong).toEqual([]);
}, 300_000);

test('of random graphs the table refuses at most half as many as it lets through', async () => {
  const { excluded } = await subjects['rtx']!();
  const graphs = Array.from({ length: 900 }, (_, i) => withoutPlugins(generate(first + i, excluded).graph));
  const legal = graphs.filter(isLegal).length;
  expect(graphs.length - legal).toBeLessThan(legal / 2);
}, 60_000);
