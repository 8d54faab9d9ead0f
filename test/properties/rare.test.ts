import { type Dim, type Network, type Node, rewrite, type Tensor } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../support/python.ts';
import { PyTorch } from '../support/pytorch/client.ts';
import { feedsOf } from './generate/case.ts';
import { rareCases } from './rare.ts';
import { judge, runAll, runSuite } from './suite.ts';

let torch: PyTorch;
beforeAll(async () => {
  torch = await PyTorch.start(await findPython());
});
afterAll(() => torch?.close());

const backend = onnxBackend({ threads: 1 });
const cases = rareCases();
const pieces = 16;

/** x in pieces along an axis. */
function split(net: Network, x: Tensor, axis: number): readonly Tensor<'float16', 2>[] {
  const shape = x.shape as readonly Dim[];
  const whole = shape[axis] as number;
  const count = Math.min(pieces, whole / 2);
  return Array.from({ length: count }, (_, i) =>
    net.addSlice(x, {
      start: shape.map((_, at) => (at === axis ? (i * whole) / count : 0)),
      size: shape.map((size, at) => (at === axis ? whole / count : size)),
    } as never),
  ) as unknown as readonly Tensor<'float16', 2>[];
}

/** Pairs of them, pairs of pairs and so on, each result rounded to the type: as exact as a half type can be. */
function together<T>(parts: readonly T[], combine: (a: T, b: T) => T): T {
  if (parts.length === 1) return parts[0]!;
  const middle = parts.length >> 1;
  return combine(together(parts.slice(0, middle), combine), together(parts.slice(middle), combine));
}

/** What a reduction or product becomes when pieces of it are put together in the half type. */
function inHalfType(node: Node, [x, y]: readonly Tensor[], net: Network): readonly Tensor[] | undefined {
  if (node.op === 'matmul') {
    const [left, right] = [split(net, x!, x!.rank - 1), split(net, y!, 0)];
    const products = left.map((part, i) => net.addMatMul(part, right[i]!));
    return [together(products, (a, b) => net.addAdd(a, b))];
  }
  if (node.op !== 'reduce') return undefined;
  const { operation, axes } = node.attributes;
  const [axis, ...rest] = axes as [number];
  const partial = operation === 'mean' ? 'sum' : operation;
  const reduce = (part: Tensor, over: readonly number[]): Tensor<'float16', 2> =>
    net.addReduce(part as Tensor<'float16', 2>, { operation: partial, axes: over as [0] }) as never;
  const parts = split(net, x!, axis).map((part) => reduce(part, [axis]));
  const whole = together(parts, (a, b) => (operation === 'prod' ? net.addMul(a, b) : net.addAdd(a, b)));
  if (rest.length > 0) return [reduce(whole, [1])];
  return [operation === 'mean' ? net.addMul(whole, 1 / ((x!.shape as readonly number[])[axis] as number)) : whole];
}

describe('long sums and products, and tensors without elements', () => {
  it('equal PyTorch on ONNX Runtime', async () => {
    // float32 sums of thousands of terms round thousands of times
    const found = await runSuite(backend, cases, { torch, slack: 64 });
    expect(found.failures.map(({ case: { seed }, message }) => `seed ${seed}: ${message}`)).toEqual([]);
    expect(found.agreed).toBe(cases.length);
  });

  it.each(cases.filter(({ graph }) => graph.nodes.some(({ op }) => op === 'matmul' || op === 'reduce')))(
    'would not if they were formed in a half type: seed $seed',
    async (one) => {
      const runs = one.runs.map((sizes) => ({ sizes, feeds: feedsOf(one, sizes) }));
      // with the slack that TensorRT is given (backends.ts)
      const [reference] = await torch.compute([{ graph: one.graph, slack: 64, runs }]);
      if (!reference || reference instanceof Error) throw reference;
      expect(reference.flatMap((run) => Object.values(run).map(({ state }) => state))).toEqual(runs.map(() => 'good'));
      const [outcome] = await runAll(backend, [{ ...one, graph: rewrite(one.graph, inHalfType) }], 1);
      expect(judge(one, outcome!, reference)).not.toEqual([]);
    },
  );
});
