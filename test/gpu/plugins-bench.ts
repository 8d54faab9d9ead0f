// Each plugin against its decomposition as TensorRT compiles it: GPU time of one layer in an engine that has eight of them,
// each with inputs of its own (one is too short to be timed between events).
import { type HostTensor, Network, type Tensor, Weights } from '@trt-dsl/dsl';
import { embLayerNorm, layerNorm, qkvToContext, skipLayerNorm } from '@trt-dsl/plugins-cuda';
import { measureGpu } from '@trt-dsl/trt-bindings';
import { integers } from './integers.ts';
import { backend, pluginsIn } from './plugins-kernels.ts';
import { quantile, save, timingCache } from './support.ts';

const copies = 8;
const words = 30522;

/** Halves that cycle through [1, 1.5): what they are does not matter for the time. */
const halves = (shape: readonly number[]): HostTensor<'float16'> => ({
  dataType: 'float16',
  shape,
  data: new Uint16Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => 0x3c00 + ((i * 7919) % 512)),
});
const constant = (shape: readonly number[]): Weights<'float16', number> =>
  Weights.of('float16', shape, halves(shape).data) as Weights<'float16', number>;
const vector = (hidden: number): Weights<'float16', 1> => constant([hidden]) as Weights<'float16', 1>;

interface Sizes {
  readonly batch: number;
  readonly seq: number;
  readonly hidden: number;
}

/** Adds one layer that takes inputs whose names begin with `name`. */
type Layer = (net: Network, name: string, sizes: Sizes, feeds: Record<string, HostTensor>) => Tensor;

function input<T extends HostTensor>(net: Network, name: string, value: T, feeds: Record<string, HostTensor>): Tensor {
  feeds[name] = value;
  return net.addInput(name, value.dataType, [...value.shape]);
}
const rows = (net: Network, name: string, { batch, seq }: Sizes, width: number, feeds: Record<string, HostTensor>) =>
  input(net, name, halves([batch, seq, width]), feeds) as Tensor<'float16', 3>;

type Tables = readonly [Tensor<'float16', 2>, Tensor<'float16', 2>, Tensor<'float16', 2>];
const known = new WeakMap<Network, Tables>();
/** Word, position and type embeddings, which all layers of a network share. */
function tablesOf(net: Network, hidden: number): Tables {
  const tables =
    known.get(net) ?? ([words, 512, 2].map((size) => net.addConstant(constant([size, hidden]))) as unknown as Tables);
  known.set(net, tables);
  return tables;
}

const layers: Readonly<Record<string, Layer>> = {
  layerNorm: (net, name, sizes, feeds) =>
    layerNorm(net, [rows(net, name, sizes, sizes.hidden, feeds), vector(sizes.hidden), vector(sizes.hidden)], {
      epsilon: 1e-12,
    }),
  skipLayerNorm: (net, name, sizes, feeds) => {
    const [x, skip] = ['x', 'skip'].map((part) => rows(net, `${name}_${part}`, sizes, sizes.hidden, feeds));
    const [gamma, beta, bias] = [vector(sizes.hidden), vector(sizes.hidden), vector(sizes.hidden)];
    return skipLayerNorm(net, [x!, skip!, gamma, beta, bias], { epsilon: 1e-12, bias: true, sum: false });
  },
  embLayerNorm: (net, name, { batch, seq, hidden }, feeds) => {
    const ids = input(
      net,
      `${name}_ids`,
      integers([batch, seq], (i) => (i * 7919) % words),
      feeds,
    );
    const types = input(
      net,
      `${name}_types`,
      integers([batch, seq], (i) => i % 2),
      feeds,
    );
    const [word, position, type] = tablesOf(net, hidden);
    return embLayerNorm(
      net,
      [ids as Tensor<'int32', 2>, types as Tensor<'int32', 2>, word, position, type, vector(hidden), vector(hidden)],
      { epsilon: 1e-12 },
    );
  },
  qkvToContext: (net, name, sizes, feeds) => {
    const { batch, seq, hidden } = sizes;
    const qkv = rows(net, `${name}_qkv`, sizes, 3 * hidden, feeds);
    const mask = input(
      net,
      `${name}_mask`,
      integers([batch, seq], (i) => (i % seq < seq - 7 ? 1 : 0)),
      feeds,
    );
    return qkvToContext(net, [qkv, mask as Tensor<'int32', 2>], { heads: hidden / 64, mask: 'mask' });
  },
};

const sizes: readonly Sizes[] = [
  { batch: 1, seq: 128, hidden: 768 },
  { batch: 32, seq: 128, hidden: 768 },
  { batch: 128, seq: 128, hidden: 768 },
  { batch: 32, seq: 384, hidden: 768 },
  { batch: 32, seq: 128, hidden: 1024 },
  { batch: 4, seq: 4096, hidden: 768 },
];

/** Measures all, saves `plugins-layers` after each; returns how many failed. */
export async function layersInTensorRT(timeIsLeft: () => boolean): Promise<number> {
  const figures: Record<string, unknown>[] = [];
  let failed = 0;
  for (const size of sizes)
    for (const [plugin, layer] of Object.entries(layers)) {
      if ((size.seq > 512 && plugin !== 'qkvToContext') || !timeIsLeft()) continue;
      const row: Record<string, unknown> = { plugin, ...size, type: 'float16' };
      try {
        const net = new Network('layers');
        const feeds: Record<string, HostTensor> = {};
        for (let i = 0; i < copies; i++) net.markOutput(layer(net, `c${i}`, size, feeds), `y${i}`);
        for (const plugins of ['auto', 'none'] as const) {
          using engine = await backend.compile(net.graph(), { timingCache, plugins });
          if (plugins === 'auto') pluginsIn(engine);
          const times = measureGpu(backend.tensorrt, engine, new Map(Object.entries(feeds)), { runs: 100 });
          row[plugins === 'auto' ? 'plugin_us' : 'decomposed_us'] = (quantile(times, 0.5) * 1000) / copies;
        }
        row['faster'] = Number(row['decomposed_us']) / Number(row['plugin_us']);
      } catch (error) {
        failed++;
        row['error'] = `${(error as Error).message}`.slice(0, 500);
      }
      figures.push(row);
      save('plugins-layers', { copies, rows: figures }, JSON.stringify(row));
    }
  return failed;
}
