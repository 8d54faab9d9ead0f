import { castGraph, dim, fromNumbers, type Graph, Network, toNumbers, Weights } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { expect, test } from 'vitest';

const [size, heads, length] = [32, 4, 7];

/** Numbers between −1 and 1 that look random and are always the same. */
function numbers(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
let seed = 1;
const weights = <const S extends readonly number[]>(shape: S, scale: number) =>
  Weights.fromNumbers(
    'float32',
    shape,
    numbers(
      shape.reduce((a, b) => a * b, 1),
      seed++,
    ).map((x) => x * scale),
  );

/** Two layers of a transformer; the second LayerNorm is written out, on values whose squares overflow float16. */
function transformer(): Graph {
  const net = new Network('transformer');
  const [batch, seq] = [dim('batch'), dim('seq')];
  const given = net.addInput('mask', 'int32', [batch, seq]);
  const mask = net.addMul(
    net.addSub(net.addCast(net.addUnsqueeze(given, { axes: [1, 2] }), { dataType: 'float32' }), 1),
    3.4028234663852886e38,
  );
  let x = net.addInput('x', 'float32', [batch, seq, size]);
  for (const layer of [net.scope('layer_0'), net.scope('layer_1')]) {
    const split = (name: string) => {
      const y = layer.addLinear(x, weights([size, size], 0.3), weights([size], 0.1), { name });
      return layer.addShuffle(y, { reshape: [0, 0, heads, -1], secondTranspose: [0, 2, 1, 3] });
    };
    const scores = layer.addAdd(layer.addMatMul(split('query'), split('key'), { transposeB: true }), mask);
    const context = layer.addMatMul(layer.addSoftmax(layer.addMul(scores, 0.35), { axis: -1 }), split('value'));
    const merged = layer.addShuffle(context, { firstTranspose: [0, 2, 1, 3], reshape: [0, 0, -1] });
    const y = layer.addAdd(layer.addMul(layer.addLinear(merged, weights([size, size], 0.3)), 500), x);
    const centered = layer.addSub(y, layer.addReduce(y, { operation: 'mean', axes: [2], keepDimensions: true }));
    const square = layer.addMul(centered, centered);
    const variance = layer.addReduce(square, { operation: 'mean', axes: [2], keepDimensions: true });
    x = layer.addDiv(centered, layer.addSqrt(layer.addAdd(variance, 1e-12)));
  }
  net.markOutput(x, 'y');
  return net.graph();
}

async function run(graph: Graph): Promise<Float64Array> {
  using engine = await onnxBackend().compile(graph);
  const x = fromNumbers('float32', numbers(2 * length * size, 99));
  const mask = Int32Array.from({ length: 2 * length }, (_, i) => (i === length - 1 ? 0 : 1));
  const { y } = await engine.run({ x: { data: x, shape: [2, length, size] }, mask });
  return toNumbers(y!.dataType, y!.data);
}

const largest = (a: Float64Array, b: Float64Array): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

test('a graph cast to a half type computes the same, within its rounding', async () => {
  const graph = transformer();
  const exact = await run(graph);
  const half = await run(castGraph(graph, { dataType: 'float16' }).graph);
  const brain = await run(castGraph(graph, { dataType: 'bfloat16' }).graph);
  const kept = await run(castGraph(graph, { dataType: 'bfloat16', keepFloat32: ['*'] }).graph);
  // values are of the order of 1 to 4; some ten roundings on the way of 2^-11 and 2^-8
  expect(largest(half, exact)).toBeLessThan(20 * 2 ** -11);
  expect(largest(brain, exact)).toBeLessThan(20 * 2 ** -8);
  expect(largest(brain, exact)).toBeGreaterThan(2 ** -11);
  expect(largest(kept, exact)).toBe(0);
});
