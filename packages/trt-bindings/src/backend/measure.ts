import { dataTypes, type HostTensor, type TensorType } from '@trt-dsl/dsl';
import type { TensorRT } from '../types.ts';
import type { TensorRTEngine } from './engine.ts';

/** How often, and in which way, an engine is timed on the GPU. */
export interface MeasureOptions {
  /** runs before the first that counts; 20 by default */
  readonly warmUp?: number;
  /** runs that count; 200 by default */
  readonly runs?: number;
  /** launch a captured CUDA graph instead of enqueueing layer by layer; true by default */
  readonly cudaGraph?: boolean;
  /** the profile; the first by default */
  readonly profile?: number;
  /** the GPU that the engine runs on; 0 by default */
  readonly device?: number;
}

/**
 * The GPU's time for each run at the shapes of `feeds`, in milliseconds, between CUDA events: execution alone, inputs
 * already in device memory, no copies.
 */
export function measureGpu(
  tensorrt: TensorRT,
  engine: Pick<TensorRTEngine, 'native' | 'inputs' | 'outputs'>,
  feeds: ReadonlyMap<string, HostTensor>,
  { warmUp = 20, runs = 200, cudaGraph = true, profile = 0, device: index = 0 }: MeasureOptions = {},
): number[] {
  const device = tensorrt.cuda().device(index);
  using stream = device.createStream();
  using context = engine.native.createExecutionContext();
  if (profile > 0) context.setOptimizationProfileAsync(profile, stream);
  for (const [name, { shape }] of feeds) context.setInputShape(name, shape);
  const held: Disposable[] = [];
  const hold = <T extends Disposable>(object: T): T => {
    held.push(object);
    return object;
  };
  const give = (name: string, byteLength: number, data?: ArrayBufferView): void => {
    const memory = hold(device.memAlloc(Math.max(byteLength, 1)));
    context.setTensorAddress(name, memory);
    if (!data) return;
    using pinned = device.memAllocHost(Math.max(byteLength, 1));
    new Uint8Array(pinned.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    stream.memcpyHtoDAsync(memory, 0, pinned, 0, byteLength);
    stream.synchronize();
  };
  try {
    for (const [name, { data }] of feeds) give(name, data.byteLength, data);
    for (const [name, type] of engine.outputs) give(name, byteLengthOf(type, context.getTensorShape(name)));
    context.enqueueV3(stream);
    stream.synchronize();
    const graph = cudaGraph ? hold(stream.capture(() => context.enqueueV3(stream))) : undefined;
    const launch = (): void => (graph ? graph.launch(stream) : context.enqueueV3(stream));
    for (let i = 0; i < warmUp; i++) launch();
    const events = Array.from({ length: runs + 1 }, () => hold(device.createEvent()));
    events[0]!.record(stream);
    for (let i = 0; i < runs; i++) {
      launch();
      events[i + 1]!.record(stream);
    }
    stream.synchronize();
    return events.slice(1).map((event, i) => event.elapsedSince(events[i]!));
  } finally {
    for (const object of held.reverse()) object[Symbol.dispose]();
  }
}

const byteLengthOf = ({ dataType }: TensorType, shape: readonly number[]): number =>
  shape.reduce((a, b) => a * b, 1) * dataTypes[dataType].bytes;
