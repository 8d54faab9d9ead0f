import { expect, test } from 'vitest';
import { dim } from './dim.ts';
import { toDot } from './dot.ts';
import { Network } from './network.ts';
import { definePlugin } from './plugin.ts';
import { formatAttributes, labelOf, print } from './print.ts';
import { Weights } from './weights.ts';

function example() {
  const net = new Network('example');
  const x = net.addInput('x', 'float32', [dim('batch'), 4]);
  const kernel = Weights.fromNumbers('float32', [4, 4], new Array(16).fill(0), 'kernel');
  const bias = Weights.fromNumbers('float32', [4], [1, 2, 3, 4], 'bias');
  const inner = net.scope('outer').scope('inner');
  const y = inner.addLinear(x, kernel, bias, { name: 'fc' });
  const swish = definePlugin({
    name: 'Swish',
    version: '2',
    decompose: (net: Network, [x]: readonly [typeof y], _fields: { beta: number; note: string }) =>
      net.addMul(x, net.addSigmoid(x)),
  });
  const z = swish(net.scope('outer'), [y], { beta: 1, note: 'a "quoted" text' });
  const { values } = net.addTopK(z, { k: 2, axis: 1 });
  net.markOutput(values, 'values');
  net.markOutput(net.addConstant(kernel), 'kernel');
  return net.graph();
}

test('the listing', () => {
  expect(print(example())).toMatchInlineSnapshot(`
    "network example
      %0 = input x                                    float32[batch, 4]
    outer/inner/fc/
      %1 = matmul(%0, @kernel)                        float32[batch, 4]
      %2 = sum(%1, @bias)                             float32[batch, 4]
    outer/
      %3 = Swish@2(%2) fields={beta=1 note=a "quoted" text}  float32[batch, 4]
    /
      %4, %5 = topK(%3) k=2 axis=1 largest=true       float32[batch, 2], int32[batch, 2]
      output values = %4                              float32[batch, 2]
      output kernel = @outer/inner/fc/kernel          float32[4, 4]
    "
  `);
});

test('labels and attributes', () => {
  const plugin = example().nodes.find((node) => node.op === 'plugin')!;
  expect([labelOf(plugin), formatAttributes(plugin)]).toMatchInlineSnapshot(`
    [
      "Swish@2",
      "fields={beta=1 note=a "quoted" text}",
    ]
  `);
});

test('the drawing', () => {
  expect(toDot(example())).toMatchInlineSnapshot(`
    "digraph "example" {
      rankdir=TB; node [shape=box, style=rounded, fontname="sans-serif"];
      n0 [label="input x"];
      subgraph "cluster outer 2" { label="outer"; color=gray;
      subgraph "cluster outer/inner 2" { label="inner"; color=gray;
      subgraph "cluster outer/inner/fc 2" { label="fc"; color=gray;
      n2 [label="matmul"];
      n4 [label="sum"];
      }
      }
      n5 [label="Swish@2\\nfields={beta=1 note=a \\"quoted\\" text}"];
      }
      n6 [label="topK\\nk=2 axis=1 largest=true"];
      n0 -> n2 [label="float32[batch, 4]"];
      n2 -> n4 [label="float32[batch, 4]"];
      n4 -> n5 [label="float32[batch, 4]"];
      n5 -> n6 [label="float32[batch, 4]"];
      out0 [label="output values", shape=ellipse];
      n6 -> out0 [label="float32[batch, 2]"];
      out1 [label="output kernel", shape=ellipse];
    }
    "
  `);
});

test('a drawing has balanced frames and an arrow for every use of a tensor that is no constant', () => {
  const graph = example();
  const dot = toDot(graph).replaceAll(/"(\\.|[^"\\])*"/g, '""');
  expect(dot.split('{').length).toBe(dot.split('}').length);
  const uses = graph.nodes.flatMap((node) => node.inputs).filter((tensor) => !/kernel|bias/.test(tensor.name));
  expect(dot.split('->').length - 1).toBe(uses.length + 1);
});

test('an empty scope name, strange names and no layers are drawn too', () => {
  const net = new Network('a "strange"\nname');
  net.markOutput(net.addInput('x', 'float32', []), 'out "1"');
  expect(toDot(net.graph())).toContain('digraph "a \\"strange\\"\\nname"');
  expect(print(net.graph())).toContain('output out "1" = %0');
});
