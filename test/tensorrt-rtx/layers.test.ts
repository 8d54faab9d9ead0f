import {
  castGraph,
  type DataType,
  type Dim,
  dim,
  type Graph,
  Network,
  type Profile,
  type Tensor,
  TrtDslError,
  verify,
  Weights,
  withoutPlugins,
} from '@trt-dsl/dsl';
import { type TensorRT, tensorrt } from '@trt-dsl/trt-bindings';
import { describe, expect, test } from 'vitest';
import { lowerGraph } from '../../packages/trt-bindings/src/lowering/lower.ts';
import { everyLayer } from '../support/every-layer.ts';
import { legalityCases } from '../support/legality-cases.ts';
import { disagreements } from './inferred.ts';

const backend = tensorrt({ product: 'rtx' });

/** A network whose inputs have a named size in front: `s4` where a 4 was asked for, the same name wherever it is. */
function openNetwork(): Network {
  const net = new Network('open');
  const addInput = net.addInput.bind(net);
  const open = (size: Dim, axis: number): Dim => (axis === 0 && typeof size === 'number' ? dim(`s${size}`) : size);
  return Object.assign(net, {
    addInput: ((name: string, type: DataType, shape: readonly Dim[]) =>
      addInput(name, type, shape.map(open))) as Network['addInput'],
  });
}

/** The graph of a case with sizes known at run time only, where the DSL and TensorRT-RTX take it. */
function openGraph(build: (net: Network) => void): Graph | undefined {
  const net = openNetwork();
  try {
    build(net);
    const graph = net.graph();
    verify(graph, `tensorrt-rtx-${backend.tensorrt.version}`);
    return graph;
  } catch (error) {
    if (error instanceof TrtDslError) return undefined;
    throw error;
  }
}

/** From the sizes of the case to twice as many. */
const profileOf = (graph: Graph): Profile =>
  Object.fromEntries(
    graph.dimNames.map((name) => {
      const size = Number(name.slice(1));
      return [name, [size, size, 2 * size] as const];
    }),
  );

/** The names of the layers that TensorRT-RTX is given for a graph. */
function layerNames(graph: Graph): readonly string[] {
  using builder = backend.tensorrt.createInferBuilder();
  using network = builder.createNetworkV2([]);
  lowerGraph(graph, backend.tensorrt, network);
  return Array.from({ length: network.getNbLayers() }, (_, i) => network.getLayer(i).getName());
}

const cases = legalityCases(() => new Network('case')).flatMap(({ name, build }) => {
  const graph = openGraph(build);
  return graph && graph.dimNames.length > 0 ? [{ name, graph }] : [];
});

