import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/temporary.ts';
import { findLibrary, loadTensorRT, type Product, TensorRTError } from './index.ts';

describe('loadTensorRT', () => {
  it('opens TensorRT-RTX and says its version', () => {
    const tensorrt = loadTensorRT({ product: 'rtx' });
    expect(tensorrt.version).toMatch(/^1\.\d+\.\d+$/);
    expect(tensorrt.supports('INetworkDefinition', 'addAttention')).toBe(true);
    expect(tensorrt.supports('INetworkDefinition', 'addPluginV3')).toBe(false);
    expect(tensorrt.hasEnumValue('ComputeCapability', 'SM120')).toBe(true);
  });

  it('says where it looked for a library, and how to get it', () => {
    const root = temporaryFolder();
    const load = (): unknown => loadTensorRT({ product: 'rtx', root });
    expect(load).toThrow(TensorRTError);
    expect(load).toThrow(`libtensorrt_rtx.so.1 was not found. Looked in:\n  root: ${root}`);
    expect(load).toThrow('npx trt-dsl setup');
  });

  it('says why a file is no library', () => {
    const root = temporaryFolder();
    writeFileSync(join(root, 'libtensorrt_rtx.so.1'), 'no library');
    expect(() => loadTensorRT({ product: 'rtx', root })).toThrow(
      /cannot use .*libtensorrt_rtx\.so\.1: .*(invalid|short|ELF)/,
    );
  });

  it('knows its products', () => {
    expect(() => loadTensorRT({ product: 'trt9' as never })).toThrow(/trt10, trt11, rtx/);
  });

  it('says that there is no driver', () => {
    const tensorrt = loadTensorRT({ product: 'rtx' });
    let devices: unknown;
    try {
      devices = tensorrt.cuda().devices;
    } catch (error) {
      expect(error).toBeInstanceOf(TensorRTError);
      expect((error as Error).message).toMatch(/CUDA: .*(driver|GPU)/);
    }
    if (devices) expect(devices).toBeInstanceOf(Array);
  });

  it('refuses a plan of garbage', () => {
    using runtime = loadTensorRT({ product: 'rtx' }).createInferRuntime();
    for (const plan of [new Uint8Array(1000), Buffer.from('garbage'.repeat(100))])
      expect(() => runtime.deserializeCudaEngine(plan)).toThrow(TensorRTError);
    expect(() => runtime.deserializeCudaEngine(new Uint8Array())).toThrow(TypeError);
  });

  it('refuses a plan of garbage in a thread', async () => {
    using runtime = loadTensorRT({ product: 'rtx' }).createInferRuntime();
    await expect(runtime.deserializeCudaEngineAsync(new Uint8Array(1000))).rejects.toThrow(/refused the plan/);
  });

  it.skipIf(existsSync('/dev/nvidiactl'))(
    'says that there is no driver, where a whole plan only lacks that',
    async () => {
      const tensorrt = loadTensorRT({ product: 'rtx' });
      using builder = tensorrt.createInferBuilder();
      using network = builder.createNetworkV2();
      network.markOutput(network.addSoftMax(network.addInput('x', 'FLOAT', [2, 4])).getOutput(0));
      using config = builder.createBuilderConfig();
      const plan = await builder.buildSerializedNetwork(network, config);
      using runtime = tensorrt.createInferRuntime();
      const noDriver = /: loading an engine needs an NVIDIA GPU: libcuda\.so\.1 was not found/;
      expect(() => runtime.deserializeCudaEngine(plan)).toThrow(noDriver);
      await expect(runtime.deserializeCudaEngineAsync(plan)).rejects.toThrow(noDriver);
    },
  );
});

/** The full libraries are large: their versions are asked for where they are. */
const full = (['trt10', 'trt11'] as const).filter((product: Product) => 'path' in findLibrary(product));

describe.each(full)('%s', (product) => {
  it('reports its version, and needs a GPU to build', () => {
    const tensorrt = loadTensorRT({ product });
    expect(tensorrt.version).toMatch(product === 'trt10' ? /^10\./ : /^11\./);
    expect(tensorrt.supports('INetworkDefinition', 'addSqueeze')).toBe(tensorrt.versionNumber >= 100700);
    expect(tensorrt.supports('INetworkDefinition', 'addSoftMax')).toBe(true);
    if (existsSync('/dev/nvidiactl')) return;
    for (const make of [() => tensorrt.createInferBuilder(), () => tensorrt.createInferRuntime()])
      expect(make).toThrow(/needs an NVIDIA GPU: .*libcuda/);
  });
});
