import { dataTypes, type HostArray, type HostTensor, type Results, type TensorType } from '@trt-dsl/dsl';
import type {
  CudaDevice,
  CudaMemory,
  CudaStream,
  ExecutionSlot,
  ICudaEngine,
  IExecutionContext,
  PinnedMemory,
  SlotBinding,
} from '../types.ts';

/** What a lane needs to know of the engine. */
export interface LaneEngine {
  readonly native: ICudaEngine;
  readonly device: CudaDevice;
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  readonly cudaGraph: boolean;
}

/** A tensor in pinned memory, where each run overwrites it. */
interface Pinned extends HostTensor {
  readonly name: string;
  readonly binding: SlotBinding;
}

/** Shapes of one kind of run, found once. */
interface Prepared {
  readonly context: IExecutionContext;
  readonly slot: ExecutionSlot;
  readonly inputs: readonly Pinned[];
  readonly outputs: readonly Pinned[];
}

interface Buffer {
  readonly host: PinnedMemory;
  readonly device: CudaMemory;
}

/** How many kinds of runs a lane keeps ready. */
const kept = 8;

/**
 * One run at a time, with a stream and memory of its own. For each shape it keeps an execution context, and where asked
 * a CUDA graph; all of them share the lane's scratch memory and buffers.
 */
export class Lane {
  readonly #engine: LaneEngine;
  readonly #stream: CudaStream;
  readonly #prepared = new Map<string, Prepared>();
  readonly #buffers = new Map<string, Buffer>();
  #scratch: CudaMemory | undefined;

  constructor(engine: LaneEngine) {
    this.#engine = engine;
    this.#stream = engine.device.createStream();
  }

  /** Runs and waits in another thread. */
  async run(key: string, profile: number, feeds: readonly HostTensor[]): Promise<Results> {
    const prepared = this.#prepare(key, profile, feeds);
    take(prepared, feeds);
    await prepared.slot.run(prepared.inputs.map(nothing), prepared.outputs.map(nothing));
    return resultsOf(prepared);
  }

  /** Runs and waits here. */
  runSync(key: string, profile: number, feeds: readonly HostTensor[]): Results {
    const prepared = this.#prepare(key, profile, feeds);
    take(prepared, feeds);
    prepared.slot.runSync(prepared.inputs.map(nothing), prepared.outputs.map(nothing));
    return resultsOf(prepared);
  }

  /** Whether a run of these shapes is ready to go. */
  knows(key: string): boolean {
    return this.#prepared.has(key);
  }

  close(): void {
    this.#empty();
    this.#stream.close();
  }

  /** Frees all memory, and what was prepared with it. */
  #empty(): void {
    while (this.#prepared.size > 0) this.#forget();
    for (const { host, device } of this.#buffers.values()) {
      host.close();
      device.close();
    }
    this.#buffers.clear();
    this.#scratch?.close();
    this.#scratch = undefined;
  }

  #prepare(key: string, profile: number, feeds: readonly HostTensor[]): Prepared {
    const known = this.#prepared.get(key);
    if (known) {
      this.#prepared.delete(key);
      this.#prepared.set(key, known);
      return known;
    }
    while (this.#prepared.size >= kept) this.#forget();
    const prepared = this.#create(profile, feeds);
    this.#prepared.set(key, prepared);
    return prepared;
  }

  #forget(): void {
    const [oldest, { slot, context }] = this.#prepared.entries().next().value!;
    this.#prepared.delete(oldest);
    slot.close();
    context.close();
  }

  #create(profile: number, feeds: readonly HostTensor[]): Prepared {
    const context = this.#engine.native.createExecutionContext('USER_MANAGED');
    try {
      return this.#inContext(context, profile, feeds);
    } catch (error) {
      context.close();
      this.#empty(); // what is too large for the GPU leaves no memory behind that a smaller run would lack
      throw error;
    }
  }

  #inContext(context: IExecutionContext, profile: number, feeds: readonly HostTensor[]): Prepared {
    const { native, inputs, outputs, cudaGraph } = this.#engine;
    if (native.getNbOptimizationProfiles() > 1) context.setOptimizationProfileAsync(profile, this.#stream);
    [...inputs.keys()].forEach((name, i) => {
      context.setInputShape(name, feeds[i]!.shape);
    });
    context.inferShapes();
    this.#giveScratch(context);
    const fed = [...inputs.keys()].map((name, i) => this.#bindings(name, feeds[i]!));
    const made = [...outputs].map(([name, { dataType }]) =>
      this.#bindings(name, { dataType, shape: context.getTensorShape(name) }),
    );
    const slot = context.createExecutionSlot({
      stream: this.#stream,
      inputs: fed.map(({ binding }) => binding),
      outputs: made.map(({ binding }) => binding),
      graph: cudaGraph,
    });
    return { context, slot, inputs: fed, outputs: made };
  }

  /** Scratch memory for the context: the lane's own, replaced by a larger one where needed. */
  #giveScratch(context: IExecutionContext): void {
    const needed = Math.max(context.updateDeviceMemorySizeForShapes(), 1);
    if (!this.#scratch || this.#scratch.byteLength < needed) {
      if (this.#scratch) this.#outgrow(this.#scratch);
      this.#scratch = undefined; // which it stays if there is not enough memory
      this.#scratch = this.#engine.device.memAlloc(needed);
    }
    context.setDeviceMemoryV2(this.#scratch, this.#scratch.byteLength);
  }

  /** Memory for a tensor: the lane's own, replaced by a larger one where needed. */
  #bindings(name: string, { dataType, shape }: Pick<HostTensor, 'dataType' | 'shape'>): Pinned {
    const { array: View, bytes } = dataTypes[dataType];
    const length = shape.reduce((a, b) => a * b, 1);
    const byteLength = length * bytes;
    let buffer = this.#buffers.get(name);
    if (!buffer || buffer.host.byteLength < byteLength) {
      if (buffer) this.#outgrow(buffer.host, buffer.device);
      this.#buffers.delete(name);
      const { device } = this.#engine;
      const capacity = Math.max(byteLength, 1);
      buffer = allocate(device, capacity);
      this.#buffers.set(name, buffer);
    }
    const data = new View(buffer.host.buffer, 0, length) as HostArray;
    return { name, dataType, shape, data, binding: { name, ...buffer, byteLength } };
  }

  /** Frees memory that is too small now; what was prepared with it is prepared anew when its shapes come again. */
  #outgrow(...memory: readonly (CudaMemory | PinnedMemory)[]): void {
    while (this.#prepared.size > 0) this.#forget();
    for (const each of memory) each.close();
  }
}

/** Memory on both sides, or none where one of them has not enough. */
function allocate(device: CudaDevice, byteLength: number): Buffer {
  const host = device.memAllocHost(byteLength);
  try {
    return { host, device: device.memAlloc(byteLength) };
  } catch (error) {
    host.close();
    throw error;
  }
}

/** For the slot: its data is in pinned memory, or stays there. */
const nothing = (): null => null;

/** Copies the feeds to pinned memory: in JavaScript, as each array that a native call has to look at costs a microsecond. */
function take({ inputs }: Prepared, feeds: readonly HostTensor[]): void {
  inputs.forEach(({ data }, i) => {
    (data as Uint8Array).set(feeds[i]!.data as Uint8Array);
  });
}

/** Copies of the outputs. */
function resultsOf({ outputs }: Prepared): Results {
  const results: Record<string, HostTensor> = {};
  for (const { name, dataType, shape, data } of outputs) results[name] = { dataType, shape, data: data.slice() };
  return results;
}
