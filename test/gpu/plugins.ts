// The plugins of @trt-dsl/plugins-cuda inside TensorRT: node plugins.js [kernels,layers,bert] [seconds]
// Each against its decomposition compiled by TensorRT, results and times; then BERT without and with them. Results are saved after each step,
// the most important first; no engine build begins after `seconds` (190 by default).

import { layersInTensorRT } from './plugins-bench.ts';
import { bertWithKernels } from './plugins-bert.ts';
import { kernelsInTensorRT } from './plugins-kernels.ts';

const [parts = 'kernels,layers,bert', seconds = '190'] = process.argv.slice(2);
const timeIsLeft = (): boolean => performance.now() < Number(seconds) * 1000;
let failed = 0;
if (parts.split(',').includes('kernels')) failed += await kernelsInTensorRT();
if (parts.split(',').includes('layers')) failed += await layersInTensorRT(timeIsLeft);
if (parts.split(',').includes('bert')) failed += await bertWithKernels(timeIsLeft);
process.stdout.write(`${failed === 0 ? 'PASS' : `FAIL: ${failed}`} after ${(performance.now() / 1000).toFixed(0)} s\n`);
process.exitCode = failed === 0 ? 0 : 1;
