import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder, findLibrary, libraryFiles } from '@trt-dsl/trt-bindings';
import { libraries } from '../setup/artifacts.ts';
import { hasLibraries, librariesFolder } from '../setup/libraries.ts';
import { type Product, products } from './products.ts';

/** A TensorRT on this machine: the one the binding will load. */
export interface InstalledTensorRT {
  readonly product: Product;
  readonly path: string;
  /** How it was found, in the binding's words (`TENSORRT_ROOT`, `Python's tensorrt_libs`, …), or `cache`. */
  readonly place: string;
  /** As the names of its files tell, e.g. `10.6.0`; undefined where they do not. */
  readonly version: string | undefined;
}

/** The TensorRT that the binding finds for a product; undefined where there is none, or half of one in the cache. */
export async function findTensorRT(product: Product): Promise<InstalledTensorRT | undefined> {
  const found = findLibrary(products[product].addon);
  if (!('path' in found)) return undefined;
  const { path, place } = found;
  if (!path.startsWith(join(cacheFolder(), 'tensorrt')))
    return { product, path, place, version: await versionOf(path, product) };
  const artifact = libraries.find((each) => librariesFolder(cacheFolder(), each) === dirname(path));
  const whole = artifact && (await hasLibraries(cacheFolder(), artifact));
  return whole ? { product, path, place: 'cache', version: artifact.version } : undefined;
}

/** `libnvinfer.so.10.6.0` says it itself; else a file beside it of the same major version does (`…builder_resource….so.10.6.0`). */
async function versionOf(path: string, product: Product): Promise<string | undefined> {
  const major = libraryFiles[products[product].addon].library.split('.so.')[1];
  const full = new RegExp(`\\.so\\.(${major}\\.\\d+\\.\\d+)`);
  const beside = (await readdir(dirname(path))).filter((name) => /^lib(nvinfer|tensorrt_rtx)/.test(name));
  return [await realpath(path), ...beside].map((name) => full.exec(name)?.[1]).find(Boolean);
}
