// A network with a plugin of one's own: on the CPU by its decomposition, on a GPU by its kernel. README.md tells how.
import { dim, fromNumbers, Network, print, toNumbers, Weights } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { loadTensorRT, TensorRTError, tensorrt } from '@trt-dsl/trt-bindings';
import { rmsNorm, rmsNormLibrary } from './rms-norm.ts';

const hidden = 8;
const gamma = Weights.of('float32', [hidden], Float32Array.of(1, 1, 2, 2, 1, 1, 2, 2), 'gamma');

// The plugin is called like a module; it is one layer of the graph.
const net = new Network('normalised');
const x = net.addInput('x', 'float16', [dim('batch'), dim('seq'), hidden]);
const y = rmsNorm(net.scope('norm'), [x, gamma], { epsilon: 1e-6 });
const graph = net.graph({ inputs: { x }, outputs: { y } });
console.log(print(graph));

const numbers = Float32Array.from({ length: 2 * 3 * hidden }, (_, i) => Math.sin(i * 0.9));
const feeds = { x: { shape: [2, 3, hidden], data: fromNumbers('float16', numbers) } };
const show = (where: string, values: ArrayLike<number>): void => {
  console.log(`${where}:`, ...Array.from(values, (value) => value.toFixed(3)).slice(0, hidden), '…');
};

// Where no kernel is, the decomposition is used.
using onnx = await onnxBackend().compile(graph);
const expected = toNumbers('float16', (await onnx.run(feeds)).y.data);
show('on the CPU, decomposed', expected);

// Where TensorRT is, the library is loaded before the network is built, and again before its engine is loaded.
if (tensorrtRunsHere()) {
  const backend = tensorrt({ product: 'trt10', pluginLibraries: [rmsNormLibrary()] });
  using built = await backend.compile(graph, { profiles: [{ batch: [1, 2, 8], seq: [1, 3, 128] }] });
  using engine = await backend.load(built.serialize());
  const found = toNumbers('float16', (await engine.run(feeds))['y']!.data as Uint16Array);
  show('on the GPU, by the kernel', found);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  console.log(`they differ by at most ${worst.toExponential(1)}`);
  if (!(worst < 4e-3)) throw new Error('the kernel does not compute what its decomposition does');
}

function tensorrtRunsHere(): boolean {
  try {
    return loadTensorRT({ product: 'trt10' }).cuda().devices.length > 0;
  } catch (error) {
    if (!(error instanceof TensorRTError)) throw error;
    console.log('no TensorRT 10 with a GPU here: the kernel is not run');
    return false;
  }
}
