// Ranges of BERT with random weights, for test/gpu/quantize.ts: npm run bench -- quantize-ranges base
import { writeFileSync } from 'node:fs';
import { bert, bertBase, bertLarge, randomParameters } from '@trt-dsl/bert-model';
import { cacheHeaders, calibrate, type HostTensor, smooth, writeCalibrationCache } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';

const configs = { base: bertBase, large: bertLarge } as const;
const model = (process.argv[3] ?? 'base') as keyof typeof configs;
const [batch, seq] = [2, 128];
const ids = (value: (i: number) => number): HostTensor => ({
  dataType: 'int32',
  shape: [batch, seq],
  data: Int32Array.from({ length: batch * seq }, (_, i) => value(i)),
});
const feeds = {
  input_ids: ids((i) => 1000 + ((i * 7919) % 20000)),
  token_type_ids: ids((i) => (i % seq < seq / 3 ? 0 : 1)),
  attention_mask: ids(() => 1),
};
const graph = bert(randomParameters('float32'), configs[model], { task: 'question-answering' });
const ranges = new Map(await calibrate(graph, onnxBackend(), [feeds], { method: 'mse' }));
// The same after smoothing, whose tensors have names of their own.
const smoothed = await calibrate(smooth(graph, { ranges }), onnxBackend(), [feeds], { method: 'mse' });
for (const [name, amax] of smoothed) if (name.endsWith('/smooth')) ranges.set(name, amax);
const file = `test/gpu/quantize-ranges-${model}.txt`;
writeFileSync(file, writeCalibrationCache({ header: cacheHeaders.mse, ranges }));
process.stdout.write(`${ranges.size} ranges in ${file}\n`);
