import { describe, expect, test } from 'vitest';
import { failure, listing, refused, sample } from '../../../test/support/dsl.ts';
import { dim } from './dim.ts';
import { TrtDslError } from './errors.ts';
import { Network } from './network.ts';
import { print } from './print.ts';
import { Weights } from './weights.ts';

const [batch, seq] = [dim('batch'), dim('seq')];
const vector = (name: string, size = 2) => Weights.fromNumbers('float32', [size], new Array(size).fill(1), name);

describe('names', () => {
  test('scopes are prefixes, and handles share one network', () => {
    const net = new Network('test');
    const x = net.addInput('x', 'float32', [2]);
    const deep = net.scope('a').scope('b/c');
    const y = deep.addReLU(x);
    expect([deep.prefix, y.name]).toEqual(['a/b/c/', 'a/b/c/relu']);
    expect(net.addAdd(y, x).name).toBe('sum');
    expect(net.scope('a').scope('b').scope('c').addReLU(y).name).toBe('a/b/c/relu_1');
  });

  test('a layer without a name gets the first free number, one with a name must be alone', () => {
    const net = new Network('test');
    const x = net.addInput('x', 'float32', [2]);
    const names = [net.addReLU(x), net.addReLU(x, { name: 'relu_1' }), net.addReLU(x), net.addReLU(x)].map(
      (t) => t.name,
    );
    expect(names).toEqual(['relu', 'relu_1', 'relu_2', 'relu_3']);
    net.markOutput(x, 'x');
    expect(refused(net, 'addReLU', x, { name: 'relu' })).toBe(
      'name: relu: addReLU(float32[2]): a layer is already named "relu"',
    );
  });

  test('a constant gives way to the layer that uses it', () => {
    const net = new Network('test');
    const x = net.addInput('x', 'float32', [2]);
    expect(net.addAdd(x, vector('position'), { name: 'position' }).name).toBe('position');
    expect(net.addSlice(net.addConstant(vector('table')), { start: [0], size: [1] }).name).toBe('slice');
    net.markOutput(x, 'x');
    expect(net.graph().nodes.map((node) => node.name)).toEqual(['x', 'position_1', 'position', 'table', 'slice']);
    expect(refused(net, 'addReLU', x, { name: 'table' })).toBe(
      'name: table: addReLU(float32[2]): a constant is already named "table"; where none is given its name is that of its weights',
    );
  });

  test("weights' names become names of layers", () => {
    const net = new Network('test');
    const x = net.addInput('x', 'float32', [2]);
    for (const name of ['bert/dense/bias:0', 'model.layer.weight', 'my file', '', '///', 'x'])
      net.addAdd(x, vector(name));
    net.markOutput(x, 'x');
    const constants = net.graph().nodes.filter((node) => node.op === 'constant');
    expect(constants.map((node) => node.name)).toEqual(['bias', 'weight', 'my_file', 'constant', 'constant_1', 'x_1']);
  });

  test('20,000 layers of one name take no time', () => {
    const net = new Network('test');
    let x = net.addInput('x', 'float32', [2]);
    const start = process.cpuUsage();
    for (let i = 0; i < 20_000; i++) x = net.addReLU(x);
    expect(x.name).toBe('relu_19999');
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
  });

  test('wrong ones', () => {
    const { net, x } = sample();
    for (const name of ['', ' ', 'a b', 'a:0', '/a', 'a/', 'a//b', 3, null, {}])
      expect(refused(net, 'scope', name)).toMatch(/^name: .* cannot name a layer or scope/);
    expect(refused(net, 'scope')).toMatch(/^name: /);
    expect(refused(net, 'addReLU', x, { name: '' })).toMatch(/^name: /);
  });
});