describe('TensorRT-RTX infers the types and shapes that the DSL does', () => {
  test('for every layer there is', () => {
    expect(disagreements(withoutPlugins(everyLayer()))).toEqual([]);
  });

  test('for every op in every legal type, with sizes known at run time only, and builds it', async () => {
    expect(cases.length).toBeGreaterThan(150);
    const wrong: string[] = [];
    for (const { name, graph } of cases) {
      wrong.push(...disagreements(graph).map((text) => `${name}: ${text}`));
      await backend.compile(graph, { profiles: [profileOf(graph)], optimizationLevel: 0 }).then(
        (engine) => engine.close(),
        (error: unknown) => wrong.push(`${name}: ${String(error)}`),
      );
    }
    expect(wrong).toEqual([]);
  }, 300_000);

  test('for topK along an axis that TensorRT does not take: one with four or more behind it', async () => {
    const net = new Network('deep');
    const x = net.addInput('x', 'float16', [4, dim('batch'), 3, dim('seq'), 2, 2]);
    for (const axis of [0, 1, 5] as const) {
      const { values, indices } = net.addTopK(x, { k: 1, axis });
      net.markOutput(values, `values${axis}`);
      net.markOutput(indices, `indices${axis}`);
    }
    const graph = net.graph();
    expect(disagreements(graph)).toEqual([]);
    using engine = await backend.compile(graph, { profiles: [{ batch: [1, 2, 4], seq: [1, 2, 4] }] });
    expect(engine.outputs.size).toBe(6);
  });

  test('for cumulative sums without the layer that TensorRT has since 10.8', async () => {
    const net = new Network('older');
    for (const [i, dataType] of (['float32', 'bfloat16', 'int32', 'int64'] as const).entries()) {
      const x = net.addInput(`x${i}`, dataType, [dim('batch'), 3, dim('seq'), 2]);
      net.markOutput(net.addCumulativeSum(x, { axis: 2, exclusive: i % 2 === 0, reverse: i > 1 }), `y${i}`);
    }
    const older = {
      supports: (owner: string, method: string) =>
        method !== 'addCumulative' && backend.tensorrt.supports(owner, method),
    } as TensorRT;
    using builder = backend.tensorrt.createInferBuilder();
    using network = builder.createNetworkV2([]);
    lowerGraph(net.graph(), older, network);
    const layers = Array.from({ length: network.getNbLayers() }, (_, i) => network.getLayer(i).getType());
    expect(layers).not.toContain('CUMULATIVE');
    expect(layers.filter((type) => type === 'REDUCE').length).toBe(4);
    using config = builder.createBuilderConfig();
    const profile = builder.createOptimizationProfile();
    for (let i = 0; i < 4; i++) {
      expect(network.getOutput(i).getDimensions()).toEqual([-1, 3, -1, 2]);
      for (const [at, size] of Object.entries({ MIN: 1, OPT: 2, MAX: 4 } as const))
        profile.setDimensions(`x${i}`, at as 'MIN', [size, 3, size, 2]);
    }
    config.addOptimizationProfile(profile);
    const plan = await builder.buildSerializedNetwork(network, config);
    expect(plan.length).toBeGreaterThan(0);
  });

  test('for a residual sum: LayerNorm takes it unrounded, others and outputs rounded', async () => {
    const net = new Network('residual');
    const x = net.addInput('x', 'float16', [dim('batch'), 8]);
    const sum = net.addAdd(net.addReLU(x), x, { name: 'sum' });
    const [gamma, beta] = [1, 0].map((value) =>
      Weights.fromNumbers('float32', [8], Array<number>(8).fill(value), `constant${value}`),
    ) as [Weights<'float32', 1>, Weights<'float32', 1>];
    net.markOutput(net.addLayerNorm(sum, gamma, beta, { epsilon: 1e-5 }), 'once');
    net.markOutput(net.addLayerNorm(sum, beta, gamma, { epsilon: 1e-5 }), 'twice');
    net.markOutput(net.addNeg(sum), 'rounded');
    net.markOutput(sum, 'sum');
    const graph = net.graph();
    expect(disagreements(graph)).toEqual([]);
    using engine = await backend.compile(graph, { profiles: [{ batch: [1, 2, 4] }] });
    expect([...engine.outputs.keys()]).toEqual(['once', 'twice', 'rounded', 'sum']);
  });
});

describe('names', () => {
  test('an output may be called what another layer is', async () => {
    const net = new Network('names');
    const x = net.addInput('x', 'float32', [4, 8]);
    const relu = net.addReLU(x, { name: 'probs' });
    const { values, indices } = net.addTopK(relu, { k: 2, axis: 1, name: 'top' });
    net.markOutput(net.addNeg(relu), 'probs');
    net.markOutput(net.addNeg(values), indices.name);
    net.markOutput(relu, values.name);
    using engine = await backend.compile(net.graph());
    expect([...engine.outputs.keys()]).toEqual(['probs', indices.name, values.name]);
  });
});

