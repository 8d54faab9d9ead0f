import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TrtDslError } from '@trt-dsl/dsl';
import type { CommandContext } from '../command.ts';
import type { LibraryArtifact } from './artifacts.ts';
import { isIntact, verify, verifyDigest } from './checksum.ts';
import { fetchArchive } from './registries.ts';
import { inStaging, replace } from './staging.ts';
import { extract, listZip } from './zip.ts';

export const librariesFolder = (cache: string, { folder }: LibraryArtifact): string =>
  join(cache, 'tensorrt', 'lib', folder);

/** Whether all files are in the cache, at their lengths; with `read`, with their checksums. */
export async function hasLibraries(cache: string, artifact: LibraryArtifact, read = false): Promise<boolean> {
  const folder = librariesFolder(cache, artifact);
  for (const file of artifact.files) if (!(await isIntact(join(folder, file.name), file, read))) return false;
  return true;
}

/** Fetches a product's libraries into the cache: archive, checksum, extraction, checksums, and one rename at the end. */
export async function installLibraries(
  cache: string,
  artifact: LibraryArtifact,
  context: CommandContext,
): Promise<void> {
  const { progress, signal } = context;
  progress.note(`fetching ${artifact.product} ${artifact.version} (${Math.round(artifact.archive.bytes / 1e6)} MB)`);
  progress.note(`  licence: ${artifact.licence}`);
  if (artifact.note) progress.note(`  note: ${artifact.note}`);
  await inStaging(cache, async (staging) => {
    const archive = await fetchArchive(artifact, staging, context);
    progress.note(`checking and unpacking ${artifact.archive.name}`);
    await verify(archive, artifact.archive, signal);
    const finished = join(staging, 'lib');
    await mkdir(finished);
    await unpack(archive, artifact, finished, context);
    await replace(finished, librariesFolder(cache, artifact), staging);
  });
}

async function unpack(archive: string, artifact: LibraryArtifact, to: string, { progress, signal }: CommandContext) {
  const entries = new Map((await listZip(archive)).map((entry) => [entry.name, entry]));
  const total = artifact.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const file of artifact.files) {
    const entry = entries.get(artifact.prefix + file.name);
    if (!entry) throw new TrtDslError('file', `${archive}: expected ${artifact.prefix}${file.name} in it, found none`);
    const hash = createHash('sha256');
    const onBytes = (piece: Uint8Array) => {
      hash.update(piece);
      done += piece.length;
      progress.bytes(`unpacking ${artifact.product}`, done, total);
    };
    await extract(archive, entry, join(to, file.name), onBytes, signal);
    verifyDigest(file.name, file.sha256, hash.digest('hex'));
  }
}
