import { describe, expect, test } from 'vitest';
import { failure } from '../../../test/support/dsl.ts';
import { dim } from './dim.ts';
import { Network } from './network.ts';
import { definePlugin } from './plugin.ts';
import { print } from './print.ts';
import { inline, rewrite, withoutPlugins } from './rewrite.ts';
import type { Tensor } from './tensor.ts';
import { Weights } from './weights.ts';

const square = definePlugin({
  name: 'Square',
  version: '1',
  decompose: (net: Network, [x]: readonly [Tensor<'float32', 2>], _: Record<string, never>) =>
    net.addAdd(net.addMul(x, x), 0.5),
});
const fourth = definePlugin({
  name: 'Fourth',
  version: '1',
  decompose: (net: Network, [x]: readonly [Tensor<'float32', 2>], _: Record<string, never>) =>
    square(net, [square(net, [x], {})], {}),
});

function example() {
  const net = new Network('example');
  const x = net.addInput('x', 'float32', [dim('batch'), 2]);
  const y = net.scope('block').addLinear(x, Weights.fromNumbers('float32', [2, 2], [1, 2, 3, 4], 'kernel'));
  const { values, indices } = net.addTopK(fourth(net, [y], {}), { k: 1, axis: 1 });
  net.markOutput(net.addReLU(values, { name: 'last' }), 'values');
  net.markOutput(indices, 'indices');
  net.markOutput(x, 'x');
  return net.graph();
}

describe('rewrite', () => {
  test('by nothing copies the graph', () => {
    expect(print(rewrite(example(), () => undefined))).toBe(print(example()));
  });

  test('replaces layers, and layers without a name leave the names of others alone', () => {
    const result = rewrite(example(), (node, [x], net) => {
      if (node.op !== 'matmul') return undefined;
      return [net.addAbs(x as Tensor<'float32', 2>), net.addReLU(x as Tensor<'float32', 2>, {})].slice(0, 1);
    });
    expect(print(result)).toMatchInlineSnapshot(`
      "network example
        %0 = input x                                    float32[batch, 2]
        %1 = abs(%0)                                    float32[batch, 2]
        %2 = relu(%0)                                   float32[batch, 2]
        %3 = Fourth@1(%1)                               float32[batch, 2]
        %4, %5 = topK(%3) k=1 axis=1 largest=true       float32[batch, 1], int32[batch, 1]
        %6 = relu(%4)                                   float32[batch, 1]  # last
        output values = %6                              float32[batch, 1]
        output indices = %5                             int32[batch, 1]
        output x = %0                                   float32[batch, 2]
      "
    `);
    const busy = rewrite(result, (node, inputs, net) =>
      node.name === 'abs' ? [net.addReLU(net.addAbs(inputs[0] as Tensor<'float32', 2>))] : undefined,
    );
    expect(busy.nodes.map((node) => node.name)).toContain('abs_1');
    expect(busy.nodes.map((node) => node.name)).toContain('relu_1');
  });

  test('needs as many tensors as the layer made', () => {
    expect(failure(() => rewrite(example(), (node, inputs) => (node.op === 'topK' ? inputs : undefined)))).toBe(
      'argument: layer "topK" makes 2 tensors, what replaces it 1',
    );
  });
});

describe('withoutPlugins', () => {
  test('decomposes plugins within plugins, under the names of their layers', () => {
    expect(print(withoutPlugins(example()))).toMatchInlineSnapshot(`
      "network example
        %0 = input x                                    float32[batch, 2]
      block/
        %1 = matmul(%0, @kernel)                        float32[batch, 2]
      Fourth/Square/
        %2 = prod(%1, %1)                               float32[batch, 2]
        %3 = sum(%2, @0_5)                              float32[batch, 2]
      Fourth/Square_1/
        %4 = prod(%3, %3)                               float32[batch, 2]
        %5 = sum(%4, @0_5)                              float32[batch, 2]
      /
        %6, %7 = topK(%5) k=1 axis=1 largest=true       float32[batch, 1], int32[batch, 1]
        %8 = relu(%6)                                   float32[batch, 1]  # last
        output values = %8                              float32[batch, 1]
        output indices = %7                             int32[batch, 1]
        output x = %0                                   float32[batch, 2]
      "
    `);
  });

  test('keeps those that the backend has', () => {
    const graph = example();
    expect(withoutPlugins(graph, (node) => node.attributes.plugin === 'Fourth')).toBe(graph);
    const inner = withoutPlugins(example(), (node) => node.attributes.plugin === 'Square');
    expect(inner.nodes.filter((node) => node.op === 'plugin').map((node) => node.name)).toEqual([
      'Fourth/Square',
      'Fourth/Square_1',
    ]);
  });
});

test('inline adds a graph to a network as often as wanted', () => {
  const inner = example();
  const net = new Network('outer');
  const a = net.addInput('x', 'float32', [dim('batch'), 2]);
  const first = inline(inner, [a], net.scope('once'));
  const second = inline(inner, [first[2]!], net.scope('once'));
  expect(first.map(String)).toEqual(['float32[batch, 1]', 'int32[batch, 1]', 'float32[batch, 2]']);
  expect(second[0]!.name).toBe('once/last_1');
  expect(failure(() => inline(inner, [], net))).toBe('argument: graph "example" takes 1 inputs, not 0');
  expect(failure(() => inline(inner, [net.addInput('z', 'float32', [7, 2])], net))).toBe(
    'argument: graph "example" takes float32[batch, 2] as input 0, not float32[7, 2]',
  );
});