describe('builds what TensorRT-RTX 1.7 would not as it stands', () => {
  const weights = (net: Network): Tensor<'float16', 2> => {
    const packed = Weights.fromNumbers('int8', [2, 2], [1, 2, 3, 4], 'packed');
    return net.addDequantize(net.addConstant(packed), 0.5, { dataType: 'float16' });
  };
  const attention = (net: Network): Tensor<'float16', 4> => {
    const x = net.addInput('x', 'float16', [dim('batch'), 2, 4, 8]);
    return net.addAttention(x, x, x);
  };
  test.each([
    [
      'nothing but dequantized weights, joined',
      (net) => net.addConcatenation([weights(net), weights(net)], { axis: 0 }),
    ],
    ['the shape of attention', (net) => net.addShape(attention(net))],
    [
      'that of attention with its axes exchanged',
      (net) => net.addShape(net.addTranspose(attention(net), { permutation: [0, 2, 1, 3] })),
    ],
    ['the shape of a scalar', (net) => net.addShape(net.addInput('x', 'float32', []))],
    [
      'a size that a later input gives',
      (net) => {
        const threes = net.addExpand(net.addConstant(Weights.fromNumbers('float32', [1], [3])), {
          shape: [dim('batch')],
        });
        return net.addAdd(net.addInput('x', 'float32', [dim('batch')]), threes);
      },
    ],
  ] as readonly [string, (net: Network) => Tensor][])('%s', async (_, build) => {
    const net = new Network('case');
    net.markOutput(build(net), 'y');
    const graph = net.graph();
    expect(disagreements(graph)).toEqual([]);
    const profiles = graph.dimNames.length > 0 ? { profiles: [{ batch: [1, 2, 4] as const }] } : {};
    using engine = await backend.compile(graph, { ...profiles, optimizationLevel: 0 });
    expect([...engine.outputs.keys()]).toEqual(['y']);
  });
});

describe('what TensorRT 10.6 computes wrongly together stands apart', () => {
  const layersOf = (build: (net: Network) => Tensor): readonly string[] => {
    const net = new Network('apart');
    net.markOutput(build(net), 'y');
    return layerNames(net.graph());
  };
  const slice = { start: [0, 0], size: [1, 4], stride: [1, 1], name: 'slice' } as const;
  const steps = { ...slice, stride: [1, 2] } as const;

  test.each([
    [
      'a slice behind a reduce',
      (net) =>
        net.addSlice(net.addReduce(net.addInput('x', 'bfloat16', [2, 3, 8]), { operation: 'max', axes: [1] }), slice),
      true,
    ],
    [
      'a slice with steps behind a product',
      (net) =>
        net.addSlice(net.addMatMul(net.addInput('x', 'float32', [1, 4]), net.addInput('w', 'float32', [4, 8])), steps),
      true,
    ],
    [
      'with a shuffle between',
      (net) =>
        net.addSlice(
          net.addShuffle(net.addMatMul(net.addInput('x', 'float32', [8, 4]), net.addInput('w', 'float32', [4, 1])), {
            firstTranspose: [1, 0],
          }),
          steps,
        ),
      true,
    ],
    [
      'a slice without steps behind a product',
      (net) =>
        net.addSlice(net.addMatMul(net.addInput('x', 'float32', [1, 4]), net.addInput('w', 'float32', [4, 8])), slice),
      false,
    ],
    [
      'a slice of a sum',
      (net) =>
        net.addSlice(net.addAdd(net.addInput('x', 'float32', [1, 8]), net.addInput('w', 'float32', [1, 8])), steps),
      false,
    ],
  ] as readonly [string, (net: Network) => Tensor, boolean][])('%s', (_, build, apart) => {
    expect(layersOf(build).includes('slice:apart')).toBe(apart);
  });
});

describe('names of what is added between layers', () => {
  const ones = Weights.fromNumbers('float32', [16], Array(16).fill(1));

  test('leave a cast in front of an output its own', async () => {
    const net = new Network('norm');
    const x = net.addInput('x', 'float32', [2, 16]);
    const y = net.addLayerNorm(x, ones, ones, { name: 'norm' });
    const { graph } = castGraph(net.graph({ inputs: { x }, outputs: { y } }), { dataType: 'float16' });
    expect(graph.nodes.map(({ name }) => name)).toContain('norm/float32');
    using engine = await backend.compile(graph);
    expect(engine.serialize().length).toBeGreaterThan(0);
  });

  test('cannot be those of layers', () => {
    const { graph } = castGraph(withoutPlugins(everyLayer()), { dataType: 'float16' });
    const own = new Set(graph.nodes.map(({ name }) => name));
    const byTensorrt = /_Attention(In|Out)put$/;
    const added = layerNames(graph).filter((name) => !own.has(name) && !byTensorrt.test(name));
    expect(added.length).toBeGreaterThan(5);
    expect(added.filter((name) => !/[: ]/.test(name))).toEqual([]);
  });
});
