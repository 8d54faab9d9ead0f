import { describe, expect, it } from 'vitest';
import { dim } from '../dim.ts';
import type { Graph } from '../graph.ts';
import { Network } from '../network.ts';
import type { Permutation } from '../ranks.ts';
import type { Tensor } from '../tensor.ts';
import { verify } from '../verify.ts';
import { Weights } from '../weights.ts';
import { castGraph } from './cast-graph.ts';
import { findPoints, quantizedTensors } from './points.ts';
import { type QuantizeOptions, quantize } from './quantize.ts';

const square = (name: string, size = 32) =>
  Weights.fromNumbers(
    'float32',
    [size, size],
    Array.from({ length: size * size }, (_, i) => Math.sin(i + 1)),
    name,
  );

/** A transformer layer: q, k and v from x, attention, projection and residual sum, then two products around a GELU. */
function transformer(dataType: 'float32' | 'float16' = 'float32'): Graph {
  const net = new Network('layer');
  const x = net.addInput('x', dataType, [dim('batch'), dim('seq'), 32]);
  const heads = (name: string): Tensor<'float32', 4> => {
    const scope = net.scope(name);
    return scope.addShuffle(scope.addLinear(x as Tensor<'float32', 3>, square(name)), {
      reshape: [0, 0, 2, 16] as const,
      secondTranspose: [0, 2, 1, 3],
      name: 'heads',
    });
  };
  const context = net.addAttention(heads('query'), heads('key'), heads('value'), { scale: 0.25, name: 'attention' });
  const merged = net.addShuffle(context, {
    firstTranspose: [0, 2, 1, 3],
    reshape: [0, 0, 32] as const,
    name: 'merged',
  });
  const projected = net.addLinear(merged, square('projection'), undefined, {
    name: 'projection',
    transposeKernel: true,
  });
  const attended = net.addAdd(projected, x as Tensor<'float32', 3>, { name: 'residual' });
  const inner = net.addGELU(net.addLinear(attended, square('ffn1'), undefined, { name: 'ffn1' }), { name: 'gelu' });
  net.markOutput(net.addLinear(inner, square('ffn2'), undefined, { name: 'ffn2' }), 'y');
  return net.graph();
}

const rangesFor = (graph: Graph, amax = 4) =>
  new Map([...quantizedTensors(findPoints(graph, { recipe: 'full' })).keys()].map((name) => [name, amax]));

function quantized(options: Partial<QuantizeOptions> = {}, graph = transformer()): Graph {
  return quantize(graph, { dataType: 'int8', ranges: rangesFor(graph), ...options });
}

/** Layers whose every input comes from a dequantize layer, in order, with the axis of each input's scales. */
function products(graph: Graph): Record<string, readonly unknown[]> {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  return Object.fromEntries(
    graph.nodes.flatMap((node) => {
      const from = node.inputs.map((input) => makers.get(input)!);
      if (node.op === 'dequantize' || !from.some((maker) => maker.op === 'dequantize')) return [];
      return [
        [node.name, from.map((maker) => (maker.op === 'dequantize' ? (maker.attributes.axis ?? 'tensor') : '-'))],
      ];
    }),
  );
}

