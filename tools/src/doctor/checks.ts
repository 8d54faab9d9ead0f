import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '@trt-dsl/dsl';
import { cacheFolder, checkoutRoot } from '../cache.ts';
import { requireFrom } from '../package-folder.ts';
import { findPython } from '../python.ts';
import { findAddons } from '../setup/addons.ts';
import { headers } from '../setup/artifacts.ts';
import { hasHeaders, headersFolder } from '../setup/headers.ts';
import { findLibrary } from '../tensorrt/find.ts';
import type { Product } from '../tensorrt/products.ts';
import type { Check, CheckName } from './check.ts';

const run = promisify(execFile);

/** The oldest Node.js that the packages' `engines` name. */
const oldestNode = [20, 17] as const;

async function node(): Promise<Check> {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  const ok = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const found = `${process.versions.node} on ${process.platform}-${process.arch}`;
  if (ok) return { name: 'node', ok, found };
  return {
    name: 'node',
    ok,
    found: `${found}, expected ${oldestNode.join('.')} or newer`,
    neededFor: 'everything',
    repair: 'install a newer Node.js (https://nodejs.org)',
  };
}

async function cpu(): Promise<Check> {
  try {
    const { env } = requireFrom('@trt-dsl/onnx-backend')('onnxruntime-node');
    return { name: 'cpu', ok: true, found: `ONNX Runtime ${env.versions.node}`, details: { versions: env.versions } };
  } catch (error) {
    const found = `ONNX Runtime does not load: ${messageOf(error).split('\n')[0]}`;
    return { name: 'cpu', ok: false, found, neededFor: 'running graphs without a GPU', repair: 'npm ci' };
  }
}

async function tensorrtHeaders(): Promise<Check> {
  const missing: string[] = [];
  for (const artifact of headers) if (!(await hasHeaders(cacheFolder(), artifact))) missing.push(artifact.folder);
  const details = { folder: headersFolder(cacheFolder()), missing };
  if (missing.length === 0) {
    return { name: 'headers', ok: true, found: headers.map(({ folder }) => folder).join(', '), details };
  }
  return {
    name: 'headers',
    ok: false,
    found: `not found: ${missing.join(', ')}`,
    neededFor: 'building the addons',
    repair: 'npx trt-dsl setup',
    details,
  };
}

async function addons(): Promise<Check> {
  const found = await findAddons(cacheFolder());
  const text = found.map(({ product, state }) => `${product} ${state}`).join(', ');
  const details = { addons: found };
  if (found.every(({ state }) => state === 'built')) return { name: 'addons', ok: true, found: text, details };
  return { name: 'addons', ok: false, found: text, neededFor: 'TensorRT', repair: 'npx trt-dsl setup', details };
}

const purposes: Readonly<Record<Product, string>> = {
  'tensorrt-rtx': 'building TensorRT-RTX engines (no GPU needed) and running them on RTX GPUs',
  'tensorrt-10': 'building and running TensorRT 10 engines on an NVIDIA GPU',
  'tensorrt-11': 'building and running TensorRT 11 engines on an NVIDIA GPU',
};

const library = (product: Product) => async (): Promise<Check> => {
  const found = await findLibrary(product);
  if (found) {
    const text = `${found.version ?? 'version not told by its files'} (${found.place}: ${found.path})`;
    return { name: product, ok: true, found: text, details: { ...found } };
  }
  return {
    name: product,
    ok: false,
    found: 'not found (TENSORRT_ROOT, loader path, Python, cache)',
    neededFor: purposes[product],
    repair: `npx trt-dsl setup --product ${product}`,
  };
};

interface Gpu {
  readonly name: string;
  readonly computeCapability: string;
  readonly memory: string;
  readonly driver: string;
}

async function askNvidiaSmi(): Promise<readonly Gpu[]> {
  const query = ['--query-gpu=name,compute_cap,memory.total,driver_version', '--format=csv,noheader'];
  const { stdout } = await run('nvidia-smi', query).catch(() => ({ stdout: '' }));
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', computeCapability = '', memory = '', driver = ''] = line.split(', ');
      return { name, computeCapability, memory, driver };
    });
}

async function driver(gpus: readonly Gpu[]): Promise<Check> {
  const version = gpus[0]?.driver;
  if (version) return { name: 'driver', ok: true, found: `NVIDIA driver ${version}`, details: { version } };
  return {
    name: 'driver',
    ok: false,
    found: 'no NVIDIA driver answers (nvidia-smi)',
    neededFor: 'running engines',
    repair: 'install the NVIDIA driver 550 or newer (apt-get install nvidia-driver), on a machine with an NVIDIA GPU',
  };
}

async function gpu(gpus: readonly Gpu[]): Promise<Check> {
  const found = gpus.map((each) => `${each.name} (compute capability ${each.computeCapability}, ${each.memory})`);
  if (gpus.length > 0) return { name: 'gpu', ok: true, found: found.join('; '), details: { gpus } };
  return {
    name: 'gpu',
    ok: false,
    found: 'none',
    neededFor: 'running engines; building them needs none with TensorRT-RTX',
  };
}

const askVersions = `
import importlib, json
names = ['torch', 'numpy', 'transformers', 'onnx', 'safetensors']
print(json.dumps({name: importlib.import_module(name).__version__ for name in names}))
`;

async function pytorch(): Promise<Check> {
  const neededFor = 'the tests that compare with PyTorch';
  const repair = checkoutRoot() ? 'npx trt-dsl setup --pytorch' : 'set PYTHON to the path of a Python that has PyTorch';
  try {
    const python = await findPython(['torch', 'numpy', 'transformers', 'onnx', 'safetensors']);
    const { stdout } = await run(python, ['-W', 'ignore', '-c', askVersions]);
    const versions: Record<string, string> = JSON.parse(stdout);
    const found = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    return { name: 'pytorch', ok: true, found: `${found.join(', ')} (${python})`, details: { python, versions } };
  } catch (error) {
    return { name: 'pytorch', ok: false, found: messageOf(error).split(';')[0]!.split('\n')[0]!, neededFor, repair };
  }
}

/** Looks for everything at once; the answers in the order of the report. */
export async function lookForAll(): Promise<readonly Check[]> {
  const gpus = askNvidiaSmi();
  const checks: Readonly<Record<CheckName, () => Promise<Check>>> = {
    node,
    cpu,
    headers: tensorrtHeaders,
    addons,
    'tensorrt-rtx': library('tensorrt-rtx'),
    'tensorrt-10': library('tensorrt-10'),
    'tensorrt-11': library('tensorrt-11'),
    driver: async () => driver(await gpus),
    gpu: async () => gpu(await gpus),
    pytorch,
  };
  return Promise.all(Object.values(checks).map((check) => check()));
}
