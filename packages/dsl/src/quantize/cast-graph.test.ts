import { describe, expect, test } from 'vitest';
import { failure } from '../../../../test/support/dsl.ts';
import { everyLayer } from '../../../../test/support/every-layer.ts';
import { toNumbers } from '../convert.ts';
import { dim } from '../dim.ts';
import { Network } from '../network.ts';
import { print } from '../print.ts';
import { verify } from '../verify.ts';
import { Weights } from '../weights.ts';
import { castGraph } from './cast-graph.ts';

const [batch, seq] = [dim('batch'), dim('seq')];
const weights = (name: string, shape: readonly number[], value = 1) =>
  Weights.fromNumbers('float32', shape, new Array(shape.reduce((a, b) => a * b, 1)).fill(value), name) as Weights<
    'float32',
    never
  >;

function block() {
  const net = new Network('block');
  const x = net.addInput('x', 'float32', [batch, seq, 4]);
  const given = net.addInput('mask', 'int32', [batch, seq]);
  const inverse = net.addSub(net.addCast(net.addUnsqueeze(given, { axes: [1] }), { dataType: 'float32' }), 1);
  const mask = net.addMul(inverse, 3.4028234663852886e38, { name: 'large' });
  const self = net.scope('attention');
  const q = self.addLinear(x, weights('kernel', [4, 4]), weights('bias', [4], 1e5), { name: 'query' });
  const scores = self.addAdd(self.addMatMul(q, x, { transposeB: true }), mask);
  const y = self.addAdd(self.addMatMul(self.addSoftmax(scores, { axis: -1 }), x), x);
  const norm = net.scope('norm');
  const centered = norm.addSub(y, norm.addReduce(y, { operation: 'mean', axes: [-1], keepDimensions: true }));
  const variance = norm.addReduce(norm.addMul(centered, centered), {
    operation: 'mean',
    axes: [-1],
    keepDimensions: true,
  });
  const z = norm.addDiv(centered, norm.addSqrt(norm.addAdd(variance, 1e-12)));
  const out = net.scope('output').addLayerNorm(z, weights('gamma', [4]), weights('beta', [4]));
  net.markOutput(out, 'y');
  return net.graph();
}

