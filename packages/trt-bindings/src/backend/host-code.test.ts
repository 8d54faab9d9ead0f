import { Network } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { tensorrt } from '../index.ts';
import { appendNotes, splitNotes } from './plan.ts';

test('an engine that brings code is loaded only where that is allowed', async () => {
  const net = new Network('net');
  net.markOutput(net.addReLU(net.addInput('x', 'float32', [2])), 'y');
  const backend = tensorrt({ product: 'rtx' });
  using built = await backend.compile(net.graph());
  const { plan, notes } = splitNotes(built.serialize());
  expect(notes!.hostCode).toBeUndefined();
  const bringing = appendNotes(plan, { ...notes!, hostCode: true });
  await expect(backend.load(bringing)).rejects.toThrow(/brings a runtime of its own .* hostCode: true/);
  await expect(backend.load(bringing)).rejects.toMatchObject({ code: 'argument' });
  for (const [bytes, options] of [
    [bringing, { hostCode: true }],
    [appendNotes(plan, notes!), {}],
  ] as const) {
    using loaded = await backend.load(bytes, options);
    expect([...loaded.outputs.keys()]).toEqual(['y']);
  }
});
