import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environment, temporaryFolder } from '../../../test/support/trt-dsl.ts';
import { findTensorRT } from './find.ts';

/** An installation as NVIDIA's tar file lays it out. */
function install(...files: readonly string[]): string {
  const root = temporaryFolder();
  mkdirSync(join(root, 'lib'));
  for (const file of files) writeFileSync(join(root, 'lib', file), '');
  return root;
}

describe('findTensorRT', () => {
  it('takes TENSORRT_ROOT before all else, and the version from the name that a link points to', async () => {
    const root = install('libnvinfer.so.10.9.1');
    symlinkSync('libnvinfer.so.10.9.1', join(root, 'lib', 'libnvinfer.so.10'));
    environment('TENSORRT_ROOT', root);
    expect(await findTensorRT('tensorrt-10')).toEqual({
      product: 'tensorrt-10',
      path: join(root, 'lib', 'libnvinfer.so.10'),
      place: 'TENSORRT_ROOT',
      version: '10.9.1',
    });
  });

  it('takes the version from a file beside it of the same major version', async () => {
    environment(
      'TENSORRT_ROOT',
      install('libnvinfer.so.11', 'libnvinfer_builder_resource_sm90.so.11.4.2', 'libnvinfer_plugin.so.10.1.1'),
    );
    expect(await findTensorRT('tensorrt-11')).toMatchObject({ place: 'TENSORRT_ROOT', version: '11.4.2' });
  });

  it("looks along the loader's path", async () => {
    const root = install('libtensorrt_rtx.so.1');
    environment('TENSORRT_ROOT', undefined);
    environment('LD_LIBRARY_PATH', `/nowhere:${join(root, 'lib')}`);
    expect(await findTensorRT('tensorrt-rtx')).toMatchObject({ place: 'LD_LIBRARY_PATH', version: undefined });
  });

  it("looks in Python's packages of libraries", async () => {
    const packages = temporaryFolder();
    mkdirSync(join(packages, 'tensorrt_libs'));
    writeFileSync(join(packages, 'tensorrt_libs', '__init__.py'), '');
    writeFileSync(join(packages, 'tensorrt_libs', 'libnvinfer.so.11'), '');
    environment('TENSORRT_ROOT', undefined);
    environment('TRT_DSL_CACHE', temporaryFolder());
    environment('PYTHONPATH', packages);
    const path = join(packages, 'tensorrt_libs', 'libnvinfer.so.11');
    expect(await findTensorRT('tensorrt-11')).toMatchObject({ place: "Python's tensorrt_libs", path });
  });

  it('finds nothing where only half of the files came', async () => {
    const cache = temporaryFolder();
    const folder = join(cache, 'tensorrt', 'lib', 'trt-11.2');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'libnvinfer.so.11'), 'half');
    environment('TENSORRT_ROOT', undefined);
    environment('TRT_DSL_CACHE', cache);
    expect(await findTensorRT('tensorrt-11')).toBeUndefined();
  });
});