describe('outputs', () => {
  test('wrong ones', () => {
    const { net, x, half } = sample();
    const other = new Network('other').addInput('z', 'float32', [1]);
    expect(refused(net, 'markOutput', other, 'z')).toBe(
      'argument: network "test": output "z": "z" belongs to another network',
    );
    expect(refused(net, 'markOutput', half, 'x')).toBe(
      'name: network "test": output "x": another output already has this name',
    );
    expect(refused(net, 'markOutput', x, 'half')).toBe(
      'name: network "test": output "half": an input already has this name',
    );
    expect(refused(net, 'markOutput', x, '')).toBe('name: network "test": output "": the name is no text or empty');
    expect(refused(net, 'markOutput', x)).toMatch(/^name: network "test": output undefined: the name is no text/);
    expect(refused(net, 'markOutput', null, 'y')).toBe(
      'argument: network "test": output "y": null is no tensor of a network',
    );
    net.markOutput(half, 'taken');
    expect(refused(net, 'addInput', 'taken', 'float32', [1])).toBe(
      'name: taken: input(): an output is already named "taken"',
    );
  });

  test('an input may be an output, and a tensor two', () => {
    const net = new Network('test');
    const x = net.addInput('x', 'float32', [2]);
    net.markOutput(x, 'x');
    net.markOutput(x, 'copy');
    expect([...net.graph().outputs.keys()]).toEqual(['x', 'copy']);
  });
});

describe('graph()', () => {
  test('needs an output', () => {
    const net = new Network('empty');
    net.addInput('x', 'float32', [2]);
    expect(failure(() => net.graph())).toBe('argument: network "empty" has no output: markOutput one');
  });

  test('is frozen, and does not change when layers are added', () => {
    const net = new Network('test');
    const x = net.addInput('x', 'float32', [batch, 2]);
    const axes = [1];
    net.markOutput(net.addReduce(x, { operation: 'sum', axes } as never), 'y');
    const graph = net.graph();
    axes[0] = 0;
    const before = print(graph);
    net.addReLU(x);
    expect(print(graph)).toBe(before);
    expect(before).toContain('axes=[1]');
    const node = graph.nodes[1]!;
    for (const part of [graph, graph.nodes, node, node.attributes, node.inputs, node.outputs, node.outputs[0]!.shape])
      expect(Object.isFrozen(part)).toBe(true);
    expect(Object.isFrozen((node.attributes as { axes: unknown }).axes)).toBe(true);
  });

  test('every name of a size stands bare on an input', () => {
    const net = new Network('test');
    const x = net.addInput('x', 'float32', [1, 3]);
    net.markOutput(net.scope('wide').addExpand(x, { shape: [batch, 3] }), 'y');
    expect(failure(() => net.graph())).toBe(
      'shape: layer "wide/expand" (float32[batch, 3]): the size of "batch" follows from no input; give it an axis of its own',
    );
    net.addInput('like', 'float32', [batch]);
    expect(net.graph().dimNames).toEqual(['batch']);
  });

  test('with a signature has its outputs, and knows the inputs', () => {
    const net = new Network('test');
    const x = net.addInput('x', 'float32', [2]);
    const z = net.addInput('z', 'float32', [2]);
    const y = net.addAdd(x, z);
    expect(failure(() => net.graph({ inputs: { x }, outputs: { y } }))).toBe(
      'argument: graph: the inputs are x, z, not x',
    );
    expect(failure(() => net.graph({ inputs: { x: z, z: x }, outputs: { y } }))).toMatch(
      /^argument: graph: the inputs are/,
    );
    expect(failure(() => net.graph({ inputs: { x, z }, outputs: { x: y } }))).toMatch(/^name: /);
    expect(failure(() => net.graph())).toMatch(/has no output/);
    const keys = (outputs: Readonly<Record<string, typeof y>>) => [
      ...net.graph({ inputs: { x, z }, outputs }).outputs.keys(),
    ];
    expect(keys({ y })).toEqual(['y']);
    expect(keys({ sum: y })).toEqual(['sum']);
    expect(failure(() => keys({}))).toMatch(/has no output/);
    net.markOutput(y, 'marked');
    expect(failure(() => keys({ y }))).toBe('argument: graph: output "marked" is marked and not among y');
    expect(failure(() => keys({ marked: net.addNeg(y) }))).toMatch(/output "marked" is marked and not among/);
    expect(keys({ y, marked: y })).toEqual(['y', 'marked']);
  });
});

