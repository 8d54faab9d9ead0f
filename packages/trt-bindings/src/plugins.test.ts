import { Network } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { appendNotes, splitNotes } from './backend/plan.ts';
import { tensorrt } from './index.ts';

test('loading an engine names the plugin that no library has, its version and the library', async () => {
  const backend = tensorrt({ product: 'rtx' });
  const net = new Network('one');
  net.markOutput(net.addReLU(net.addInput('x', 'float32', [4])), 'y');
  using engine = await backend.compile(net.graph());
  const { plan, notes } = splitNotes(engine.serialize());
  expect(notes!.plugins).toEqual([]);
  const stranger = { ...notes!, plugins: ['Norm@2', 'a@b@1'], pluginLibraries: ['libnorm.so'] };
  await expect(backend.load(appendNotes(plan, stranger))).rejects.toThrow(
    /plugins Norm version 2, a@b version 1, .*libnorm\.so.*tensorrt\(\{ pluginLibraries/,
  );
  using loaded = await backend.load(engine.serialize());
  expect([...loaded.outputs.keys()]).toEqual(['y']);
});

test("an engine of another product's is refused by name, before TensorRT sees it", async () => {
  const backend = tensorrt({ product: 'rtx' });
  const net = new Network('net');
  net.markOutput(net.addReLU(net.addInput('x', 'float32', [2])), 'y');
  using engine = await backend.compile(net.graph());
  const { plan, notes } = splitNotes(engine.serialize());
  await expect(backend.load(appendNotes(plan, { ...notes!, product: 'trt10', version: '10.6.0' }))).rejects.toThrow(
    /built by trt10 10\.6\.0, this is rtx 1\..*: load it with tensorrt\(\{ product: 'trt10' \}\)/,
  );
});
