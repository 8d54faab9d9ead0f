// Builds the addon for each product whose headers are there: `npm run build:native [-- trt10 trt11 rtx] [--debug] [--sanitize]`.
// Headers come from .cache/tensorrt/headers (`npx trt-dsl setup`), or from TENSORRT_ROOT/include for that product.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..');
const cacheFolder = join(packageFolder, '..', '..', '.cache', 'tensorrt');

/** Product → the folder of its headers in .cache/tensorrt/headers, and the value of NV_TENSORRT_MAJOR in them. */
export const products = {
  trt10: { headers: 'TRT-Enterprise-10.16', major: 10 },
  trt11: { headers: 'TRT-Enterprise-11.4', major: 11 },
  rtx: { headers: 'TRT-RTX-1.7', major: 1 },
};

/** Where the addon of `product` is, built or not. */
export const addonPath = (product) => join(packageFolder, 'build', product, 'trt.node');

/** The headers of `product`: { folder, cuda } or undefined. `cuda` has those that setup fetched, `root` is a TensorRT installation. */
export function findHeaders(product, { root = process.env.TENSORRT_ROOT, cuda = join(cacheFolder, 'headers') } = {}) {
  const folders = [join(cuda, products[product].headers), ...(root ? [join(root, 'include')] : [])];
  for (const folder of folders) {
    const version = join(folder, 'NvInferVersion.h');
    if (!existsSync(join(folder, 'NvInfer.h')) || !existsSync(version)) continue;
    const text = readFileSync(version, 'utf8');
    const major = /#define (?:TRT_MAJOR_\w+|NV_TENSORRT_MAJOR) (\d+)/.exec(text)?.[1];
    if (Number(major) === products[product].major) return { folder, cuda };
  }
  return undefined;
}

/**
 * Builds one addon. `headers` is the folder that setup put headers in, `log` receives the compiler's output.
 * @returns the path of the addon
 */
export async function buildAddon(
  product,
  { debug = false, sanitize = false, jobs = 2, headers: fetched, log = () => {} } = {},
) {
  const headers = findHeaders(product, { cuda: fetched });
  if (headers === undefined)
    throw new Error(
      `no headers for ${product}: run \`npx trt-dsl setup\`, or set TENSORRT_ROOT to an installation of it`,
    );
  let cuda = headers.cuda;
  if (!existsSync(join(cuda, 'cuda_runtime_api.h'))) {
    // All that NvInfer.h takes from the CUDA toolkit are two opaque pointers.
    cuda = join(packageFolder, 'build', 'cuda');
    mkdirSync(cuda, { recursive: true });
    const text = '#pragma once\ntypedef struct CUevent_st* cudaEvent_t;\ntypedef struct CUstream_st* cudaStream_t;\n';
    writeFileSync(join(cuda, 'cuda_runtime_api.h'), text);
  }
  const name = sanitize ? join('sanitized', product) : product;
  const folder = join(packageFolder, 'build', 'cmake', name);
  const define = (key, value) => `--CD${key}=${value}`;
  const cmakeJs = require.resolve('cmake-js/bin/cmake-js');
  const nodeAddonApi = dirname(require.resolve('node-addon-api/package.json'));
  const args = ['--directory', join(packageFolder, 'native'), '--out', folder, '--parallel', String(jobs)];
  args.push(define('TRT_PRODUCT', product), define('TRT_HEADERS', headers.folder), define('CUDA_STUB_HEADERS', cuda));
  args.push(define('NODE_ADDON_API_DIR', nodeAddonApi), define('TRT_SANITIZE', sanitize ? 'ON' : 'OFF'));
  if (debug) args.push('--debug');
  // Not cmake-js compile: on an error it deletes everything and compiles a second time.
  for (const step of ['configure', 'build']) await run(process.execPath, [cmakeJs, step, ...args], packageFolder, log);
  const built = join(folder, debug ? 'Debug' : 'Release', 'trt.node');
  const target = join(packageFolder, 'build', name, 'trt.node');
  mkdirSync(dirname(target), { recursive: true });
  const draft = `${target}.${process.pid}`;
  writeFileSync(draft, readFileSync(built));
  renameSync(draft, target); // a process that has the old one open keeps it
  return target;
}

function run(command, args, cwd, log) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    const collect = (data) => {
      tail = (tail + data).slice(-20_000);
      log(String(data));
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`the compiler failed (${code}):\n${tail}`)),
    );
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flags = process.argv.slice(2).filter((a) => a.startsWith('--'));
  const asked = process.argv.slice(2).filter((a) => !a.startsWith('--'));
  const names = asked.length > 0 ? asked : Object.keys(products).filter((p) => findHeaders(p) !== undefined);
  if (names.length === 0) {
    console.error('no TensorRT headers found: run `npx trt-dsl setup`, or set TENSORRT_ROOT to an installation');
    process.exit(1);
  }
  for (const name of names) {
    if (!Object.hasOwn(products, name)) throw new Error(`no product ${name}: it is one of ${Object.keys(products)}`);
    const start = Date.now();
    const log = flags.includes('--verbose') ? (text) => process.stdout.write(text) : undefined;
    const path = await buildAddon(name, {
      debug: flags.includes('--debug'),
      sanitize: flags.includes('--sanitize'),
      log,
    });
    console.log(`${name}: ${path} (${((Date.now() - start) / 1000).toFixed(0)} s)`);
  }
}
