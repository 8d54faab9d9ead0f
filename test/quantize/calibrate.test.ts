import {
  calibrate,
  castGraph,
  collectCalibration,
  collectChannelRanges,
  collectHistograms,
  dim,
  type Feeds,
  type Graph,
  Network,
  print,
  quantize,
  quantizeCalibrated,
  smooth,
  Weights,
  weightsChecksum,
} from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { describe, expect, it } from 'vitest';

const backend = onnxBackend({ threads: 1 });
const wave = (name: string, shape: readonly [number, number], scale = 1) =>
  Weights.fromNumbers(
    'float32',
    shape,
    Array.from({ length: shape[0] * shape[1] }, (_, i) => scale * Math.sin(i * i + 1)),
    name,
  );

/** y = GELU(norm(x) A) B over [batch, seq, 16], with an input that says which positions count. */
function model(scale = 1): Graph {
  const net = new Network('model');
  const x = net.addInput('x', 'float32', [dim('batch'), dim('seq'), 16]);
  const mask = net.addInput('mask', 'int32', [dim('batch'), dim('seq')]);
  const ones = Weights.fromNumbers(
    'float32',
    [16],
    Array.from({ length: 16 }, (_, i) => (i === 3 ? 40 : 1)),
    'gamma',
  );
  const zeros = Weights.fromNumbers('float32', [16], new Float32Array(16), 'beta');
  const normal = net.addLayerNorm(x, ones, zeros, { name: 'norm' });
  const inner = net.addGELU(net.addLinear(normal, wave('a', [16, 32], scale), undefined, { name: 'fc1' }), {
    name: 'gelu',
  });
  net.markOutput(net.addLinear(inner, wave('b', [32, 16]), undefined, { name: 'fc2' }), 'y');
  net.markOutput(mask, 'mask_again');
  return net.graph();
}

/** Two sequences of four, the second padded by two positions of huge values. */
const batch = (padding = 1000): Feeds => ({
  x: {
    shape: [2, 4, 16],
    data: Float32Array.from({ length: 128 }, (_, i) => (i >= 96 ? padding * (i % 2) : Math.cos(i))),
  },
  mask: { shape: [2, 4], data: Int32Array.of(1, 1, 1, 1, 1, 1, 0, 0) },
});

/** A linear layer on the input itself. */
function linear(): Graph {
  const net = new Network('linear');
  const x = net.addInput('x', 'float32', [dim('batch'), dim('seq'), 16]);
  net.markOutput(net.addLinear(x, wave('a', [16, 16])), 'y');
  net.markOutput(net.addInput('mask', 'int32', [dim('batch'), dim('seq')]), 'mask_again');
  return net.graph();
}

describe('calibrate', () => {
  it('finds the largest magnitudes over all batches, without padding', async () => {
    const options = { method: 'min-max', mask: 'mask' } as const;
    const ranges = await calibrate(linear(), backend, [batch(), batch()], options);
    expect([...ranges]).toEqual([['x', 1]]);
    expect((await calibrate(linear(), backend, [batch()], { method: 'min-max' })).get('x')).toBe(1000);
  });

  it('holds a histogram of each tensor that is quantized, of all batches', async () => {
    const one = await collectHistograms(model(), backend, [batch()], { mask: 'mask' });
    const two = await collectHistograms(model(), backend, () => [batch(), batch()], { mask: 'mask' });
    expect([...one.keys()]).toEqual(['norm', 'gelu']);
    for (const [name, { counts }] of one) {
      expect(counts.reduce((a, b) => a + b)).toBe(6 * (name === 'norm' ? 16 : 32));
      expect(two.get(name)!.counts).toEqual(counts.map((count) => 2 * count));
    }
  });

  it('takes data that comes asynchronously', async () => {
    const feeds = async function* () {
      yield batch();
    };
    const [a, b] = [await calibrate(model(), backend, feeds), await calibrate(model(), backend, [batch()])];
    expect([...a]).toEqual([...b]);
  });

  it('says what is wrong with the data', async () => {
    await expect(calibrate(model(), backend, [])).rejects.toThrow(/there is no data; give at least one batch/);
    const once = [batch()].values();
    await expect(calibrate(model(), backend, once)).rejects.toThrow(/cannot be gone through twice/);
    let calls = 0;
    const grows = () => [batch(1000 * ++calls)];
    await expect(calibrate(linear(), backend, grows)).rejects.toThrow(/"x" reached 1000 .* and 2000 in the second/);
  });

  it('names the tensor that is NaN or infinite', async () => {
    await expect(calibrate(linear(), backend, [batch(Number.NaN)])).rejects.toThrow(/element \d+ of tensor "x" is NaN/);
    for (const collect of [calibrate, collectChannelRanges])
      await expect(collect(model(3e38), backend, [batch()])).rejects.toThrow(/tensor "gelu" is (NaN|Infinity)/);
  });

  it('refuses a graph of which nothing would be quantized', async () => {
    const net = new Network('empty');
    net.markOutput(net.addReLU(net.addInput('x', 'float32', [4])), 'y');
    await expect(calibrate(net.graph(), backend, [{ x: new Float32Array(4) }])).rejects.toThrow(/none of its layers/);
  });

  it('gives ranges with which the quantized graph is close', async () => {
    const ranges = await calibrate(model(), backend, [batch()], { mask: 'mask' });
    const [float, int8, float8] = await Promise.all(
      [model(), ...(['int8', 'float8'] as const).map((dataType) => quantize(model(), { dataType, ranges }))].map(run),
    );
    expect(distance(int8!, float!)).toBeLessThan(0.02);
    expect(distance(float8!, float!)).toBeLessThan(0.06);
    expect(distance(int8!, float!)).toBeGreaterThan(1e-4);
  });
});

