import { expect, test } from 'vitest';
import { failure } from '../../../test/support/dsl.ts';
import { everyLayer } from '../../../test/support/every-layer.ts';
import { dim } from './dim.ts';
import { Network } from './network.ts';
import { withoutPlugins } from './rewrite.ts';
import { summary } from './summary.ts';
import { Weights } from './weights.ts';

const empty = (name: string, shape: readonly number[]) =>
  Weights.from({ name, dataType: 'float32', shape, read: () => new Uint8Array() }) as Weights<'float32', never>;

test('a linear layer and an attention, by hand', () => {
  const net = new Network('test');
  const x = net.addInput('x', 'float16', [dim('batch'), dim('seq'), 64]);
  const y = net.addLinear(x, empty('kernel', [64, 32]), empty('bias', [32]));
  const heads = net.addShuffle(y, { reshape: [0, 0, 4, 8], secondTranspose: [0, 2, 1, 3] });
  net.markOutput(net.addAttention(heads, heads, heads), 'y');
  const { rows, ...total } = summary(net.graph(), { batch: 2, seq: 10 });
  const scores = 2 * 4 * 10 * 10;
  const matmul = 2 * (2 * 10 * 32) * 64;
  expect(total).toEqual({
    layers: 4,
    parameters: 64 * 32 + 32,
    weightBytes: 2 * (64 * 32 + 32),
    flops: matmul + 2 * 10 * 32 + scores * (2 * 8 + 2 * 8 + 7),
  });
  expect(rows.map(({ label }) => label)).toEqual(['matmul', 'attention', 'sum', 'shuffle']);
  expect(rows[0]).toEqual({
    label: 'matmul',
    layers: 1,
    flops: matmul,
    bytes: 2 * (2 * 10 * 64 + 64 * 32 + 2 * 10 * 32),
  });
});

test('every layer is counted, plugins by their decomposition', () => {
  const sizes = { batch: 2, seq: 3 };
  const whole = summary(everyLayer(), sizes);
  expect(whole.flops).toBe(summary(withoutPlugins(everyLayer()), sizes).flops);
  expect(whole.rows.every(({ flops, bytes, layers }) => Number.isSafeInteger(flops) && bytes >= 0 && layers > 0)).toBe(
    true,
  );
  expect(whole.rows.find(({ label }) => label === 'convolution')?.flops).toBe(2 * (2 * 4 * 3 * 2) * 9);
  expect(failure(() => summary(everyLayer(), { batch: 2 }))).toBe(
    'name: summary: give the sizes that are known at run time only: summary(graph, { seq: 1 })',
  );
});
