import { join } from 'node:path';
import { TrtDslError, type Weights } from '@trt-dsl/dsl';
import { writeFiles, writeFolder } from './atomic.ts';
import { npyHeader, npyTypes } from './npy.ts';
import { listed, type NamedWeights, spelling, type WriteOptions, withProgress } from './write.ts';
import { ZipWriter } from './zip-write.ts';

const spelt = spelling(npyTypes, '.npy');
const headerOf = (key: string, weights: Weights): Uint8Array =>
  npyHeader(spelt(weights.dataType, key), weights.shape as readonly number[]);

/** Keys become paths: none may lead out of the folder. */
function checkPath(key: string): void {
  const safe = key.split('/').every((name) => name !== '' && name !== '.' && name !== '..') && !/[\\\0:]/.test(key);
  if (!safe) throw new TrtDslError('name', `"${key}" cannot be a file's path`);
}

/**
 * Writes a folder of .npy files, `/` in keys making folders; it appears under its name once it is complete.
 * @throws TrtDslError 'unsupported' for bfloat16 and float8, which numpy lacks; 'name' for a key that is no path; 'file' if
 * the folder exists and is not empty
 */
export function writeNpyFolder(folder: string, tensors: NamedWeights, options: WriteOptions = {}): void {
  const list = listed(tensors, folder).map(([key, weights]) => {
    checkPath(key);
    return [key, weights, headerOf(key, weights)] as const;
  });
  writeFolder(folder, (partial) => {
    for (const [key, weights, header] of withProgress(list, options))
      writeFiles([join(partial, `${key}.npy`)], (file) => {
        file!.write(header);
        file!.write(weights.bytes());
      });
  });
}

/**
 * Writes an .npz archive as np.savez does (not compressed); it appears under its name once it is complete.
 * @throws TrtDslError 'unsupported' for bfloat16 and float8, which numpy lacks
 */
export function writeNpz(path: string, tensors: NamedWeights, options: WriteOptions = {}): void {
  const list = listed(tensors, path).map(([key, weights]) => [key, weights, headerOf(key, weights)] as const);
  writeFiles([path], (file) => {
    const zip = new ZipWriter(file!);
    for (const [key, weights, header] of withProgress(list, options)) zip.add(`${key}.npy`, [header, weights.bytes()]);
    zip.finish();
  });
}
