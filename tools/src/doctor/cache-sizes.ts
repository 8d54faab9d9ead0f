import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { folderBytes } from '../setup/registries.ts';

export interface CacheSizes {
  readonly folder: string;
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
}

/** Folders that hold several things, each worth a line of its own. */
const split: readonly string[] = ['tensorrt', 'tensorrt/lib'];

/** What lies in the cache and how many bytes it takes, largest first. */
export async function cacheSizes(folder = cacheFolder()): Promise<CacheSizes> {
  const parts = (await partsOf(folder, '')).filter(({ bytes }) => bytes > 0);
  return { folder, parts: parts.toSorted((a, b) => b.bytes - a.bytes) };
}

async function partsOf(folder: string, prefix: string): Promise<CacheSizes['parts']> {
  const names = await readdir(join(folder, prefix)).catch(() => []);
  const parts = names.map(async (each): Promise<CacheSizes['parts']> => {
    const name = prefix ? `${prefix}/${each}` : each;
    if (split.includes(name)) return partsOf(folder, name);
    const path = join(folder, name);
    const entry = await stat(path).catch(() => undefined);
    return [{ name, bytes: entry?.isDirectory() ? await folderBytes(path) : (entry?.size ?? 0) }];
  });
  return (await Promise.all(parts)).flat();
}