describe('a layer that throws leaves the network as it was', () => {
  test('constants and parts made before are gone, and numbers are given again', () => {
    const { net, x, table } = sample();
    const weights = vector('bias', 3);
    refused(net, 'addLinear', x, table, weights, { transposeKernel: true });
    refused(net, 'addAdd', x, weights);
    refused(net, 'addAdd', x, 0.25 as never, { name: 'x' });
    expect(net.addMul(x, 0.25).id).toBe(6);
    expect(net.addMatMul(x, table, { transposeB: true }).name).toBe('matmul');
    expect(net.addAdd(net.addInput('y', 'float32', [3]), weights).name).toBe('sum');
  });

  test('a plugin, a split and an argmax too', () => {
    const { net, x, flag } = sample();
    net.addReLU(x, { name: 'part_1' });
    expect(refused(net, 'addSplit', x, { axis: 2, sizes: [4, 4], name: 'part' })).toMatch(/already named "part_1"/);
    refused(net, 'addArgmax', flag, { axis: 0 });
  });

  test('the error has a stack that begins where the author called, and a code', () => {
    const net = new Network('test');
    const x = net.addInput('x', 'float32', [2]);
    let thrown: unknown;
    try {
      net.scope('deep').addLinear(x as never, vector('w') as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TrtDslError);
    expect((thrown as Error).stack).toMatch(/\n\s+at .*network\.test\.ts/);
    expect((thrown as Error).stack!.split('\n')[1]).toMatch(/network\.test\.ts/);
    expect((thrown as TrtDslError).code).toBe('shape');
  });
});

test('methods need a network, layers tensors of the same one', () => {
  const { net, x } = sample();
  const other = new Network('other').addInput('z', 'float32', [8]);
  expect(refused(net, 'addAdd', x, other)).toBe(
    'argument: sum: elementwise(float32[batch, seq, 8], float32[8]): "z" belongs to another network',
  );
  const { addReLU } = net;
  expect(failure(() => (addReLU as (x: unknown) => unknown)(x))).toBe(
    'argument: addReLU is a method of a Network: write net.addReLU(…)',
  );
  for (const wrong of [undefined, null, 3, {}])
    expect(failure(() => new Network(wrong as never))).toMatch(/^argument: .* is no name of a network$/);
});

test('operands are tensors, weights and numbers', () => {
  const net = new Network('test');
  const x = net.addInput('x', 'float16', [2]);
  expect(net.operand(x, x)).toBe(x);
  const w = vector('w');
  expect(String(net.operand(w, x))).toBe('float16[2]');
  expect(net.operand(w, x)).toBe(net.operand(w.as('float16'), x));
  expect(net.operand(w, { dataType: 'float32' })).not.toBe(net.operand(w, x));
  expect(net.operand(0.5, x)).toBe(net.operand(0.5, x));
  expect(failure(() => net.operand(0.5 as never, { dataType: 'half' as never }))).toMatch(/which is no tensor/);
});

test('tensors know their type', () => {
  const net = new Network('test');
  const x = net.addInput('x', 'float16', [batch, seq, 3]);
  expect([x.rank, String(x), x.name, x.id]).toEqual([3, 'float16[batch, seq, 3]', 'x', 0]);
  expect(x.as('float16', 3)).toBe(x);
  expect(failure(() => x.as('float32', 3))).toBe('data-type: x is float16[batch, seq, 3], not float32');
  expect(failure(() => x.as('float16', 2))).toBe('shape: x is float16[batch, seq, 3], not of rank 2');
});

test('a block of a transformer', () => {
  const kernel = (rows: number, columns: number, name: string) =>
    Weights.from({ name: `${name}/kernel`, dataType: 'float32', shape: [rows, columns], read: () => new Uint8Array() });
  const bias = (size: number, name: string) =>
    Weights.from({ name: `${name}/bias`, dataType: 'float32', shape: [size], read: () => new Uint8Array() });
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float16', [batch, seq, 64]);
      const mask = net.addInput('mask', 'float16', [batch, 1, 1, seq]);
      const layer = net.scope('encoder/layer_0');
      const self = layer.scope('attention/self');
      const [q, k, v] = ['query', 'key', 'value'].map((name) => {
        const y = self.addLinear(x, kernel(64, 64, name), bias(64, name), { name });
        return self.scope(name).addShuffle(y, { reshape: [0, 0, 4, 16], secondTranspose: [0, 2, 1, 3], name: 'heads' });
      }) as [typeof mask, typeof mask, typeof mask];
      const context = self.addAttention(q, k, v, { mask, scale: 0.25 });
      const merged = self.addShuffle(context, { firstTranspose: [0, 2, 1, 3], reshape: [0, 0, -1], name: 'merge' });
      const output = layer.scope('attention/output');
      const dense = output.addLinear(merged, kernel(64, 64, 'dense'), bias(64, 'dense'), { name: 'dense' });
      const y = output.addLayerNorm(output.addAdd(dense, x), vector('gamma', 64), vector('beta', 64));
      const up = layer.addGELU(layer.addLinear(y, kernel(64, 256, 'up'), bias(256, 'up'), { name: 'intermediate' }));
      const down = layer.addLinear(up, kernel(256, 64, 'down'), bias(64, 'down'), { name: 'output' });
      return layer.addLayerNorm(layer.addAdd(down, y), vector('gamma', 64), vector('beta', 64));
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float16[batch, seq, 64]
      %1 = input mask                                 float16[batch, 1, 1, seq]
    encoder/layer_0/attention/self/query/
      %2 = matmul(%0, @kernel)                        float16[batch, seq, 64]
      %3 = sum(%2, @bias)                             float16[batch, seq, 64]
      %4 = shuffle(%3) reshape=[batch, seq, 4, 16] secondTranspose=[0, 2, 1, 3]  float16[batch, 4, seq, 16]  # heads
    encoder/layer_0/attention/self/key/
      %5 = matmul(%0, @kernel)                        float16[batch, seq, 64]
      %6 = sum(%5, @bias)                             float16[batch, seq, 64]
      %7 = shuffle(%6) reshape=[batch, seq, 4, 16] secondTranspose=[0, 2, 1, 3]  float16[batch, 4, seq, 16]  # heads
    encoder/layer_0/attention/self/value/
      %8 = matmul(%0, @kernel)                        float16[batch, seq, 64]
      %9 = sum(%8, @bias)                             float16[batch, seq, 64]
      %10 = shuffle(%9) reshape=[batch, seq, 4, 16] secondTranspose=[0, 2, 1, 3]  float16[batch, 4, seq, 16]  # heads
    encoder/layer_0/attention/self/
      %11 = attention(%4, %7, %10, %1) scale=0.25     float16[batch, 4, seq, 16]
      %12 = shuffle(%11) firstTranspose=[0, 2, 1, 3] reshape=[batch, seq, 64]  float16[batch, seq, 64]  # merge
    encoder/layer_0/attention/output/dense/
      %13 = matmul(%12, @kernel)                      float16[batch, seq, 64]
      %14 = sum(%13, @bias)                           float16[batch, seq, 64]
    encoder/layer_0/attention/output/
      %15 = sum(%14, %0)                              float16[batch, seq, 64]
      %16 = layerNorm(%15, @gamma, @beta) epsilon=1e-12  float16[batch, seq, 64]
    encoder/layer_0/intermediate/
      %17 = matmul(%16, @kernel)                      float16[batch, seq, 256]
      %18 = sum(%17, @bias)                           float16[batch, seq, 256]
    encoder/layer_0/
      %19 = geluErf(%18)                              float16[batch, seq, 256]  # gelu
    encoder/layer_0/output/
      %20 = matmul(%19, @kernel)                      float16[batch, seq, 64]
      %21 = sum(%20, @bias)                           float16[batch, seq, 64]
    encoder/layer_0/
      %22 = sum(%21, %16)                             float16[batch, seq, 64]
      %23 = layerNorm(%22, @gamma, @beta) epsilon=1e-12  float16[batch, seq, 64]
    /
      output out0 = %23                               float16[batch, seq, 64]"
  `);
});