describe('collectCalibration', () => {
  it.each([false, true])(
    'is what calibrate, and smooth if wanted (%s), give; quantizes without data',
    async (wanted) => {
      const options = { mask: 'mask', method: 'percentile' } as const;
      const passes: string[] = [];
      const found = await collectCalibration(model(), backend, [batch()], {
        ...options,
        dataType: 'float8',
        smooth: wanted,
        onProgress: (pass, batches) => passes.push(`${pass} ${batches}`),
      });
      expect(passes).toEqual([...(wanted ? ['channels 1'] : []), 'ranges 1', 'histograms 1']);
      const channels = wanted ? await collectChannelRanges(model(), backend, [batch()], options) : null;
      const graph = channels ? smooth(model(), { ranges: channels }) : model();
      const ranges = await calibrate(graph, backend, [batch()], options);
      const weights = weightsChecksum(model());
      expect(found).toEqual({ weights, calibrator: 'percentile', dataType: 'float8', ranges, channels });
      const quantized = quantizeCalibrated(model(), found, { dataType: 'float8' });
      const due = quantize(graph, { dataType: 'float8', ranges });
      expect(print(quantized)).toBe(print(due));
      expect(await run(quantized)).toEqual(await run(due));
    },
  );
});

describe('smooth', () => {
  it('keeps the function, and lowers the error of a layer with outliers', async () => {
    const options = { mask: 'mask' } as const;
    const smoothed = smooth(model(), { ranges: await collectChannelRanges(model(), backend, [batch()], options) });
    expect(smoothed.nodes.filter(({ name }) => name.endsWith('/smooth')).map(({ name }) => name)).toEqual([
      'norm/smooth',
    ]);
    const float = await run(model());
    expect(distance(await run(smoothed), float)).toBeLessThan(1e-6);
    const error = async (graph: Graph): Promise<number> =>
      distance(
        await run(quantize(graph, { dataType: 'int8', ranges: await calibrate(graph, backend, [batch()], options) })),
        float,
      );
    expect(await error(smoothed)).toBeLessThan(0.8 * (await error(model())));
  });

  it('divides once what is taken in several types and orders of axes, as all that take it allow', async () => {
    const names = ['a', 'b', 'c'] as const;
    const graph = (): Graph => {
      const net = new Network('shared');
      const x = net.addInput('x', 'float32', [dim('batch'), dim('seq'), 16]);
      const one = Weights.fromNumbers('float32', [16], Array<number>(16).fill(1), 'one');
      const norm = net.addLayerNorm(x, one, one, { name: 'norm' });
      const turned = net.addTranspose(norm, { permutation: [1, 0, 2] });
      for (const [i, input] of [norm, norm, turned].entries())
        net.markOutput(
          net.addLinear(input, wave(names[i]!, [16, 16], 8 ** i), undefined, { name: names[i]! }),
          names[i]!,
        );
      return net.graph();
    };
    const data = [
      {
        x: {
          shape: [2, 3, 16],
          data: Float32Array.from({ length: 96 }, (_, i) => Math.sin(i) + 9 * Number(i % 16 === 5)),
        },
      },
    ];
    const due = await outputsOf(graph(), data[0]!);
    const errors = async (of: Graph): Promise<number[]> => {
      const found = await outputsOf(of, data[0]!);
      return names.map((name) => distance(found[name]!, due[name]!));
    };
    const smoothed = smooth(graph(), { ranges: await collectChannelRanges(graph(), backend, data) });
    const count = (end: RegExp): number => smoothed.nodes.filter(({ name }) => end.test(name)).length;
    expect([count(/smooth$/), count(/^(shuffle|transpose)/)]).toEqual([1, 1]);
    expect(Math.max(...(await errors(smoothed)))).toBeLessThan(1e-6);

    const calibration = await collectCalibration(graph(), backend, data, { smooth: true });
    const mixed = castGraph(graph(), { dataType: 'float16', keepFloat32: ['b'] }).graph;
    expect(Math.max(...(await errors(quantizeCalibrated(mixed, calibration, { dataType: 'int8' }))))).toBeLessThan(
      0.02,
    );
  });

  it('needs ranges of the channels, and α in [0, 1]', () => {
    expect(() => smooth(model(), { ranges: new Map() })).toThrow(/no ranges of the 16 channels of "norm"/);
    expect(() => smooth(model(), { ranges: new Map(), alpha: 2 })).toThrow(/alpha 2/);
  });
});

async function outputsOf(graph: Graph, feeds: Feeds): Promise<Record<string, Float32Array>> {
  using engine = await backend.compile(graph);
  const results = Object.entries(await engine.run(feeds));
  return Object.fromEntries(results.map(([name, { data }]) => [name, data as Float32Array]));
}

/** The six positions that count. */
async function run(graph: Graph): Promise<Float32Array> {
  return (await outputsOf(graph, batch()))['y']!.subarray(0, 96);
}

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...b);
