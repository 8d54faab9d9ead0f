import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failure } from '../../../test/support/dsl.ts';
import { everyLayer } from '../../../test/support/every-layer.ts';
import { dim } from './dim.ts';
import type { Graph } from './graph.ts';
import { fromJson, toJson, weightsByName } from './json.ts';
import { Network } from './network.ts';
import { opNames } from './ops.ts';
import { print } from './print.ts';
import { Weights } from './weights.ts';

const same = (a: Graph, b: Graph): void => {
  expect(print(a)).toBe(print(b));
  expect(toJson(a)).toBe(toJson(b));
  expect(a.nodes.map(({ name, op }) => `${op} ${name}`)).toEqual(b.nodes.map(({ name, op }) => `${op} ${name}`));
};

describe('round trip', () => {
  test('of every op', () => {
    const graph = everyLayer();
    expect([...new Set(graph.nodes.map((node) => node.op))].sort()).toEqual([...opNames].sort());
    same(fromJson(toJson(graph)), graph);
  });

  test('with the weights apart', () => {
    const graph = everyLayer();
    const text = toJson(graph, { weights: 'reference' });
    const weights = weightsByName(graph);
    const back = fromJson(text, (name) => weights.get(name)!);
    same(back, graph);
    expect(back.weights.map((w) => Buffer.from(w.bytes()).toString('hex'))).toEqual(
      graph.weights.map((w) => Buffer.from(w.bytes()).toString('hex')),
    );
    // what is left belongs to the body of a plugin
    expect(text.split('base64"').length - 1).toBe(1);
  });

  test('of numbers that JSON does not know', () => {
    const net = new Network('numbers');
    const x = net.addInput('x', 'float32', [2, 2]);
    const fields = {
      nan: Number.NaN,
      all: [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0],
      text: 'NaN',
      dim: 'x',
    };
    const plugin = { pluginName: 'P', version: '1', namespace: '', body: () => body() };
    const body = () => {
      const inner = new Network('P');
      inner.markOutput(inner.addReLU(inner.addInput('input_0', 'float32', [2, 2])), 'output_0');
      return inner.body();
    };
    const [y] = net.addPlugin(plugin, [x], fields);
    net.markOutput(y!, 'y');
    const node = fromJson(toJson(net.graph())).nodes.at(-1)!;
    expect(node.op === 'plugin' && node.attributes.fields).toEqual(fields);
  });

  test('of bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const net = new Network('bytes');
        net.markOutput(net.addConstant(Weights.of('uint8', [bytes.length], bytes)), 'y');
        expect([...fromJson(toJson(net.graph())).weights[0]!.bytes()]).toEqual([...bytes]);
      }),
    );
  });
});

describe('what is no graph', () => {
  const net = new Network('small');
  const x = net.addInput('x', 'float32', [dim('batch'), 2]);
  net.markOutput(net.addSoftmax(net.addAdd(x, Weights.fromNumbers('float32', [2], [1, 2], 'bias')), { axis: 1 }), 'y');
  const good = toJson(net.graph());
  // biome-ignore lint/suspicious/noExplicitAny: JSON to be broken
  const broken = (change: (json: any) => void): string => {
    const json = JSON.parse(good);
    change(json);
    return failure(() => fromJson(JSON.stringify(json)));
  };

  test('says what is wrong with it', () => {
    expect(failure(() => fromJson('{'))).toMatch(/^file: no graph in this JSON: /);
    expect(failure(() => fromJson('null'))).toBe(
      'file: no graph in this JSON: "format" is undefined, not "trt-dsl graph 1"',
    );
    expect(broken((json) => (json.format = 'trt-dsl graph 2'))).toMatch(/"format" is "trt-dsl graph 2"/);
    expect(broken((json) => (json.nodes[3].op = 'softmin'))).toMatch(/layer "softmax": there is no op "softmin"$/);
    expect(broken((json) => (json.nodes[3].op = 'constructor'))).toMatch(/there is no op "constructor"$/);
    expect(broken((json) => (json.nodes[3].inputs = [7]))).toMatch(
      /layer "softmax" uses tensor 7, which no layer before it makes$/,
    );
    expect(broken((json) => (json.nodes[3].inputs = []))).toMatch(/softmax: softmax\(\): takes 1 input, not 0$/);
    expect(broken((json) => (json.nodes[3].attributes.axis = 5))).toMatch(
      /softmax\(float32\[batch, 2\]\): axis 5 is none/,
    );
    expect(broken((json) => (json.nodes[3].name = 'x'))).toMatch(/a layer is already named "x"$/);
    expect(broken((json) => (json.nodes[0].attributes.shape[0] = { dim: '2**' }))).toMatch(/cannot name a dimension/);
    expect(broken((json) => (json.nodes[1].attributes.weights.shape = [3]))).toMatch(/weights "bias"/);
    expect(broken((json) => (json.nodes[1].attributes.weights.dataType = 'f4'))).toMatch(
      /weights "bias": there is no type f4$/,
    );
    expect(broken((json) => delete json.nodes[1].attributes.weights.base64)).toMatch(
      /weights "bias" are not in the JSON/,
    );
    expect(broken((json) => (json.outputs = {}))).toMatch(/has no output/);
  });

  test('is a TrtDslError whatever was changed', () => {
    const paths: (readonly (string | number)[])[] = [];
    const walk = (value: unknown, path: readonly (string | number)[]): void => {
      paths.push(path);
      if (typeof value === 'object' && value !== null)
        for (const [key, part] of Object.entries(value)) walk(part, [...path, key]);
    };
    walk(JSON.parse(good), []);
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom(null, -1, 1e300, '__proto__', [], {}, [[[]]]),
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), values, (path, value) => {
        let json = JSON.parse(good);
        if (path.length === 0) json = value;
        else {
          const at = path.slice(0, -1).reduce((part, key) => part[key], json);
          at[path.at(-1)!] = value;
        }
        try {
          fromJson(JSON.stringify(json));
        } catch (error) {
          expect(error).toMatchObject({ name: 'TrtDslError', code: 'file' });
        }
      }),
      { numRuns: 1000 },
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
