import { execFile } from 'node:child_process';
import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../cache.ts';
import { pythonCandidates } from '../python.ts';
import { libraries } from '../setup/artifacts.ts';
import { hasLibraries, librariesFolder } from '../setup/libraries.ts';
import { type Product, products } from './products.ts';

/** A TensorRT that is installed on this machine. */
export interface FoundLibrary {
  readonly product: Product;
  readonly path: string;
  /** Who put it there: the first three are the user's own, and win. */
  readonly place: 'TENSORRT_ROOT' | 'loader path' | 'Python' | 'cache';
  /** As the file names tell, e.g. `10.6.0`; undefined where they do not. */
  readonly version: string | undefined;
}

const run = promisify(execFile);

/** The folders under TENSORRT_ROOT that NVIDIA's tar, deb and container installs keep libraries in. */
const rootFolders = ['', 'lib', 'lib64', 'targets/x86_64-linux-gnu/lib', 'lib/x86_64-linux-gnu'];

const places: readonly {
  readonly place: FoundLibrary['place'];
  readonly folders: (product: Product) => Promise<string[]>;
}[] = [
  { place: 'TENSORRT_ROOT', folders: async () => underRoot(process.env['TENSORRT_ROOT']) },
  { place: 'loader path', folders: loaderFolders },
  { place: 'Python', folders: pythonFolders },
  { place: 'cache', folders: cacheFolders },
];

/** Where a product's library is, looking at TENSORRT_ROOT, the loader's path, Python's packages and the cache, in this order. */
export async function findLibrary(product: Product): Promise<FoundLibrary | undefined> {
  for (const { place, folders } of places) {
    for (const folder of await folders(product)) {
      const path = join(folder, products[product].library);
      const real = await realpath(path).catch(() => undefined);
      if (real) return { product, path, place, version: await versionOf(real, product, place) };
    }
  }
  return undefined;
}

const underRoot = (root: string | undefined): string[] => (root ? rootFolders.map((folder) => join(root, folder)) : []);

async function loaderFolders(product: Product): Promise<string[]> {
  const named = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter(Boolean);
  const listed = await run('/sbin/ldconfig', ['-p']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const paths = [...listed.matchAll(/=> (\S+)/g)].map(([, path]) => path!);
  return [...named, ...paths.filter((path) => path.endsWith(`/${products[product].library}`)).map(dirname)];
}

const printFolder = `
import sys
from importlib.util import find_spec
spec = find_spec(sys.argv[1])
print('\\n'.join(spec.submodule_search_locations) if spec else '')
`;

async function pythonFolders(product: Product): Promise<string[]> {
  const ask = (python: string) =>
    run(python, ['-c', printFolder, products[product].python]).then(
      ({ stdout }) => stdout.split('\n').filter(Boolean),
      () => [],
    );
  return (await Promise.all(pythonCandidates().map(ask))).flat();
}

async function cacheFolders(product: Product): Promise<string[]> {
  const folders: string[] = [];
  for (const artifact of libraries.filter((each) => each.product === product)) {
    if (await hasLibraries(cacheFolder(), artifact)) folders.push(librariesFolder(cacheFolder(), artifact));
  }
  return folders;
}

/** `libnvinfer.so.10.6.0` says it itself; else a file beside it of the same major version does (`…builder_resource….so.10.6.0`). */
async function versionOf(path: string, product: Product, place: FoundLibrary['place']): Promise<string | undefined> {
  if (place === 'cache') {
    return libraries.find((each) => librariesFolder(cacheFolder(), each) === dirname(path))?.version;
  }
  const major = products[product].library.split('.so.')[1];
  const full = new RegExp(`\\.so\\.(${major}\\.\\d+\\.\\d+)`);
  const beside = await readdir(dirname(path)).catch(() => []);
  return [path, ...beside.filter((name) => /^lib(nvinfer|tensorrt_rtx)/.test(name))]
    .map((name) => full.exec(name)?.[1])
    .find(Boolean);
}
