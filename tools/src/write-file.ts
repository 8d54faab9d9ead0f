import { randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
    if (existsSync(partial)) rmSync(partial);
    throw new TrtDslError('file', `${path}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Refuses, before long work, paths that no file could be written to afterwards; their folders are made.
 * @param paths undefined where nothing will be written
 * @throws TrtDslError 'file'
 */
export function requirePlace(...paths: readonly (string | undefined)[]): void {
  for (const path of paths) if (path !== undefined) requireOne(path);
}

function requireOne(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new TrtDslError('file', `${path}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new TrtDslError('file', `${path}: cannot be written: it is a folder`);
}
