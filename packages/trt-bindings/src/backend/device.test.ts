import { TrtDslError } from '@trt-dsl/dsl';
import { expect, it } from 'vitest';
import type { TensorRT } from '../types.ts';
import { TensorRTEngine } from './engine.ts';

const notes = { product: 'trt10', version: '10.6.0', inputs: new Map(), outputs: new Map(), plugins: [] };

/** What an engine asks of a machine with or without GPUs until its plan would be read. */
function asked(driver: boolean, device?: number): readonly string[] {
  const calls: string[] = [];
  const stop = (message: string): never => {
    throw new TrtDslError('backend', message);
  };
  const tensorrt = {
    cuda: () => (driver ? { device: (index: number) => calls.push(`device ${index}`) } : stop('no driver')),
    createInferRuntime: () => {
      calls.push('runtime');
      return stop('no GPU');
    },
  } as unknown as TensorRT;
  const engine = new TensorRTEngine(tensorrt, Uint8Array.of(1), notes, device === undefined ? {} : { device });
  try {
    engine.native;
  } catch (error) {
    calls.push((error as Error).message);
  }
  return calls;
}

it('loads an engine on the GPU that it is going to run on', () => {
  expect(asked(true, 1)).toEqual(['device 1', 'runtime', 'no GPU']);
  expect(asked(true)).toEqual(['device 0', 'runtime', 'no GPU']);
  expect(asked(false)).toEqual(['runtime', 'no GPU']);
  expect(asked(false, 1)).toEqual(['no driver']);
});
