import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { TrtDslError } from '@trt-dsl/dsl';
import type { Artifact } from './artifacts.ts';

/** SHA-256 of a file, in hexadecimal. */
export async function sha256(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
    hash.update(piece);
  }
  return hash.digest('hex');
}

/**
 * SHA-256 of what `sha256sum` would print for all files of a folder, by their paths inside it in byte order: equal when
 * every file has the same name and content.
 */
export async function folderSha256(folder: string): Promise<{ readonly sha256: string; readonly files: number }> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = all
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${await sha256(join(folder, file))}  ${file}\n`);
  return { sha256: hash.digest('hex'), files: files.length };
}

/** Whether the file is there at its full length; with `read`, whether its content is right too. */
export async function isIntact(path: string, { bytes, sha256: expected }: Omit<Artifact, 'name'>, read: boolean) {
  const { size } = await stat(path).catch(() => ({ size: -1 }));
  return size === bytes && (!read || (await sha256(path)) === expected);
}

/** @throws {TrtDslError} `file`: the file is not what the table of artifacts says */
export async function verify(path: string, expected: Artifact, signal?: AbortSignal): Promise<void> {
  const { size } = await stat(path);
  if (size !== expected.bytes) throw mismatch(expected.name, `${expected.bytes} bytes`, `${size}`);
  verifyDigest(expected.name, expected.sha256, await sha256(path, signal));
}

/** @throws {TrtDslError} `file`: the digests differ */
export function verifyDigest(name: string, expected: string, found: string): void {
  if (found !== expected) throw mismatch(name, `SHA-256 ${expected}`, found);
}

const mismatch = (name: string, expected: string, found: string) =>
  new TrtDslError(
    'file',
    `${name}: expected ${expected}, found ${found}; nothing was installed: run \`npx trt-dsl setup\` again, and if it stays so, the registry holds another file than this release was tested with`,
  );
