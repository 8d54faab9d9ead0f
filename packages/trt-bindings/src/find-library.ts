import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import type { Product } from './types.ts';

interface Files {
  /** What the loader knows the library as. */
  readonly library: string;
  /** Folders of `.cache/tensorrt/lib` begin with it. */
  readonly cached: RegExp;
  /** NVIDIA's Python package that brings the library. */
  readonly python: string;
  readonly setup: string;
}

/** What each product's library is called, and how to get it. */
export const libraryFiles: Readonly<Record<Product, Files>> = {
  trt10: {
    library: 'libnvinfer.so.10',
    cached: /^trt-10\./,
    python: 'tensorrt_libs',
    setup: 'npx trt-dsl setup --product tensorrt-10',
  },
  trt11: {
    library: 'libnvinfer.so.11',
    cached: /^trt-11\./,
    python: 'tensorrt_libs',
    setup: 'npx trt-dsl setup --product tensorrt-11',
  },
  rtx: {
    library: 'libtensorrt_rtx.so.1',
    cached: /^rtx-1\./,
    python: 'tensorrt_rtx_libs',
    setup: 'npx trt-dsl setup',
  },
};

/** Where to look, in order; `folders` lists the folders of a place. */
export interface Place {
  readonly place: string;
  readonly folders: readonly string[];
}

const under = (root: string): readonly string[] => [
  root,
  join(root, 'lib'),
  join(root, 'lib64'),
  join(root, 'targets', 'x86_64-linux-gnu', 'lib'),
  join(root, 'lib', 'x86_64-linux-gnu'),
];

/** Where `npx trt-dsl setup` puts libraries, a folder each. */
const fetchedLibraries = (): string => join(cacheFolder(), 'tensorrt', 'lib');

const entries = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 });
  } catch {
    return '';
  }
}

const printPackage = `
from importlib.util import find_spec
import sys
spec = find_spec(sys.argv[1])
print('\\n'.join(spec.submodule_search_locations) if spec else '')
`;

const looked: readonly ((product: Product) => Place)[] = [
  () => ({ place: 'TENSORRT_ROOT', folders: process.env['TENSORRT_ROOT'] ? under(process.env['TENSORRT_ROOT']) : [] }),
  () => ({ place: 'LD_LIBRARY_PATH', folders: (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter(Boolean) }),
  (product) => ({
    place: '.cache/tensorrt/lib',
    folders: entries(fetchedLibraries())
      .filter((name) => libraryFiles[product].cached.test(name))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .map((name) => join(fetchedLibraries(), name)),
  }),
  (product) => ({
    place: "the loader's cache (ldconfig -p)",
    folders: [...run('/sbin/ldconfig', ['-p']).matchAll(/=> (\S+)/g)]
      .map(([, path]) => path!)
      .filter((path) => path.endsWith(`/${libraryFiles[product].library}`))
      .map((path) => dirname(path)),
  }),
  (product) => ({
    place: `Python's ${libraryFiles[product].python}`,
    folders: run('python3', ['-c', printPackage, libraryFiles[product].python]).split('\n').filter(Boolean),
  }),
];

export interface Found {
  readonly path: string;
  readonly place: string;
}

/**
 * The library of `product`: in `root` alone where it is given; else TENSORRT_ROOT, LD_LIBRARY_PATH, what
 * `npx trt-dsl setup` fetched, the loader's cache, Python's packages.
 * @returns what was found, or every place that was looked at
 */
export function findLibrary(product: Product, root?: string): Found | { readonly looked: readonly Place[] } {
  const file = libraryFiles[product].library;
  const places: Place[] = [];
  const sources = root === undefined ? looked : [() => ({ place: 'root', folders: under(root) })];
  for (const source of sources) {
    const place = source(product);
    for (const folder of place.folders) {
      const path = join(folder, file);
      if (existsSync(path)) return { path, place: place.place };
    }
    places.push(place);
  }
  return { looked: places };
}
