import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Runs `work` with an empty folder in the cache (same file system, so that a rename finishes the work at once) and
 * removes it afterwards, come what may; what a killed process left there is removed first. For the holder of the
 * cache's lock.
 */
export async function inStaging<T>(cache: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(cache, 'staging');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts a finished file or folder in its place, in one step where the place is free; what stood there goes. */
export async function replace(finished: string, place: string, staging: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  await rename(place, join(staging, `replaced-${randomUUID()}`)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(finished, place);
}
