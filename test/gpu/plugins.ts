// The plugins of @trt-dsl/plugins-cuda inside TensorRT: node plugins.js [kernels,bert,layers] [seconds]
// Each against its decomposition compiled by TensorRT, results and times; then BERT without and with them. The parts run in the
// order in which they are named, results are saved after each step; no engine build begins after `seconds` (190 by default).

import { layersInTensorRT } from './plugins-bench.ts';
import { bertWithKernels } from './plugins-bert.ts';
import { kernelsInTensorRT } from './plugins-kernels.ts';

const [parts = 'kernels,bert,layers', seconds = '190'] = process.argv.slice(2);
const timeIsLeft = (): boolean => performance.now() < Number(seconds) * 1000;
let failed = 0;
const run: Readonly<Record<string, () => Promise<number>>> = {
  kernels: () => kernelsInTensorRT(),
  layers: () => layersInTensorRT(timeIsLeft),
  bert: () => bertWithKernels(timeIsLeft),
};
for (const part of parts.split(',')) {
  const one = run[part];
  if (!one) throw new Error(`there is no part "${part}"; there are ${Object.keys(run).join(', ')}`);
  failed += await one();
}
process.stdout.write(`${failed === 0 ? 'PASS' : `FAIL: ${failed}`} after ${(performance.now() / 1000).toFixed(0)} s\n`);
process.exitCode = failed === 0 ? 0 : 1;
