import { type DataType, fromNumbers, Network, toNumbers } from '@trt-dsl/dsl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../properties/generate/random.ts';
import { findPython } from '../python.ts';
import { PyTorch, type Reference } from './client.ts';

let torch: PyTorch;
beforeAll(async () => {
  torch = await PyTorch.start(await findPython());
});
afterAll(() => torch?.close());

/** What PyTorch makes of one input by one layer. */
async function computed(
  dataType: DataType,
  numbers: readonly number[],
  layer: (net: Network, x: never) => unknown,
  slack = 0,
): Promise<Reference> {
  const net = new Network('one');
  const x = net.addInput('x', dataType, [numbers.length]);
  net.markOutput(layer(net, x as never) as never, 'y');
  const feeds = { x: { data: fromNumbers(dataType, numbers), shape: [numbers.length] } };
  const [result] = await torch.compute([{ graph: net.graph(), slack, runs: [{ feeds, sizes: {} }] }]);
  if (result instanceof Error) throw result;
  return result![0]!['y']!;
}

describe('the reference', () => {
  it.each(['float16', 'bfloat16', 'float8'] as const)(
    'rounds to %s as the DSL does, at every magnitude',
    async (type) => {
      const random = new Random(3);
      const numbers = Array.from({ length: 4000 }, () => Math.fround(random.real(-1, 1) * 2 ** random.int(-30, 18)));
      const special = [
        0,
        -0,
        65504,
        65519.9,
        65520,
        448,
        2 ** -24,
        2 ** -25,
        3 * 2 ** -26,
        1 + 2 ** -11,
        1 + 3 * 2 ** -11,
      ];
      const all = [...numbers, ...special].map(Math.fround);
      const { value } = await computed('float32', all, (net, x) => net.addCast(x, { dataType: type }));
      expect([...value]).toEqual([...toNumbers(type, fromNumbers(type, all))]);
    },
  );

  it('bounds: none for exact values, a rounding for arithmetic, a step where a value lies on the edge of one', async () => {
    const moved = await computed('float32', [3, 1, 2], (net, x) => net.addReduce(x, { operation: 'max', axes: [0] }));
    expect([...moved.bound]).toEqual([0]);
    const sum = await computed('float16', [1, 2048], (net, x) => net.addAdd(x, 1));
    expect([...sum.value]).toEqual([2, 2048]);
    expect([...sum.bound]).toEqual([2 ** -9, 2]);
    const quantized = await computed(
      'float32',
      [0.25, 0.3],
      (net, x) => net.addQuantize(x, 0.5, { dataType: 'int8' }),
      4,
    );
    expect([...quantized.value]).toEqual([0, 1]);
    expect([...quantized.bound]).toEqual([1, 0]);
  });

  it('says of outputs that cannot tell right from wrong why', async () => {
    const state = async (...given: Parameters<typeof computed>): Promise<string> => (await computed(...given)).state;
    expect(await state('float32', [1, 2, 3], (net, x) => net.addMul(x, 2))).toBe('good');
    expect(await state('float32', [1, 2, 3], (net, x) => net.addMul(x, 0))).toBe('constant');
    expect(await state('float32', [-1, -2, -3], (net, x) => net.addLog(x))).toBe('not finite');
    expect(await state('float32', [-1, 2, 3], (net, x) => net.addQuantize(x, 1e-3, { dataType: 'int8' }))).toBe(
      'saturated',
    );
  });

  it('puts an error in the place of a graph that PyTorch cannot compute, and goes on', async () => {
    const net = new Network('broken');
    const table = net.addInput('table', 'float32', [2]);
    const index = net.addInput('index', 'int32', [1]);
    net.markOutput(net.addGather(table, index, { axis: 0 }), 'y');
    const graph = net.graph();
    const runs = (shape: number[]): { feeds: object; sizes: object }[] => [
      {
        feeds: {
          table: { data: new Float32Array(shape[0]!), shape },
          index: { data: new Int32Array([0]), shape: [1] },
        },
        sizes: {},
      },
    ];
    const [bad, good] = await torch.compute([
      { graph, runs: runs([0]) as never },
      { graph, runs: runs([2]) as never },
    ]);
    expect(String(bad)).toMatch(/PyTorch could not compute graph "broken"[\s\S]*gather/);
    expect(good).not.toBeInstanceOf(Error);
  });

  it('says what is missing where Python has no torch, or there is no Python', async () => {
    await expect(PyTorch.start('/does/not/exist')).rejects.toThrow(/does not start[\s\S]*install-pytorch\.sh/);
    await expect(PyTorch.start(process.execPath)).rejects.toThrow(/ended with[\s\S]*install-pytorch\.sh/);
  });
});
