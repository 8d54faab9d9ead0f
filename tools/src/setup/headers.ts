import { copyFile, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandContext } from '../command.ts';
import { cudaHeader, type HeaderArtifact, headerLicence, headers } from './artifacts.ts';
import { folderSha256, isIntact, verify, verifyDigest } from './checksum.ts';
import { fetchCrate } from './registries.ts';
import { inStaging, replace } from './staging.ts';

export const headersFolder = (cache: string): string => join(cache, 'tensorrt', 'headers');

/** Whether a product's headers are in the cache, every file as it should be. */
export async function hasHeaders(cache: string, { folder, sha256 }: HeaderArtifact): Promise<boolean> {
  const at = join(headersFolder(cache), folder);
  return (await folderSha256(at).catch(() => undefined))?.sha256 === sha256;
}

/**
 * Sees to it that the headers of all three products are in the cache.
 *
 * @returns the folders that had to be fetched
 */
export async function ensureHeaders(cache: string, context: CommandContext): Promise<readonly string[]> {
  const missing: HeaderArtifact[] = [];
  for (const artifact of headers) if (!(await hasHeaders(cache, artifact))) missing.push(artifact);
  const cudaPlace = join(headersFolder(cache), cudaHeader.name);
  const hasCuda = await isIntact(cudaPlace, cudaHeader, true);
  if (missing.length === 0 && hasCuda) return [];

  const crates = byCrate(missing.length > 0 ? missing : headers.slice(0, 1));
  for (const [version, folders] of crates) {
    context.progress.note(
      `fetching TensorRT headers: crate ${folders[0]!.crate.name} ${version}; licence ${headerLicence}`,
    );
    await inStaging(cache, (staging) => install(cache, staging, folders, context));
  }
  return missing.map(({ folder }) => folder);
}

async function install(cache: string, staging: string, folders: readonly HeaderArtifact[], context: CommandContext) {
  const crate = await fetchCrate(folders[0]!.crate, join(staging, 'stub'), context);
  const source = join(crate, 'TensorRT-Headers');
  await mkdir(join(staging, 'headers'));

  const cuda = join(staging, 'headers', cudaHeader.name);
  await copyFile(join(source, cudaHeader.name), cuda);
  await verify(cuda, cudaHeader);
  await replace(cuda, join(headersFolder(cache), cudaHeader.name), staging);

  for (const { folder, sha256 } of folders) {
    const finished = join(staging, 'headers', folder);
    await cp(join(source, folder), finished, { recursive: true });
    verifyDigest(folder, sha256, (await folderSha256(finished)).sha256);
    await replace(finished, join(headersFolder(cache), folder), staging);
  }
}

/** One crate may hold several products' headers; it is fetched once. */
function byCrate(artifacts: readonly HeaderArtifact[]): ReadonlyMap<string, readonly HeaderArtifact[]> {
  const groups = new Map<string, HeaderArtifact[]>();
  for (const artifact of artifacts) {
    groups.set(artifact.crate.version, [...(groups.get(artifact.crate.version) ?? []), artifact]);
  }
  return groups;
}
