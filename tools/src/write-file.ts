import { randomUUID } from 'node:crypto';
import { accessSync, constants, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';

/**
 * Writes a file that appears under its name once it is complete.
 * @throws TrtDslError 'file'
 */
export function writeFileWhole(path: string, bytes: Uint8Array | string): void {
  const partial = `${path}.${randomUUID()}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(partial, bytes);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new TrtDslError('file', `${path}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Refuses, before long work, a path that no file could be written to afterwards; its folder is made.
 * @throws TrtDslError 'file'
 */
export function requirePlace(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new TrtDslError('file', `${path}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new TrtDslError('file', `${path}: cannot be written: it is a folder`);
}
