import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** How often a waiting process looks again, in milliseconds. */
const period = 200;

/**
 * Runs `work` while no other process runs its own under the same lock file; waits for one that does. The lock of a
 * process that was killed counts for nothing.
 *
 * @param onWait called once, with the other's process id, before waiting
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  { signal, onWait = () => {} }: { readonly signal?: AbortSignal; readonly onWait?: (pid: number) => void } = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  let waiting = false;
  while (!(await take(path))) {
    const holder = await holderOf(path);
    if (holder === undefined) continue; // given back just now
    if (!isRunning(holder)) {
      await discard(path, holder, signal);
      continue;
    }
    if (!waiting) onWait(holder);
    waiting = true;
    await setTimeout(period, undefined, signal ? { signal } : {});
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** The process id that a lock file names, 0 for a file without one, which no process holds; undefined without a file. */
async function holderOf(path: string): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(path, 'utf8'), 10) || 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the lock could be taken: a link, unlike a file that is opened and then written, appears with its content. */
async function take(path: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${process.pid}\n`);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Removes the lock of `holder`, which is gone. One at a time: between a look at the lock and its removal nobody else
 * removes it, so that what is removed is never the lock of one that took it in the meantime.
 */
async function discard(path: string, holder: number, signal: AbortSignal | undefined): Promise<void> {
  const remove = async () => {
    if ((await holderOf(path)) === holder && !isRunning(holder)) await rm(path, { force: true });
  };
  await withLock(`${path}.discard`, remove, signal && { signal });
}

function isRunning(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    return process.kill(pid, 0); // signal 0 only asks
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