describe('quantize', () => {
  it('puts Q/DQ around linear layers, kernels by output channel and with as many axes as what they multiply', () => {
    expect(products(quantized())).toEqual({
      'query/matmul': ['tensor', 2],
      'key/matmul': ['tensor', 2],
      'value/matmul': ['tensor', 2],
      'projection/matmul': ['tensor', 1],
      'ffn1/matmul': ['tensor', 2],
      'ffn2/matmul': ['tensor', 2],
    });
  });

  it('quantizes what recipes say', () => {
    expect(Object.keys(products(quantized({ recipe: 'accurate' })))).not.toContain('ffn2/matmul');
    const full = products(quantized({ recipe: 'full' }));
    expect(full).toMatchObject({
      'attention/scores': ['tensor', 'tensor'],
      attention: ['tensor', 'tensor'],
      residual: ['-', 'tensor'],
    });
    expect(Object.keys(products(quantized({ recipe: { linear: 'none', attention: false, residual: true } })))).toEqual([
      'residual',
    ]);
  });

  it('scales in front of an activation function in float by one scale, and behind the product by shares of it', () => {
    const next = (options: Partial<QuantizeOptions>) => {
      const { nodes } = quantized(options);
      const [product] = nodes.filter(({ name }) => name === 'ffn1/matmul');
      const [user] = nodes.filter(({ inputs }) => inputs.includes(product!.outputs[0]!));
      return [user!.name, products(quantized(options))['ffn1/matmul']!.at(1)];
    };
    const apart = ['ffn1/matmul/scale', 'tensor'];
    expect(next({ recipe: 'accurate' })).toEqual(apart);
    expect(next({ recipe: 'gemm', exclude: ['ffn2'] })).toEqual(apart);
    expect(next({ recipe: 'gemm' })).toEqual(['gelu', 2]);
    expect(next({ recipe: 'accurate', weightScales: 'tensor' })).toEqual(['gelu', 'tensor']);
  });

  it('quantizes a tensor once, whoever takes it', () => {
    const graph = quantized({ recipe: 'full' });
    // x, scaled query, key, value, probabilities, merged, residual sum's result, gelu
    expect(graph.nodes.filter(({ op }) => op === 'quantize').map(({ name }) => name)).toEqual([
      'x/quantize',
      'attention/scaled_query/quantize',
      'key/heads/quantize',
      'attention/probabilities/quantize',
      'value/heads/quantize',
      'merged/quantize',
      'residual/quantize',
      'gelu/quantize',
    ]);
  });

  it('keeps names, inputs and outputs', () => {
    const [before, after] = [transformer(), quantized()];
    const names = new Set(after.nodes.map(({ name }) => name));
    for (const { name, op } of before.nodes) if (op !== 'constant') expect(names).toContain(name);
    expect([...after.outputs].map(String)).toEqual([...before.outputs].map(String));
  });

  it('is legal on every product, in float16 too, with kernels as floats too', () => {
    for (const graph of [transformer(), transformer('float16')])
      for (const dataType of ['int8', 'float8'] as const)
        for (const weights of ['quantized', 'float'] as const) {
          const made = quantized({ dataType, weights, recipe: 'full', weightScales: 'channel' }, graph);
          for (const target of ['tensorrt-10.6', 'tensorrt-11.2', 'tensorrt-rtx-1.7', 'onnxruntime'] as const)
            verify(made, target);
          for (const node of made.nodes)
            if (node.op === 'quantize') expect(node.inputs[1]!.dataType).toBe(node.inputs[0]!.dataType);
        }
  });

  it('leaves excluded layers alone, attention whole', () => {
    const made = quantized({ recipe: 'full', exclude: ['attention', 'ffn*'] });
    expect(Object.keys(products(made))).toEqual([
      'query/matmul',
      'key/matmul',
      'value/matmul',
      'projection/matmul',
      'residual',
    ]);
    expect(made.nodes.some(({ op }) => op === 'attention')).toBe(true);
    expect(() => quantized({ exclude: ['fnn1'] })).toThrow(/no layer of graph "layer" matches fnn1/);
  });

  it('takes the ranges of the float32 graph for one that was cast, casts among its layers', () => {
    const ranges = rangesFor(transformer());
    const { graph } = castGraph(transformer(), { dataType: 'float16', keepFloat32: ['residual', 'attention', 'gelu'] });
    expect(graph.nodes.some(({ name }) => name === 'residual/float16')).toBe(true);
    const made = quantize(graph, { dataType: 'int8', recipe: 'full', ranges });
    expect(Object.keys(products(made))).toContain('ffn1/matmul');
    expect([...rangesFor(graph).keys()].sort()).toEqual([...ranges.keys()].sort());
    expect(made.nodes.filter(({ op }) => op === 'quantize')).toHaveLength(9); // x in float16, and for the sum in float32
  });

  it('finds the same residual sums where casts stand in front of them', () => {
    const net = new Network('sums');
    const x = net.addInput('x', 'float32', [dim('batch'), 32]);
    const linear = (name: string) => net.addLinear(x, square(name), undefined, { name });
    const both = net.addAdd(linear('a'), linear('b'));
    net.markOutput(net.addAdd(linear('c'), net.addReLU(both, { name: 'relu' })), 'y');
    const graph = net.graph();
    for (const keepFloat32 of [['a'], ['b'], ['c'], ['sum'], ['relu'], ['sum_1']]) {
      const cast = castGraph(graph, { dataType: 'float16', keepFloat32 }).graph;
      expect([...rangesFor(cast).keys()], keepFloat32[0]).toEqual([...rangesFor(graph).keys()]);
    }
    expect([...rangesFor(graph).keys()]).toEqual(['x', 'relu']);
  });

  it('takes the range of a tensor whose rows were transposed', () => {
    const make = (permutation: Permutation<3>) => {
      const net = new Network('turned');
      const turned = net.addTranspose(net.addInput('x', 'float32', [32, 32, 32]), { permutation, name: 'turned' });
      net.markOutput(net.addLinear(turned, square('kernel')), 'y');
      return quantize(net.graph(), { dataType: 'int8', ranges: new Map([['x', 1]]) });
    };
    expect(make([1, 0, 2]).nodes.map(({ name }) => name)).toContain('turned/quantize');
    expect(() => make([0, 2, 1])).toThrow(/no range for "turned"/);
  });

  it('lists tensors without a range', () => {
    const graph = transformer();
    const make = () => quantize(graph, { dataType: 'int8', ranges: new Map([['l0_query', 1]]) });
    expect(make).toThrow(/no range for "x", "merged", "residual", "gelu"; the 1 ranges given are of "l0_query"/);
  });

  it('refuses a graph with nothing to quantize, and says what is quantized', () => {
    const net = new Network('small');
    const x = net.addInput('x', 'float32', [dim('batch'), 8]);
    net.markOutput(net.addLinear(x, square('kernel', 8)), 'y');
    expect(() => quantized({}, net.graph())).toThrow(
      'graph "small": the recipe quantizes none of its layers; linear layers are quantized if their kernel is constant and at least [16, 16], convolutions never',
    );
    const all = { linear: 'all', attention: false, residual: false } as const;
    const left = quantized({ recipe: all, exclude: ['query', 'key', 'value', 'projection', 'ffn1', 'ffn2'] });
    expect(products(left)).toEqual({});
  });

  it('refuses unknown recipes', () => {
    expect(() => quantized({ recipe: 'fast' as 'full' })).toThrow(/no recipe is called "fast": gemm, accurate/);
  });
});
