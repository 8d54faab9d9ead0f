import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bertSquad, checkpoints, failure, fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

const gpu = await import('@trt-dsl/trt-bindings').then(({ loadTensorRT }) => {
  try {
    return loadTensorRT({ product: 'rtx' }).cuda().devices.length > 0;
  } catch {
    return false;
  }
});

describe('TensorRT-RTX', () => {
  test.each(checkpoints)('builds from a %s in each precision', async (_, weights) => {
    const folder = temporaryFolder();
    const sizes: number[] = [];
    for (const precision of ['fp32', 'fp16', 'bf16']) {
      const engine = join(folder, precision);
      const built = await report(
        ...['build', '-m', weights, '-o', engine, '--backend', 'tensorrt-rtx', '--precision', precision],
        ...['-b', '1', '8', '-s', '64', '16:64:96', '--optimization-level', '0', '--workspace', '64'],
      );
      expect(built).toMatchObject({ precision, backend: { name: 'tensorrt-rtx', product: 'rtx' } });
      expect(built.profiles).toHaveLength(4);
      expect(readFileSync(engine).byteLength).toBe(built.bytes);
      sizes.push(built.bytes);
    }
    expect(new Set(sizes).size).toBeGreaterThan(1);
  });

  test.skipIf(gpu)('an engine is refused in one line where there is no GPU', async () => {
    const engine = join(temporaryFolder(), 'rtx');
    await report('build', '-m', fixture('npy'), '-o', engine, '--backend', 'tensorrt-rtx', '-s', '64');
    expect(await failure('infer', '-e', engine, '-p', 'a', '-q', 'b')).toMatch(
      /runs on an NVIDIA GPU, and here is none/,
    );
    const { exitCode, stdout } = await bertSquad('inspect', '-e', engine, '--format', 'listing');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('encoder/layer_1/attention/self/query/');
  });

  test.skipIf(gpu)('is passed over, aloud, where there is no GPU', async () => {
    const engine = join(temporaryFolder(), 'best');
    const { stderr } = await bertSquad('build', '-m', fixture('npy'), '-o', engine, '-s', '64', '--fp16', '--strict');
    expect(stderr).toContain('backend: onnx, the best that can build and run here');
    expect(stderr).toContain('tensorrt-rtx: no GPU');
    expect(stderr).toContain('--fp16 is --precision fp16 now');
    expect(stderr).toContain('--strict: always so now');
  });
});
