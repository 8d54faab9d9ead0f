// Streams, events and memory of the CUDA driver.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TensorRTError } from '@trt-dsl/trt-bindings';
import { driver } from './support.ts';

const cuda = driver();
const onGpu = { skip: cuda ? false : 'no GPU' };
const device = () => cuda!.device(0);
const refused = { name: 'TensorRTError' };

test('streams copy, set and order; events tell the time', onGpu, async () => {
  using a = device().createStream();
  using b = device().createStream();
  using memory = device().memAlloc(1 << 20);
  using other = device().memAllocAsync(1 << 20, a);
  using pinned = device().memAllocHost(1 << 20);
  using start = device().createEvent();
  using end = device().createEvent();
  using early = device().createEvent();
  assert.throws(() => end.elapsedSince(start), refused);
  start.record(a);
  a.memsetD8Async(memory, 0, 7, 1 << 20);
  a.memcpyDtoDAsync(other, 16, memory, 0, 1000);
  end.record(a);
  b.waitEvent(end);
  b.memcpyDtoHAsync(pinned, 8, other, 16, 1000);
  await b.synchronizeAsync();
  assert.deepEqual(new Uint8Array(pinned.buffer, 8, 1000), new Uint8Array(1000).fill(7));
  assert.ok(end.query() && a.query() && b.query());
  end.synchronize();
  assert.ok(end.elapsedSince(start) > 0 && end.elapsedSince(start) < 1000);
  assert.throws(() => end.elapsedSince(early), refused);
  for (const wrong of [
    () => a.memcpyDtoHAsync(pinned, 0, memory, 8, 1 << 20),
    () => a.memcpyDtoHAsync(pinned, -1, memory, 0, 8),
    () => a.memsetD8Async(memory, 0, 256, 8),
    () => a.memcpyHtoDAsync(pinned as never, 0, memory as never, 0, 8),
  ])
    assert.throws(wrong, TypeError);
  device().synchronize();
});

test('device memory is given back, and too much of it is an error', onGpu, () => {
  const { free, total } = device().memGetInfo();
  assert.ok(free > 0 && free <= total && Math.abs(total / cuda!.devices[0]!.totalMemory - 1) < 0.05);
  const size = 256 << 20;
  const memory = device().memAlloc(size);
  assert.ok(free - device().memGetInfo().free >= size);
  memory.close();
  assert.ok(free - device().memGetInfo().free < size);
  assert.throws(() => device().memAlloc(total * 2), refused);
  assert.throws(() => device().memAlloc(-1), TypeError);
  assert.throws(() => memory.byteLength, /closed/);
  assert.throws(
    () => cuda!.device(99),
    (thrown: Error) => thrown instanceof TensorRTError || thrown instanceof TypeError,
  );
});

test('pinned memory is detached when it is closed', onGpu, () => {
  const pinned = device().memAllocHost(4096);
  const { buffer } = pinned;
  assert.equal(buffer.byteLength, 4096);
  new Uint8Array(buffer).fill(9);
  pinned.close();
  assert.equal(buffer.byteLength, 0);
});
