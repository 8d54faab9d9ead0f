import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Half-done work lies here, one folder a process, and never where finished work is looked for. */
const stagingRoot = (cache: string): string => join(cache, 'staging');

/**
 * Runs `work` with an empty folder beside the cache's finished ones (same file system, so that a rename finishes the
 * work at once) and removes it afterwards, come what may. What a killed process left behind is removed first.
 */
export async function inStaging<T>(cache: string, work: (folder: string) => Promise<T>): Promise<T> {
  const root = stagingRoot(cache);
  await removeAbandoned(root);
  const folder = join(root, `${process.pid}-${randomUUID()}`);
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
  const old = join(staging, `replaced-${randomUUID()}`);
  await rename(place, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(finished, place);
}

async function removeAbandoned(root: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  for (const name of names) {
    if (!isRunning(Number.parseInt(name, 10))) await rm(join(root, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0); // signal 0 only asks
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
