import { type Backend, Network, opNames, type Target, TrtDslError, verify } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { tensorrt } from '@trt-dsl/trt-bindings';
import { describe, expect, test } from 'vitest';
import { legalityCases } from './support/legality-cases.ts';

const cases = legalityCases(() => new Network('case'));

/** Compiles every case and says which ones are legal by the table but not in truth, and the other way round. */
async function disagreements(compile: Backend['compile'], target: Target): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name, build } of cases) {
    const net = new Network(name);
    build(net);
    const graph = net.graph();
    const legal = refusal(() => verify(graph, target));
    const works = await compile(graph).then(
      (engine) => engine.close(),
      (error: unknown) => String(error),
    );
    if (legal === undefined && works !== undefined)
      found.push(`${name}: legal by the table, but ${works.slice(0, 300)}`);
    if (legal !== undefined && works === undefined) found.push(`${name}: works, but ${legal}`);
  }
  return found;
}

function refusal(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(TrtDslError);
    return String(error);
  }
}

describe('the table of legality says what is true', () => {
  test('it is asked about every op and type', () => {
    expect(cases.length).toBeGreaterThan(200);
    const asked = new Set<string>(
      cases.flatMap(({ name, build }) => {
        const net = new Network(name);
        build(net);
        return net.graph().nodes.map(({ op }) => op);
      }),
    );
    expect(opNames.filter((op) => op !== 'plugin' && !asked.has(op))).toEqual([]);
  });

  test('of ONNX Runtime', async () => {
    expect(await disagreements(onnxBackend().compile, 'onnxruntime')).toEqual([]);
  }, 300_000);

  test('of TensorRT-RTX', async () => {
    const backend = tensorrt({ product: 'rtx' });
    const unchecked: Backend['compile'] = (graph) => backend.compile(graph, { verify: false });
    expect(await disagreements(unchecked, `tensorrt-rtx-${backend.tensorrt.version}`)).toEqual([]);
  }, 600_000);
});
