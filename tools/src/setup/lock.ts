import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
    if (!(holder > 0)) continue; // given back just now
    if (!isRunning(holder)) {
      await discard(path, holder);
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

/** The process id that a lock file names, NaN without one. */
async function holderOf(path: string): Promise<number> {
  return Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
}

/** Whether the lock could be taken: a link, unlike a file that is opened and then written, appears with its content. */
async function take(path: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${process.pid}\n`);
  try {
    return await linked(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the lock of `holder`, and puts back one that another took in the meantime. */
async function discard(path: string, holder: number): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // another was faster
    throw error;
  }
  if ((await holderOf(aside)) !== holder) await linked(aside, path);
  await rm(aside, { force: true });
}

/** Whether `path` became another name of `file`; false where there is one already. */
async function linked(file: string, path: string): Promise<boolean> {
  try {
    await link(file, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0); // signal 0 only asks
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
