import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '@trt-dsl/dsl';
import { cacheFolder, checkoutRoot, loadAddon, loadTensorRT } from '@trt-dsl/trt-bindings';
import { requireFrom } from '../package-folder.ts';
import { findPython } from '../python.ts';
import { findAddons } from '../setup/addons.ts';
import { headers } from '../setup/artifacts.ts';
import { hasHeaders, headersFolder } from '../setup/headers.ts';
import { findTensorRT } from '../tensorrt/find.ts';
import { type Product, products } from '../tensorrt/products.ts';
import type { Check, CheckName } from './check.ts';
import { driver, gpu, lookForGpus } from './gpu.ts';

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
  const check = {
    name: 'addons',
    ok: found.every(({ state }) => state !== 'missing'),
    found: found.map(({ product, state }) => `${product} ${words[state]}`).join(', '),
    details: { addons: found },
  } as const;
  const upToDate = found.every(({ state }) => state === 'built');
  return upToDate ? check : { ...check, neededFor: 'TensorRT', repair: 'npx trt-dsl setup' };
}

const words = { built: 'built', stale: 'older than its sources', missing: 'not built' } as const;

const purposes: Readonly<Record<Product, string>> = {
  'tensorrt-rtx': 'building TensorRT-RTX engines (no GPU needed) and running them on RTX GPUs',
  'tensorrt-10': 'building and running TensorRT 10 engines on an NVIDIA GPU',
  'tensorrt-11': 'building and running TensorRT 11 engines on an NVIDIA GPU',
};

const library = (product: Product) => async (): Promise<Check> => {
  const found = await findTensorRT(product);
  const root = process.env['TENSORRT_ROOT'];
  const elsewhere = root && found?.place !== 'TENSORRT_ROOT' ? `; TENSORRT_ROOT, ${root}, has none` : '';
  const lack = { name: product, ok: false, neededFor: purposes[product] };
  const setup = `npx trt-dsl setup --product ${product}`;
  if (!found)
    return { ...lack, found: `not found (TENSORRT_ROOT, loader path, Python, cache)${elsewhere}`, repair: setup };
  const opened = open(product);
  if (opened.problem !== undefined) {
    const repair =
      found.place === 'cache' ? setup : `mend or take away what ${found.place} names; ${setup} fetches another`;
    return { ...lack, found: `${opened.problem} (${found.place}: ${found.path})`, repair, details: { ...found } };
  }
  const version = opened.version ?? found.version;
  const text = `${version ?? 'version not told by its files'} (${found.place}: ${found.path})${elsewhere}`;
  return { name: product, ok: true, found: text, details: { ...found, version } };
};

/** The version that the library itself says, or why it cannot be opened; neither where its addon is not built. */
function open(product: Product): { readonly version?: string; readonly problem?: string } {
  const { addon } = products[product];
  try {
    loadAddon(addon);
  } catch {
    return {};
  }
  try {
    return { version: loadTensorRT({ product: addon }).version };
  } catch (error) {
    return { problem: messageOf(error).split('\n')[0]! };
  }
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
    return {
      name: 'pytorch',
      ok: false,
      found: messageOf(error).split('; run ')[0]!.split('\n')[0]!,
      neededFor,
      repair,
    };
  }
}

/** Looks for everything at once; the answers in the order of the report. */
export async function lookForAll(): Promise<readonly Check[]> {
  const cuda = lookForGpus();
  const checks: Readonly<Record<CheckName, () => Promise<Check>>> = {
    node,
    cpu,
    headers: tensorrtHeaders,
    addons,
    'tensorrt-rtx': library('tensorrt-rtx'),
    'tensorrt-10': library('tensorrt-10'),
    'tensorrt-11': library('tensorrt-11'),
    driver: async () => driver(await cuda),
    gpu: async () => gpu(await cuda),
    pytorch,
  };
  return Promise.all(Object.values(checks).map((check) => check()));
}
