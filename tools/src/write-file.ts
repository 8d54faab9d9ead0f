import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';

/**
 * Writes a file that appears under its name once it is complete.
 * @throws TrtDslError 'file'
 */
export function writeFileWhole(path: string, bytes: Uint8Array | string): void {
  const partial = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(partial, bytes);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new TrtDslError('file', `${path}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
}
