import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { environment, temporaryFolder } from '../../../test/support/trt-dsl.ts';
import { noProgress } from '../progress.ts';
import type { LibraryArtifact } from './artifacts.ts';
import { hasLibraries, installLibraries, librariesFolder } from './libraries.ts';

const context = { progress: noProgress, signal: new AbortController().signal };
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A wheel of our own in a folder that pip is told to take packages from, and what the table would say about it. */
function publish(): LibraryArtifact {
  const contents = { 'libtest.so.1': strToU8('not ELF '.repeat(5_000)), 'libtest_parser.so.1': strToU8('nor this') };
  const info = 'trt_dsl_test_libs-1.7.1.dist-info';
  const wheel = zipSync({
    'test_libs/libtest.so.1': contents['libtest.so.1'],
    'test_libs/libtest_parser.so.1': contents['libtest_parser.so.1'],
    [`${info}/METADATA`]: strToU8('Metadata-Version: 2.1\nName: trt-dsl-test-libs\nVersion: 1.7.1\n'),
    [`${info}/WHEEL`]: strToU8('Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
    [`${info}/RECORD`]: strToU8(''),
  });
  const name = 'trt_dsl_test_libs-1.7.1-py3-none-any.whl';
  const registry = temporaryFolder();
  writeFileSync(join(registry, name), wheel);
  environment('PIP_NO_INDEX', '1');
  environment('PIP_FIND_LINKS', registry);
  return {
    product: 'tensorrt-rtx',
    version: '1.7.1',
    folder: 'test-1.7',
    source: { registry: 'pypi', package: 'trt-dsl-test-libs', version: '1.7.1', platform: 'any' },
    archive: { name, bytes: wheel.length, sha256: sha256(wheel) },
    prefix: 'test_libs/',
    files: Object.entries(contents).map(([file, bytes]) => ({
      name: file,
      bytes: bytes.length,
      sha256: sha256(bytes),
    })),
    licence: 'none',
  };
}

describe('installLibraries', () => {
  it('downloads, checks, unpacks and leaves nothing else behind', async () => {
    const artifact = publish();
    const cache = temporaryFolder();
    expect(await hasLibraries(cache, artifact)).toBe(false);
    await installLibraries(cache, artifact, context);
    expect(await hasLibraries(cache, artifact, true)).toBe(true);
    expect(readdirSync(cache)).toEqual(['tensorrt']);
    expect(readFileSync(join(librariesFolder(cache, artifact), 'libtest_parser.so.1'), 'utf8')).toBe('nor this');
  });

  it('repairs files that are cut short, and what a killed process left', async () => {
    const artifact = publish();
    const cache = temporaryFolder();
    const library = join(librariesFolder(cache, artifact), 'libtest.so.1');
    await installLibraries(cache, artifact, context);
    truncateSync(library, 100);
    mkdirSync(join(cache, 'staging', 'lib'), { recursive: true });
    writeFileSync(join(cache, 'staging', artifact.archive.name), 'half a download');
    expect(await hasLibraries(cache, artifact)).toBe(false);
    await installLibraries(cache, artifact, context);
    expect(await hasLibraries(cache, artifact, true)).toBe(true);
    expect(readdirSync(cache)).toEqual(['tensorrt']);
  });

  it.each([
    [
      'an archive of another length',
      (a: LibraryArtifact) => ({ archive: { ...a.archive, bytes: 7 } }),
      /\.whl: expected 7 bytes, found \d+/,
    ],
    [
      'another archive',
      (a: LibraryArtifact) => ({ archive: { ...a.archive, sha256: '0' } }),
      /\.whl: expected SHA-256 0, found [0-9a-f]{64}/,
    ],
    [
      'another file',
      (a: LibraryArtifact) => ({ files: [{ ...a.files[0]!, sha256: '0' }] }),
      /libtest\.so\.1: expected SHA-256 0/,
    ],
    [
      'a file that is missing',
      (a: LibraryArtifact) => ({ files: [{ ...a.files[0]!, name: 'x.so' }] }),
      /expected test_libs\/x\.so in it/,
    ],
    [
      'a package that is missing',
      () => ({ source: { registry: 'pypi', package: 'trt-dsl-none', version: '1', platform: 'any' } as const }),
      /trt-dsl-none.*TENSORRT_ROOT/s,
    ],
  ])('installs nothing from %s', async (_, change, message) => {
    const artifact = publish();
    const cache = temporaryFolder();
    await expect(installLibraries(cache, { ...artifact, ...change(artifact) }, context)).rejects.toThrow(message);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('stops and cleans when it is interrupted, and works the next time', async () => {
    const artifact = publish();
    const cache = temporaryFolder();
    const interrupt = new AbortController();
    const started = installLibraries(cache, artifact, {
      progress: {
        ...noProgress,
        note: (line) => line.startsWith('fetching') && setTimeout(() => interrupt.abort(), 50),
      },
      signal: interrupt.signal,
    });
    await expect(started).rejects.toThrow(/abort/i);
    expect(existsSync(librariesFolder(cache, artifact))).toBe(false);
    expect(readdirSync(cache)).toEqual([]);
    await installLibraries(cache, artifact, context);
    expect(await hasLibraries(cache, artifact, true)).toBe(true);
  });
});
