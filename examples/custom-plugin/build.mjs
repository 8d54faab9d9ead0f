// Compiles native/ into build/librms_norm.so: node examples/custom-plugin/build.mjs
// With the nvcc of this machine, or NVIDIA's compiler from PyPI where there is none; no GPU is needed.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findCompiler, findHeaders } from '@trt-dsl/plugins-cuda/build';

const folder = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

try {
  console.log(build(join(folder, 'build/librms_norm.so')));
} catch (error) {
  console.error(`custom-plugin: ${error.message.trim().replace(/\s*\n\s*/g, ': ')}`);
  process.exitCode = 1;
}

function build(output) {
  const { nvcc, library } = findCompiler();
  const headers = findHeaders();
  if (!headers) throw new Error('NvInfer.h was not found: run "npx trt-dsl setup", or set TENSORRT_ROOT');
  mkdirSync(dirname(output), { recursive: true });
  // Machine code for 8.x and 9.0; the PTX of 9.0 for what comes after.
  const architectures = ['arch=compute_80,code=sm_80', 'arch=compute_90,code=[sm_90,compute_90]'];
  const { status, error } = spawnSync(
    nvcc,
    [
      ...['-std=c++17', '-O3', '--shared', '-Xcompiler', '-fPIC,-fvisibility=hidden', '-cudart', 'static'],
      ...architectures.flatMap((architecture) => ['-gencode', architecture]),
      ...(library ? [`-L${library}`] : []),
      ...['-isystem', headers, '-o', output],
      ...['rms_norm.cu', 'plugin.cc'].map((file) => join(folder, 'native', file)),
    ],
    { stdio: 'inherit' },
  );
  if (error) throw new Error(`${nvcc} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${nvcc} ended with status ${status}; what is wrong stands above`);
  return output;
}
