import type { Backend, Engine } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { type RunOptions, type TensorRTCompileOptions, tensorrt } from '@trt-dsl/trt-bindings';
import { type Product, products } from '../tensorrt/products.ts';

/** A backend by its name on the command line. */
export type BackendName = 'onnx' | Product;

export interface BackendPlace {
  /** a folder that has TensorRT's libraries */
  readonly root?: string | undefined;
  /** plugin libraries to load first */
  readonly plugins?: readonly string[] | undefined;
}

/**
 * The backend of that name.
 * @throws TensorRTError where its addon or library is missing, with the command that gets it
 */
export function openBackend(
  name: BackendName,
  { root, plugins = [] }: BackendPlace = {},
): Backend<TensorRTCompileOptions> {
  if (name === 'onnx') return onnxBackend();
  return tensorrt({ product: products[name].addon, ...(root && { root }), pluginLibraries: plugins });
}

/** An engine of a backend, which passes over options that only TensorRT has. */
export const loadEngine = (backend: Backend, bytes: Uint8Array, options: RunOptions): Promise<Engine> =>
  (backend.load as (bytes: Uint8Array, options: RunOptions) => Promise<Engine>)(bytes, options);
