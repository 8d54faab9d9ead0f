import { describe, expect, test } from 'vitest';
import { failure, refused } from '../../../test/support/dsl.ts';
import type { FloatType } from './data-type.ts';
import { dim, product } from './dim.ts';
import { Network } from './network.ts';
import { definePlugin } from './plugin.ts';
import { print } from './print.ts';
import type { Tensor } from './tensor.ts';
import { Weights } from './weights.ts';

const rmsNorm = definePlugin({
  name: 'RmsNorm',
  version: '1',
  namespace: 'test',
  decompose: <D extends FloatType, R extends number>(
    net: Network,
    [x, gamma]: readonly [Tensor<D, R>, Tensor<D, 1> | Weights<D, 1>],
    { epsilon }: { epsilon: number },
  ): Tensor<D, R> => {
    const square = net.addMul(x as Tensor<D>, x as Tensor<D>);
    const mean = net.addReduce(square, { operation: 'mean', axes: [-1], keepDimensions: true });
    const y = net.addDiv(x as Tensor<D>, net.addSqrt(net.addAdd(mean, epsilon)));
    return net.addMul(y, gamma) as Tensor<D, R>;
  },
});
const pair = definePlugin({
  name: 'Pair',
  version: '1',
  decompose: (net: Network, [x]: readonly [Tensor<'float32', 2>], _: Record<string, never>) =>
    [net.addReLU(x), net.addNeg(x)] as const,
});

function sample() {
  const net = new Network('test');
  const x = net.addInput('x', 'float32', [dim('batch'), dim('seq'), 2]);
  const gamma = Weights.fromNumbers('float32', [2], [1, 2], 'gamma');
  net.markOutput(x, 'x');
  return { net, x, gamma };
}

describe('a defined plugin', () => {
  test('is called like a module and adds one layer, whose body is its decomposition', () => {
    const { net, x, gamma } = sample();
    const y = rmsNorm(net.scope('norm'), [x, gamma], { epsilon: 0.5 });
    net.markOutput(y, 'y');
    const node = net.graph().nodes.at(-1)!;
    expect(print(net.graph())).toContain(
      '%1 = RmsNorm@1(%0, @gamma) namespace=test fields={epsilon=0.5}  float32[batch, seq, 2]',
    );
    expect(node.op === 'plugin' && print(node.attributes.body)).toMatchInlineSnapshot(`
      "network RmsNorm
        %0 = input input_0                              float32[batch, seq, 2]
        %1 = input input_1                              float32[2]
        %2 = prod(%0, %0)                               float32[batch, seq, 2]
        %3 = reduce_mean(%2) axes=[2] keepDimensions=true  float32[batch, seq, 1]
        %4 = sum(%3, @0_5)                              float32[batch, seq, 1]
        %5 = sqrt(%4)                                   float32[batch, seq, 1]
        %6 = div(%0, %5)                                float32[batch, seq, 2]
        %7 = prod(%6, %1)                               float32[batch, seq, 2]
        output output_0 = %7                            float32[batch, seq, 2]
      "
    `);
  });

  test('takes tensors whose sizes are products of names', () => {
    const { net, x, gamma } = sample();
    const packed = net.addShuffle(x, { reshape: [-1, 2] });
    expect(String(rmsNorm(net, [packed, gamma], { epsilon: 0 }).shape[0])).toBe(
      String(product(dim('batch'), dim('seq'))),
    );
  });

  test('returns as many tensors as its decomposition', () => {
    const net = new Network('test');
    const [a, b] = pair(net, [net.addInput('x', 'float32', [2, 2])], {});
    expect([a.name, b.name]).toEqual(['Pair', 'Pair:1']);
  });

  test('is an untyped layer too', () => {
    const { net, x, gamma } = sample();
    const [y] = net.addPlugin(rmsNorm, [x, gamma], { epsilon: 1 }, { name: 'norm' });
    expect([y!.name, String(y)]).toEqual(['norm', 'float32[batch, seq, 2]']);
    expect([rmsNorm.pluginName, rmsNorm.version, rmsNorm.namespace, pair.namespace]).toEqual([
      'RmsNorm',
      '1',
      'test',
      '',
    ]);
  });
});

test('errors', () => {
  const { net, x, gamma } = sample();
  const three = Weights.fromNumbers('float32', [3], [1, 2, 3], 'three');
  expect(refused(net, 'addPlugin', rmsNorm, [x, three], { epsilon: 1 }, { name: 'norm' })).toBe(
    'shape: norm: addPlugin(RmsNorm, [float32[batch, seq, 2], float32[3]], { epsilon }): in the decomposition of RmsNorm(float32[batch, seq, 2], float32[3]): prod_1: elementwise(float32[batch, seq, 2], float32[3]): float32[3] does not broadcast to float32[batch, seq, 2]',
  );
  expect(refused(net, 'addPlugin', rmsNorm, [x], { epsilon: 1 })).toMatch(
    /^argument: .*in the decomposition of RmsNorm/,
  );
  expect(refused(net, 'addPlugin', rmsNorm, x, { epsilon: 1 })).toMatch(/the inputs of plugin RmsNorm are no list$/);
  expect(refused(net, 'addPlugin', rmsNorm, [x, 1], { epsilon: 1 })).toMatch(/1 is no input of plugin RmsNorm$/);
  expect(refused(net, 'addPlugin', {}, [x], {})).toMatch(/\{…\} is no plugin: definePlugin makes one$/);
  expect(refused(net, 'addPlugin', rmsNorm, [x, gamma])).toMatch(/the fields undefined are no object/);
  for (const epsilon of [null, {}, ['1'], () => 1, 1n])
    expect(refused(net, 'addPlugin', rmsNorm, [x, gamma], { epsilon })).toMatch(
      /field "epsilon" is .*: no number, text/,
    );
  const other = new Network('other').addInput('z', 'float32', [2, 2]);
  expect(refused(net, 'addPlugin', rmsNorm, [other, gamma], { epsilon: 1 })).toMatch(/"z" belongs to another network$/);
  expect(failure(() => rmsNorm({} as Network, [x, gamma], { epsilon: 1 }))).toMatch(/the first argument is no network/);
  for (const wrong of [{ name: '' }, { version: '' }, { name: 3 }, { namespace: null }, { decompose: 'x' }])
    expect(
      failure(() => definePlugin({ name: 'P', version: '1', decompose: () => x, ...(wrong as object) } as never)),
    ).toMatch(/^argument: /);
});

test('a decomposition that gives no tensor, and a call without options, are told as they are', () => {
  const { net, x } = sample();
  const none = definePlugin({ name: 'None', version: '1', decompose: (() => undefined) as never });
  expect(refused(net, 'addPlugin', none, [x], {})).toMatch(
    /addPlugin\(None, .*: decompose returned undefined, no tensor and no list of tensors$/,
  );
  expect(failure(() => (none as unknown as (...args: unknown[]) => unknown)(net, [x], { alpha: 1 }))).toMatch(
    /addPlugin\(None, .*, \{ alpha \}\): in the decomposition/,
  );
});
