import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '@trt-dsl/dsl';
import { fileError } from './file-bytes.ts';

const temporary = (path: string): string => `${path}.${randomUUID()}.partial`;

/** Where a writer puts bytes, one after the other. */
export interface ByteSink {
  /** bytes written so far */
  readonly size: number;
  write(bytes: Uint8Array): void;
}

function failed(path: string, error: unknown): never {
  if (error instanceof Error && 'syscall' in error)
    throw fileError(path, undefined, `cannot be written: ${messageOf(error)}`, error);
  throw error;
}

/**
 * Writes files that appear under their names together once all are complete; where `produce` throws, none does.
 * @param paths in the order in which they are put in place
 */
export function writeFiles(paths: readonly string[], produce: (...sinks: ByteSink[]) => void): void {
  const files = paths.map((path) => new PartialFile(path));
  try {
    for (const file of files) file.open();
    produce(...files);
    for (const file of files) file.finish();
    for (const file of files) file.rename();
  } catch (error) {
    for (const file of files) file.abandon();
    failed(paths[0]!, error);
  }
}

class PartialFile implements ByteSink {
  readonly #path: string;
  readonly #partial: string;
  #descriptor: number | undefined;
  size = 0;

  constructor(path: string) {
    this.#path = path;
    this.#partial = temporary(path);
  }

  open(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    this.#descriptor = openSync(this.#partial, 'wx');
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#descriptor!, bytes, done, Math.min(bytes.length - done, 0x7ffff000));
    this.size += bytes.length;
  }

  finish(): void {
    fsyncSync(this.#descriptor!);
    this.#close();
  }

  rename(): void {
    renameSync(this.#partial, this.#path);
  }

  abandon(): void {
    this.#close();
    if (existsSync(this.#partial)) rmSync(this.#partial);
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/**
 * Fills a folder that appears under its name once it is complete.
 * @throws TrtDslError 'file' if there is one already that is not empty
 */
export function writeFolder(path: string, fill: (partial: string) => void): void {
  const partial = temporary(path);
  try {
    mkdirSync(partial, { recursive: true });
    fill(partial);
    renameSync(partial, path);
  } catch (error) {
    if (existsSync(partial)) rmSync(partial, { recursive: true });
    failed(path, error);
  }
}
