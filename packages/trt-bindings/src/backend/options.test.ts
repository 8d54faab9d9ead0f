import { existsSync } from 'node:fs';
import { Network } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { tensorrt } from '../index.ts';
import type { TensorRTCompileOptions } from './options.ts';

const compile = (options: TensorRTCompileOptions) => {
  const net = new Network('net');
  net.markOutput(net.addReLU(net.addInput('x', 'float32', [2])), 'y');
  return tensorrt({ product: 'rtx' }).compile(net.graph(), options);
};

test.each([
  [{ hardwareCompatibility: 'AMPERE_PLUS' }, 'hardwareCompatibility: TensorRT-RTX has none; computeCapabilities'],
  [{ versionCompatible: true }, 'versionCompatible: TensorRT-RTX has no runtime for it'],
] as const)('%j is refused by name where the product lacks it', async (options, message) => {
  await expect(compile(options)).rejects.toThrow(expect.objectContaining({ code: 'unsupported' }));
  await expect(compile(options)).rejects.toThrow(message);
});

test.each([9, -1, 2.5, Number.NaN])('optimizationLevel %d is refused with the range', async (optimizationLevel) => {
  const message = `optimizationLevel ${optimizationLevel}: expected a whole number from 0 (fast build) to 5 (fast engine)`;
  await expect(compile({ optimizationLevel })).rejects.toThrow(expect.objectContaining({ code: 'argument', message }));
});

test.skipIf(existsSync('/dev/nvidiactl'))('TensorRT-RTX builds engines to be refitted on a GPU only', async () => {
  await expect(compile({ refittable: true })).rejects.toThrow(/refittable: .* only where there is a GPU/);
  await expect(compile({ stripWeights: true })).rejects.toThrow(/stripWeights: .* only where there is a GPU/);
});

test('all other options at once make an engine', async () => {
  using engine = await compile({
    workspace: 2 ** 26,
    optimizationLevel: 1,
    tf32: true,
    float16Sums: 'fastest',
    computeCapabilities: ['SM89', 'SM120'],
    profilingVerbosity: 'LAYER_NAMES_ONLY',
    avgTimingIterations: 2,
    maxAuxStreams: 1,
    tacticSources: ['EDGE_MASK_CONVOLUTIONS'],
    plugins: 'none',
  });
  expect([...engine.outputs.keys()]).toEqual(['y']);
});

test.each([
  [{ precision: 'fp16' }, 'compile: there is no option "precision": a network has the types it was written in'],
  [{ optimisationLevel: 3 }, 'compile: there is no option "optimisationLevel"; there are lanes, '],
  [{ float16Sums: 'fast' }, "compile: float16Sums is 'float32' or 'fastest', not \"fast\""],
  [{ tf32: 'no' }, 'compile: tf32 is a boolean, not "no"'],
  [{ lanes: 0 }, 'compile: lanes is an integer from 1 on, not 0'],
  [{ lanes: Number.NaN }, 'compile: lanes is an integer from 1 on, not NaN'],
] as const)('%j is no option', async (options, message) => {
  await expect(compile(options as object)).rejects.toThrow(message);
});

test('tensorrt() and load refuse theirs', async () => {
  expect(() => tensorrt({ produkt: 'rtx' } as object)).toThrow(
    'tensorrt: there is no option "produkt"; there are product, root',
  );
  const backend = tensorrt({ product: 'rtx' });
  await expect(backend.load(new Uint8Array(), { timingCache: 'a' } as object)).rejects.toThrow(
    'load: there is no option "timingCache"',
  );
});
