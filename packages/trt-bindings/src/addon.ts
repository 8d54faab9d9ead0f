import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@trt-dsl/dsl';
import type { EnumName } from './enums.ts';
import { TensorRTError } from './errors.ts';
import type { Cuda, Logger, Product, RecordedError, TensorRT } from './types.ts';

/** What the addon of one product exports. */
export interface Addon {
  readonly product: Product;
  /** The values each enumeration has in the headers that the addon was compiled with. */
  readonly enums: Readonly<Partial<Record<EnumName, readonly string[]>>>;
  /** The classes of native objects, by nvinfer1's names. None can be made with `new`. */
  readonly classes: Readonly<Record<string, { readonly prototype: object }>>;
  load(path: string): NativeLibrary;
  cuda(): Cuda;
  setErrorFactory(
    factory: (code: TensorRTError['code'], message: string, errors: readonly RecordedError[]) => Error,
  ): void;
  setLogger(logger: Logger | null, level: number): void;
  /** Every method that is bound: interface → method → the first getInferLibVersion() that has it, 0 for all. */
  methods(): Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** How many calls went on to TensorRT or CUDA, in this process. */
  callsReachingNative(): number;
}

/** The part of `TensorRT` that is native. */
export type NativeLibrary = Pick<
  TensorRT,
  | 'version'
  | 'versionNumber'
  | 'libraryPath'
  | 'createInferBuilder'
  | 'createInferRuntime'
  | 'getPluginRegistry'
  | 'supports'
>;

const require = createRequire(import.meta.url);
const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Where `npm run build:native` puts the addon; TRT_DSL_ADDONS names another folder (a sanitized build). */
export const addonPath = (product: Product): string =>
  join(process.env['TRT_DSL_ADDONS'] ?? join(packageFolder, 'build'), product, 'trt.node');

const addons = new Map<Product, Addon>();

/**
 * The addon of a product. It needs no TensorRT and no driver to load.
 * @throws TensorRTError 'backend' where it was not compiled, with the command that does
 */
export function loadAddon(product: Product): Addon {
  const known = addons.get(product);
  if (known) return known;
  const path = addonPath(product);
  if (!existsSync(path))
    throw new TensorRTError(
      'backend',
      `the native addon for ${product} is not built: there is no ${path}. Run \`npx trt-dsl setup\`, which fetches TensorRT's headers and compiles it (or \`npm run build:native -w @trt-dsl/trt-bindings\` where the headers are there)`,
    );
  let addon: Addon;
  try {
    addon = require(path) as Addon;
  } catch (error) {
    throw new TensorRTError(
      'backend',
      `the native addon ${path} does not load: ${messageOf(error)}. Compile it on this machine: npx trt-dsl setup`,
      [],
      { cause: error },
    );
  }
  addon.setErrorFactory((code, message, errors) => new TensorRTError(code, message, errors));
  addons.set(product, addon);
  return addon;
}