describe('castGraph', () => {
  test('keeps positions in float32, of which a half type would lose some', () => {
    const net = new Network('positions');
    const x = net.addInput('x', 'float32', [seq]);
    net.markOutput(net.addMul(x, net.addRange(seq, { dataType: 'float32' })), 'y');
    const { graph, float32Layers } = castGraph(net.graph(), { dataType: 'bfloat16', bindings: 'cast' });
    expect(float32Layers).toEqual(['range']);
    expect(print(graph)).toMatchInlineSnapshot(`
      "network positions
        %0 = input x                                    bfloat16[seq]
        %1 = range() size=seq dataType=float32 start=0 step=1  float32[seq]
      range/
        %2 = cast(%1) dataType=bfloat16                 bfloat16[seq]  # bfloat16
      /
        %3 = prod(%0, %2)                               bfloat16[seq]
        output y = %3                                   bfloat16[seq]
      "
    `);
  });

  test('casts layers, keeps sums safe, and inputs and outputs as they were', () => {
    const { graph, overflows, float32Layers } = castGraph(block(), { dataType: 'float16' });
    expect(print(graph)).toMatchInlineSnapshot(`
      "network block
        %0 = input x                                    float32[batch, seq, 4]
        %1 = input mask                                 int32[batch, seq]
        %2 = shuffle(%1) reshape=[batch, 1, seq]        int32[batch, 1, seq]  # unsqueeze
        %3 = cast(%2) dataType=float16                  float16[batch, 1, seq]
        %4 = sub(%3, @1)                                float16[batch, 1, seq]
        %5 = prod(%4, @3_4028234663852886e+38)          float16[batch, 1, seq]  # large
      x/
        %6 = cast(%0) dataType=float16                  float16[batch, seq, 4]  # float16
      attention/query/
        %7 = matmul(%6, @kernel)                        float16[batch, seq, 4]
        %8 = sum(%7, @bias)                             float16[batch, seq, 4]
      attention/
        %9 = matmul(%8, %6) transposeB=true             float16[batch, seq, seq]
        %10 = sum(%9, %5)                               float16[batch, seq, seq]
        %11 = softmax(%10) axis=2                       float16[batch, seq, seq]
        %12 = matmul(%11, %6)                           float16[batch, seq, 4]
        %13 = sum(%12, %6)                              float16[batch, seq, 4]
      attention/sum_1/
        %14 = cast(%13) dataType=float32                float32[batch, seq, 4]  # float32
      norm/
        %15 = reduce_mean(%14) axes=[2] keepDimensions=true  float32[batch, seq, 1]
      norm/reduce_mean/
        %16 = cast(%15) dataType=float16                float16[batch, seq, 1]  # float16
      norm/
        %17 = sub(%13, %16)                             float16[batch, seq, 4]
      norm/sub/
        %18 = cast(%17) dataType=float32                float32[batch, seq, 4]  # float32
      norm/
        %19 = prod(%18, %18)                            float32[batch, seq, 4]
        %20 = reduce_mean(%19) axes=[2] keepDimensions=true  float32[batch, seq, 1]
        %21 = sum(%20, @1e-12)                          float32[batch, seq, 1]
        %22 = sqrt(%21)                                 float32[batch, seq, 1]
      norm/sqrt/
        %23 = cast(%22) dataType=float16                float16[batch, seq, 1]  # float16
      norm/
        %24 = div(%17, %23)                             float16[batch, seq, 4]
      output/
        %25 = layerNorm(%24, @gamma, @beta) epsilon=1e-12  float16[batch, seq, 4]
      output/layerNorm/
        %26 = cast(%25) dataType=float32                float32[batch, seq, 4]  # float32
      /
        output y = %26                                  float32[batch, seq, 4]
      "
    `);
    expect(float32Layers).toMatchInlineSnapshot(`
      [
        "norm/reduce_mean",
        "norm/prod",
        "norm/reduce_mean_1",
        "norm/sum",
        "norm/sqrt",
      ]
    `);
    expect(overflows).toMatchInlineSnapshot(`
      [
        {
          "count": 1,
          "layer": "3_4028234663852886e+38",
          "overflowed": 1,
          "saturated": true,
          "underflowed": 0,
          "weights": "3_4028234663852886e+38",
        },
        {
          "count": 4,
          "layer": "attention/query/bias",
          "overflowed": 4,
          "saturated": false,
          "underflowed": 0,
          "weights": "bias",
        },
      ]
    `);
    const mask = graph.nodes.find((node) => node.op === 'constant' && node.name === overflows[0]!.layer)!;
    expect(mask.op === 'constant' && [...toNumbers('float16', mask.attributes.weights.array())]).toEqual([30000 - 0]);
  });

  test('inputs and outputs too, if wanted; in bfloat16 only the largest float32 overflows', () => {
    const { graph, overflows } = castGraph(block(), { dataType: 'bfloat16', bindings: 'cast' });
    expect(String(graph.inputs.get('x'))).toBe('bfloat16[batch, seq, 4]');
    expect(String(graph.inputs.get('mask'))).toBe('int32[batch, seq]');
    expect(String(graph.outputs.get('y'))).toBe('bfloat16[batch, seq, 4]');
    expect(overflows.map(({ layer, saturated }) => [layer, saturated])).toEqual([['3_4028234663852886e+38', true]]);
    expect(graph.nodes.map((node) => node.name)).toContain('norm/reduce_mean');
  });

  test('keeps the layers that patterns name', () => {
    const types = (keepFloat32: readonly (string | RegExp)[]) =>
      castGraph(block(), { dataType: 'float16', keepFloat32 })
        .graph.nodes.filter((node) => node.op === 'matmul')
        .map((node) => `${node.name} ${node.outputs[0]!.dataType}`);
    expect(types(['attention'])).toEqual([
      'attention/query/matmul float32',
      'attention/matmul float32',
      'attention/matmul_1 float32',
    ]);
    expect(types(['*query*'])).toEqual([
      'attention/query/matmul float32',
      'attention/matmul float16',
      'attention/matmul_1 float16',
    ]);
    expect(types([/matmul_1$/g])).toEqual([
      'attention/query/matmul float16',
      'attention/matmul float16',
      'attention/matmul_1 float32',
    ]);
    const { overflows } = castGraph(block(), { dataType: 'float16', keepFloat32: ['attention/query', 'large'] });
    expect(overflows).toEqual([]);
  });

  test('casts every layer that there is', () => {
    for (const dataType of ['float16', 'bfloat16'] as const)
      for (const bindings of ['keep', 'cast'] as const) {
        const source = everyLayer();
        const { graph } = castGraph(source, { dataType, bindings });
        expect([...graph.outputs.keys()]).toEqual([...source.outputs.keys()]);
        for (const [name, output] of source.outputs) {
          const expected = output.dataType === 'float32' && bindings === 'cast' ? /float32|float16/ : output.dataType;
          expect(String(graph.outputs.get(name)), name).toMatch(expected);
          expect(graph.outputs.get(name)!.shape.join(), name).toBe(output.shape.join());
        }
        expect(verify(graph, 'tensorrt-11.2').warnings).toEqual([]);
        for (const node of graph.nodes)
          if (['matmul', 'convolution', 'attention'].includes(node.op))
            expect(node.outputs[0]!.dataType).toBe(dataType);
      }
  });

  test('adds nothing twice, and changes nothing the second time', () => {
    const once = castGraph(block(), { dataType: 'float16', bindings: 'cast' }).graph;
    const twice = castGraph(once, { dataType: 'float16', bindings: 'cast' }).graph;
    expect(twice.nodes.filter((node) => node.op === 'matmul').map(String)).toEqual(
      once.nodes.filter((node) => node.op === 'matmul').map(String),
    );
    const casts = once.nodes
      .filter((node) => node.op === 'cast')
      .map((node) => `${node.inputs[0]!.id} ${node.outputs}`);
    expect(new Set(casts).size).toBe(casts.length);
  });

  test('errors', () => {
    const wrong = (options: unknown) => failure(() => castGraph(block(), options as never));
    expect(wrong({ dataType: 'int8' })).toBe('argument: cannot cast a graph to int8: float16 or bfloat16');
    expect(wrong({ dataType: 'float16', bindings: true })).toMatch(/^argument: bindings "true"/);
    expect(wrong({ dataType: 'float16', keepFloat32: ['atention'] })).toBe(
      'name: no layer of graph "block" matches atention',
    );
    expect(wrong({ dataType: 'float16', keepFloat32: 'attention' })).toBe('argument: patterns of layers are no list');
    expect(wrong({ dataType: 'float16', keepFloat32: [3] })).toMatch(/^argument: 3 is no pattern/);
    expect(wrong({ dataType: 'float16', keepFloat32: [''] })).toMatch(/^argument: "" is no pattern/);
  });
});
