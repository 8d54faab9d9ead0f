import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cuda, type Product, tensorrt } from '@trt-dsl/trt-bindings';

export { timingCache } from '../support/timing-cache.ts';

/** Which TensorRT is tested: TRT_PRODUCT, TensorRT 10 by default. */
export const product = (process.env['TRT_PRODUCT'] ?? 'trt10') as Product;

/** TensorRT on this machine's GPU; TENSORRT_ROOT says where it lies. */
export const backend = tensorrt({ product });

/** The driver, or undefined on a machine without a GPU. */
export function driver(): Cuda | undefined {
  try {
    return backend.tensorrt.cuda();
  } catch {
    return undefined;
  }
}

/** What the GPU and the library are, for result files. */
export function device(): Readonly<Record<string, unknown>> {
  const cuda = driver();
  if (!cuda) return { tensorrt: backend.tensorrt.version };
  const [gpu] = cuda.devices;
  return {
    gpu: gpu?.name,
    computeCapability: gpu?.computeCapability,
    driver: cuda.driverVersion,
    tensorrt: backend.tensorrt.version,
  };
}

/** A folder for results: $OUT, or `results` here. */
const folder = process.env['OUT'] ?? 'results';

/** Writes a result file and prints it, or a summary of it. */
export function save(name: string, figures: unknown, summary = JSON.stringify(figures)): void {
  mkdirSync(folder, { recursive: true });
  const command = `node ${process.argv
    .slice(1)
    .map((part) => part.split('/').at(-1))
    .join(' ')}`;
  const result = { benchmark: name, command, commit: process.env['COMMIT'] ?? 'unknown', device: device(), figures };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, undefined, 1)}\n`);
  process.stdout.write(`${name}: ${summary}\n`);
}

/** Times one call, in milliseconds. */
export async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, performance.now() - start];
}

/** The value below which a share of the sorted values lies. */
export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;

/** Writes a file of text beside the results. */
export function saveText(name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
}
