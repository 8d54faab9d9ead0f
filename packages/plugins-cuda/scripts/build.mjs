// Builds libtrt_dsl_plugins.so with CMake: nvcc from the machine if there is one, else the compiler NVIDIA publishes on PyPI.
//
//   node packages/plugins-cuda/scripts/build.mjs [--architectures 80,90] [--headers DIR] [--build DIR] [--jobs N] [--verbose]
//
// Needs cmake, a C++17 compiler and, without a CUDA toolkit, python3 with pip. No GPU.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const folder = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const root = resolve(folder, '../..');
const cudaCache = join(root, '.cache/cuda');

const usage = `Builds libtrt_dsl_plugins.so; prints its path. Needs cmake, a C++17 compiler and nvcc, or python3 with pip to fetch one. No GPU.

  node packages/plugins-cuda/scripts/build.mjs [options]

  --architectures LIST  compute capabilities with commas: 80-real,90 (real: machine code only; virtual: PTX only)
  --headers DIR         TensorRT's headers; by default those that \`npx trt-dsl setup\` fetched
  --build DIR           where to build
  --jobs N              compilations at once, 1 by default
  --verbose             show what cmake says`;

/** What a library is built for unless told otherwise: 80 also runs on 86 and 89, the PTX of 90 on 100 and later. */
export const defaultArchitectures = ['80-real', '90', '120-real'];

/** The CUDA compiler on PyPI, in pieces; all of one CUDA release. */
const pypiCompiler = [
  'nvidia-cuda-nvcc==13.0.88',
  'nvidia-cuda-crt==13.0.88',
  'nvidia-cuda-cccl==13.0.85',
  'nvidia-nvvm==13.0.88',
  'nvidia-cuda-runtime==13.0.96',
];

/** What it printed, or an error of one line after that. */
function run(command, args, { quiet = true } = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: quiet ? 'pipe' : ['ignore', 'inherit', 'inherit'],
  });
  if (result.error) throw new Error(`cannot run ${command}: ${result.error.message}`);
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    throw new Error(`${command} ${args.join(' ')} ended with ${result.signal ?? `status ${result.status}`}`);
  }
  return result.stdout ?? '';
}

/** The nvcc to use: $CUDACXX, $CUDA_HOME, the path, /usr/local/cuda, then `.cache/cuda`, filled from PyPI if need be. */
export function findCompiler() {
  const { CUDACXX, CUDA_HOME, CUDA_PATH, PATH = '' } = process.env;
  const installed = [
    CUDACXX,
    ...[CUDA_HOME, CUDA_PATH].map((home) => home && join(home, 'bin/nvcc')),
    ...PATH.split(':').map((entry) => join(entry, 'nvcc')),
    '/usr/local/cuda/bin/nvcc',
  ].find((path) => path && existsSync(path));
  if (installed) return { nvcc: installed, library: undefined };

  const toolkit = join(cudaCache, 'py/nvidia/cu13');
  if (!existsSync(join(toolkit, 'bin/nvcc'))) {
    // Moved into place when it is whole, so that two processes at once do not mix.
    mkdirSync(cudaCache, { recursive: true });
    const part = mkdtempSync(join(cudaCache, 'py-'));
    run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', part, ...pypiCompiler]);
    try {
      renameSync(part, join(cudaCache, 'py'));
    } catch (error) {
      rmSync(part, { recursive: true, force: true });
      if (!existsSync(join(toolkit, 'bin/nvcc'))) throw error;
    }
  }
  return { nvcc: join(toolkit, 'bin/nvcc'), library: join(toolkit, 'lib') };
}

/** The folder of NvInfer.h: the one given, $TENSORRT_ROOT/include, or the headers that setup fetched. */
export function findHeaders(given) {
  const candidates = [
    given,
    process.env.TENSORRT_ROOT && join(process.env.TENSORRT_ROOT, 'include'),
    join(root, '.cache/tensorrt/headers/TRT-Enterprise-10.16'),
    '/usr/include/x86_64-linux-gnu',
    '/usr/include',
  ];
  return candidates.find((path) => path && existsSync(join(path, 'NvInfer.h')));
}

/**
 * Configures and builds; returns the library's path. Without TensorRT's headers the library holds the kernels only.
 * @param {{ architectures?: readonly (string | number)[], headers?: string, build?: string, jobs?: number,
 *   verbose?: boolean }} [options] build: the folder of CMake's build and of the library
 */
export function buildPlugins({
  architectures = defaultArchitectures,
  headers,
  build = join(folder, 'build'),
  jobs = 1,
  verbose = false,
} = {}) {
  const { nvcc, library } = findCompiler();
  const include = findHeaders(headers);
  if (!include) console.warn('plugins-cuda: no NvInfer.h found; building the kernels without the plugin classes');
  run(
    'cmake',
    [
      ...['-S', folder, '-B', build, '-DCMAKE_BUILD_TYPE=Release', `-DCMAKE_CUDA_COMPILER=${nvcc}`],
      `-DCMAKE_CUDA_ARCHITECTURES=${architectures.join(';')}`,
      `-DTENSORRT_INCLUDE_DIR=${include ?? ''}`,
      ...(library ? [`-DCMAKE_CUDA_FLAGS=-L${library}`] : []),
      ...(verbose ? ['-DCMAKE_VERBOSE_MAKEFILE=ON'] : []),
    ],
    { quiet: !verbose },
  );
  run('cmake', ['--build', build, '-j', String(jobs)], { quiet: !verbose });
  return join(build, 'libtrt_dsl_plugins.so');
}

function main() {
  const { values } = parseArgs({
    options: {
      architectures: { type: 'string' },
      headers: { type: 'string' },
      build: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  for (const each of values.architectures?.split(',') ?? [])
    if (!/^(native|all|all-major|\d+[af]?(-real|-virtual)?)$/.test(each))
      throw new Error(`--architectures: "${each}" is none such as 80, 80-real or 90-virtual`);
  if (!/^[1-9]\d*$/.test(values.jobs)) throw new Error(`--jobs ${values.jobs} is no whole number from 1`);
  const { architectures, headers, build, jobs, verbose } = values;
  console.log(
    buildPlugins({
      ...(architectures && { architectures: architectures.split(',') }),
      headers,
      ...(build && { build: resolve(build) }),
      jobs: Number(jobs),
      verbose,
    }),
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    main();
  } catch (error) {
    console.error(`plugins-cuda: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
