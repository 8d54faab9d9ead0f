import { TrtDslError } from '@trt-dsl/dsl';
import { describe, expect, it } from 'vitest';
import type { CudaDevice, ICudaEngine } from '../types.ts';
import { Lane } from './lane.ts';

/** A GPU's memory of so many bytes, beside a host with enough, and an engine that adds nothing to it. */
function machine(bytes: number) {
  const open = new Set<object>();
  let free = bytes;
  const allocate = (byteLength: number, more: object) => {
    const memory = {
      byteLength,
      ...more,
      close: () => {
        if (!open.delete(memory)) throw new Error('closed twice');
        if (!('buffer' in more)) free += byteLength;
      },
    };
    open.add(memory);
    return memory;
  };
  const device = {
    createStream: () => allocate(0, { buffer: null }),
    memAllocHost: (byteLength: number) => allocate(byteLength, { buffer: new ArrayBuffer(byteLength) }),
    memAlloc: (byteLength: number) => {
      if (byteLength > free) throw new TrtDslError('backend', 'out of memory');
      free -= byteLength;
      return allocate(byteLength, {});
    },
  } as unknown as CudaDevice;
  const context = (shape: number[] = []) =>
    allocate(0, {
      buffer: null,
      setInputShape: (_: string, given: readonly number[]) => shape.splice(0, shape.length, ...given),
      inferShapes: () => {},
      updateDeviceMemorySizeForShapes: () => 0,
      setDeviceMemoryV2: () => {},
      getTensorShape: () => shape,
      createExecutionSlot: () => allocate(0, { buffer: null, runSync: () => {} }),
    });
  const native = {
    createExecutionContext: () => context(),
    getNbOptimizationProfiles: () => 1,
  } as unknown as ICudaEngine;
  const type = { dataType: 'float32', shape: [] } as const;
  const [inputs, outputs] = [new Map([['x', type]]), new Map([['y', type]])];
  return { open, lane: new Lane({ native, device, inputs, outputs, cudaGraph: false }) };
}

const feed = (size: number) => [{ dataType: 'float32', shape: [size], data: new Float32Array(size) } as const];

describe('a lane where the GPU has not enough memory', () => {
  it('says so, holds nothing for the run that failed, and takes the next', () => {
    const { lane, open } = machine(100);
    expect(lane.runSync('4', 0, feed(4))['y']!.shape).toEqual([4]);
    const before = open.size;
    expect(() => lane.runSync('20', 0, feed(20))).toThrow('out of memory');
    expect(open.size).toBeLessThanOrEqual(before);
    expect(lane.runSync('5', 0, feed(5))['y']!.shape).toEqual([5]);
    lane.close();
    expect([...open]).toEqual([]);
  });
});
