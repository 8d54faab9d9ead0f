import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../../test/support/trt-dsl.ts';
import { withLock } from './lock.ts';

describe('withLock', () => {
  it('lets one work at a time, and tells the others whom they wait for', async () => {
    const path = join(temporaryFolder(), 'new', 'lock');
    let inside = 0;
    let most = 0;
    const waitedFor: number[] = [];
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await vi.waitUntil(() => waitedFor.length === 2, { timeout: 30_000 });
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(path, work, { onWait: (pid) => waitedFor.push(pid) })));
    expect(most).toBe(1);
    expect(waitedFor).toEqual([process.pid, process.pid]);
    expect(existsSync(path)).toBe(false);
  });

  it('gives the lock back when the work fails', async () => {
    const path = join(temporaryFolder(), 'lock');
    const failing = withLock(path, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await withLock(path, async () => 'yes')).toBe('yes');
  });

  it('takes the lock of a process that is gone', async () => {
    const path = join(temporaryFolder(), 'lock');
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(path, `${pid}\n`);
    expect(await withLock(path, async () => 'taken')).toBe('taken');
  });

  it.each(['', 'nobody\n', '-1\n'])('takes a lock that names no process: %j', async (text) => {
    const path = join(temporaryFolder(), 'lock');
    writeFileSync(path, text);
    expect(await withLock(path, async () => 'taken', { signal: AbortSignal.timeout(5000) })).toBe('taken');
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('does not wait for what is no file', async () => {
    const path = join(temporaryFolder(), 'lock');
    mkdirSync(path);
    await expect(withLock(path, async () => 'taken')).rejects.toThrow('EISDIR');
  });

  it('lets one of many take the lock of a process that is gone', async () => {
    const path = join(temporaryFolder(), 'lock');
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(path, `${pid}\n`);
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await setTimeout(1);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(path, work)));
    expect(most).toBe(1);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('stops waiting when it is aborted', async () => {
    const path = join(temporaryFolder(), 'lock');
    writeFileSync(path, `${process.pid}\n`);
    await expect(withLock(path, async () => 0, { signal: AbortSignal.timeout(30) })).rejects.toThrow(/abort/i);
  });
});
