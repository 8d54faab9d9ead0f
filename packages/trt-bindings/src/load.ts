import { type Addon, addonPath, loadAddon, type NativeLibrary } from './addon.ts';
import { type EnumName, enums, type Severity } from './enums.ts';
import { TensorRTError } from './errors.ts';
import { findLibrary, libraryFiles, type Place } from './find-library.ts';
import type { Logger, Product, TensorRT } from './types.ts';

export interface LoadOptions {
  /** Default: the first whose addon and library are there, of trt10, trt11 and rtx. */
  readonly product?: Product | undefined;
  /** Folder of a TensorRT installation; it alone is looked at then. */
  readonly root?: string | undefined;
  /** Told what TensorRT logs; errors are thrown besides. The process has one: the last that was given. */
  readonly logger?: Logger | undefined;
  /** The least severe message that the logger is told, 'WARNING' by default. */
  readonly logLevel?: Severity | undefined;
}

const products: readonly Product[] = ['trt10', 'trt11', 'rtx'];

/**
 * Opens TensorRT. Nothing is loaded before this is called.
 * @throws TensorRTError 'backend' where addon or library are missing: what was looked for, where, and the command that
 *   gets it
 */
export function loadTensorRT(options: LoadOptions = {}): TensorRT {
  if (options.product !== undefined) return load(options.product, options);
  const failures: string[] = [];
  for (const product of products) {
    try {
      return load(product, options);
    } catch (error) {
      if (!(error instanceof TensorRTError)) throw error;
      failures.push(`${product}: ${error.message}`);
    }
  }
  throw new TensorRTError('backend', `no TensorRT can be used.\n${failures.join('\n')}`);
}

function load(product: Product, { root, logger, logLevel = 'WARNING' }: LoadOptions): TensorRT {
  if (!products.includes(product))
    throw new TensorRTError('argument', `no product '${String(product)}': it is one of ${products.join(', ')}`);
  const level = enums.Severity.indexOf(logLevel);
  if (level < 0)
    throw new TensorRTError('argument', `no severity '${logLevel}': it is one of ${enums.Severity.join(', ')}`);
  const addon = loadAddon(product);
  const found = findLibrary(product, root);
  if ('looked' in found) throw new TensorRTError('backend', missing(product, found.looked));
  if (logger) addon.setLogger(logger, level);
  return describe(product, addon, addon.load(found.path));
}

const describe = (product: Product, addon: Addon, library: NativeLibrary): TensorRT => ({
  product,
  version: library.version,
  versionNumber: library.versionNumber,
  libraryPath: library.libraryPath,
  createInferBuilder: () => library.createInferBuilder(),
  createInferRuntime: () => library.createInferRuntime(),
  getPluginRegistry: () => library.getPluginRegistry(),
  supports: (interfaceName, method) => library.supports(interfaceName, method),
  hasEnumValue: (enumeration, value) => addon.enums[enumeration as EnumName]?.includes(value) ?? false,
  cuda: () => addon.cuda(),
});

function missing(product: Product, places: readonly Place[]): string {
  const { library, setup } = libraryFiles[product];
  const list = places.map(
    ({ place, folders }) =>
      `  ${place}: ${folders.length > 0 ? folders.join(', ') : /^[A-Z_]+$/.test(place) ? 'not set' : 'has none'}`,
  );
  return `${library} was not found. Looked in:\n${list.join('\n')}\nFetch it with \`${setup}\`, or set TENSORRT_ROOT to the folder of an installation`;
}

/** Whether `loadTensorRT` would find the product's addon and library, without opening them. */
export function isInstalled(product: Product, root?: string): boolean {
  try {
    loadAddon(product);
  } catch {
    return false;
  }
  return 'path' in findLibrary(product, root);
}

export { addonPath };
