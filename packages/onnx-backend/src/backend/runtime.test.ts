import { readdirSync } from 'node:fs';
import { Network } from '@trt-dsl/dsl';
import { expect, it } from 'vitest';
import { environment, temporaryFolder } from '../../../../test/support/temporary.ts';
import { onnxBackend } from './onnx-backend.ts';

// The first session of a process is where ONNX Runtime would begin: this file has no other test.
it('writes nothing of what it runs into the folders of the user', async () => {
  const folder = temporaryFolder();
  for (const name of ['HOME', 'XDG_CACHE_HOME', 'TMPDIR']) environment(name, folder);
  environment('ORT_DISABLE_TELEMETRY', undefined);
  const net = new Network('net');
  net.markOutput(net.addReLU(net.addInput('x', 'float32', [2])), 'y');
  using engine = await onnxBackend({ threads: 1 }).compile(net.graph());
  await engine.run({ x: Float32Array.of(-1, 1) });
  expect(readdirSync(folder, { recursive: true })).toEqual([]);
});
