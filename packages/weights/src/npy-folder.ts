import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { messageOf } from '@trt-dsl/dsl';
import { fileError } from './file-bytes.ts';
import { npyEntry } from './npy.ts';
import { type TensorEntry, TensorFile, type WeightsFile } from './weights-file.ts';

const suffix = '.npy';

/** One .npy file: its only key is its name without the suffix. */
export function readNpy(path: string): WeightsFile {
  const key = basename(path, suffix);
  return new TensorFile({ format: 'npy', path, entries: new Map([[key, npyEntry(path, key)]]) });
}

/** The .npy files of a folder and of the folders in it, and links to such. */
export function npyFilesIn(folder: string): string[] {
  let found: Dirent[];
  try {
    found = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw fileError(folder, undefined, `cannot be listed: ${messageOf(error)}`, error);
  }
  return found
    .filter((file) => (file.isFile() || file.isSymbolicLink()) && file.name.endsWith(suffix))
    .map((file) => join(file.parentPath ?? file.path, file.name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true);
}

/**
 * Opens a folder of .npy files, such as a dump of a dictionary of weights. A key is a file's path within the folder
 * without `.npy`, with `/` between folders.
 * @throws TrtDslError 'file' for the first file that is no array of numbers
 */
export function readNpyFolder(folder: string): WeightsFile {
  const entries = new Map<string, TensorEntry>();
  for (const path of npyFilesIn(folder)) {
    const key = relative(folder, path).slice(0, -suffix.length).split(sep).join('/');
    entries.set(key, npyEntry(path, key));
  }
  return new TensorFile({ format: 'npy', path: folder, entries });
}
