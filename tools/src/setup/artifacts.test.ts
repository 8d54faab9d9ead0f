import { cacheFolder, libraryFiles } from '@trt-dsl/trt-bindings';
import { describe, expect, it } from 'vitest';

import { products } from '../tensorrt/products.ts';
import { headers, libraries } from './artifacts.ts';
import { hasHeaders } from './headers.ts';
import { hasLibraries } from './libraries.ts';

const names = Object.keys(products).sort();

describe('the table of artifacts', () => {
  it('has headers and libraries for each product, under the names that product goes by', () => {
    expect(headers.map(({ product }) => product).sort()).toEqual(names);
    expect(libraries.map(({ product }) => product).sort()).toEqual(names);
    for (const { product, folder } of headers) expect(products[product].headers).toBe(folder);
    for (const { product, files } of libraries)
      expect(files.map(({ name }) => name)).toContain(libraryFiles[products[product].addon].library);
  });

  it.each(libraries)(
    '$product: versions, names and checksums go together',
    ({ version, folder, source, archive, files }) => {
      const [major, minor] = version.split('.');
      expect(folder).toMatch(new RegExp(`-${major}\\.${minor}$`));
      const wanted = source.registry === 'pypi' ? source.version : source.coordinates.split(':')[2]!;
      expect(wanted.startsWith(`${major}.${minor}`)).toBe(true);
      expect(archive.name).toContain(wanted);
      expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(archive.bytes);
      for (const { sha256 } of [archive, ...files]) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(new Set(files.map(({ sha256 }) => sha256)).size).toBe(files.length);
    },
  );

  it('is what setup put into the cache', async () => {
    for (const artifact of headers) expect(await hasHeaders(cacheFolder(), artifact), artifact.folder).toBe(true);
    const rtx = libraries.find(({ product }) => product === 'tensorrt-rtx')!;
    expect(await hasLibraries(cacheFolder(), rtx, true)).toBe(true);
  });
});
