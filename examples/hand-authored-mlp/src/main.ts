// A two-layer network, written by hand, layer by layer. Run it with: npm run mlp
import { dim, Network, print, Weights } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';

// 1. Weights: a type, a shape and values. Real ones come from a checkpoint, see @trt-dsl/weights.
const wave = (count: number, step: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * step));
const kernel1 = Weights.of('float32', [8, 16], wave(8 * 16, 0.7), 'kernel');
const bias1 = Weights.of('float32', [16], wave(16, 0.3), 'bias');
const kernel2 = Weights.of('float32', [16, 3], wave(16 * 3, 1.1), 'kernel');
const bias2 = Weights.of('float32', [3], wave(3, 0.5), 'bias');

// 2. The network. Types and ranks are checked by the compiler, sizes when each line runs; `batch` stays open.
const net = new Network('mlp');
const x = net.addInput('x', 'float32', [dim('batch'), 8]);
const classifier = net.scope('classifier');
const hidden = classifier.addGELU(classifier.addLinear(x, kernel1, bias1, { name: 'fc1' }));
const logits = classifier.addLinear(hidden, kernel2, bias2, { name: 'fc2' });
const probs = classifier.addSoftmax(logits, { axis: -1 });

// 3. The graph, as a listing a person can read.
const graph = net.graph({ inputs: { x }, outputs: { probs } });
console.log(print(graph));

// 4. Compile it for the CPU and run it on two rows. The same graph compiles to TensorRT: see @trt-dsl/trt-bindings.
using engine = await onnxBackend().compile(graph);
const result = await engine.run({ x: wave(2 * 8, 0.9) });
const [rows, classes] = result.probs.shape as [number, number];
for (let row = 0; row < rows; row++) {
  const values = result.probs.data.subarray(row * classes, (row + 1) * classes);
  console.log(`row ${row}:`, ...Array.from(values, (value) => value.toFixed(4)));
}
