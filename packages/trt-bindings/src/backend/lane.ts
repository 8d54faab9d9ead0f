import { type DataType, dataTypes, type HostArray, type HostTensor, type Results, type TensorType } from '@trt-dsl/dsl';
import type {
  CudaDevice,
  CudaMemory,
  CudaStream,
  ExecutionSlot,
  ICudaEngine,
  IExecutionContext,
  PinnedMemory,
} from '../types.ts';

/** What a lane needs to know of the engine. */
export interface LaneEngine {
  readonly native: ICudaEngine;
  readonly device: CudaDevice;
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  readonly cudaGraph: boolean;
}

/** Shapes of one kind of run, found once. */
interface Prepared {
  readonly context: IExecutionContext;
  readonly slot: ExecutionSlot;
  readonly outputs: readonly {
    readonly name: string;
    readonly dataType: DataType;
    readonly shape: readonly number[];
    readonly length: number;
  }[];
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
    const results = allocate(prepared);
    await prepared.slot.run(
      feeds.map(({ data }) => data),
      Object.values(results).map(({ data }) => data),
    );
    return results;
  }

  /** Runs and waits here. */
  runSync(key: string, profile: number, feeds: readonly HostTensor[]): Results {
    const prepared = this.#prepare(key, profile, feeds);
    const results = allocate(prepared);
    prepared.slot.runSync(
      feeds.map(({ data }) => data),
      Object.values(results).map(({ data }) => data),
    );
    return results;
  }

  /** Whether a run of these shapes is ready to go. */
  knows(key: string): boolean {
    return this.#prepared.has(key);
  }

  close(): void {
    for (const { slot, context } of this.#prepared.values()) {
      slot.close();
      context.close();
    }
    this.#prepared.clear();
    for (const { host, device } of this.#buffers.values()) {
      host.close();
      device.close();
    }
    this.#scratch?.close();
    this.#stream.close();
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
    const { native, inputs, outputs, cudaGraph } = this.#engine;
    const context = native.createExecutionContext('USER_MANAGED');
    if (native.getNbOptimizationProfiles() > 1) context.setOptimizationProfileAsync(profile, this.#stream);
    [...inputs.keys()].forEach((name, i) => {
      context.setInputShape(name, feeds[i]!.shape);
    });
    context.inferShapes();
    this.#giveScratch(context);
    const fed = [...inputs].map(([name], i) => this.#binding(name, feeds[i]!.data.byteLength));
    const made = [...outputs].map(([name, { dataType }]) => {
      const shape = context.getTensorShape(name);
      const length = shape.reduce((a, b) => a * b, 1);
      return { name, dataType, shape, length };
    });
    const returned = made.map(({ name, dataType, length }) => this.#binding(name, length * dataTypes[dataType].bytes));
    const slot = context.createExecutionSlot({
      stream: this.#stream,
      inputs: fed,
      outputs: returned,
      graph: cudaGraph,
    });
    return { context, slot, outputs: made };
  }

  /** Scratch memory for the context: the lane's own, replaced by a larger one where needed. */
  #giveScratch(context: IExecutionContext): void {
    const needed = Math.max(context.updateDeviceMemorySizeForShapes(), 1);
    if (!this.#scratch || this.#scratch.byteLength < needed) {
      this.#scratch?.close();
      this.#scratch = this.#engine.device.memAlloc(needed);
    }
    context.setDeviceMemoryV2(this.#scratch, this.#scratch.byteLength);
  }

  /** Memory for a tensor: the lane's own, replaced by a larger one where needed. */
  #binding(name: string, byteLength: number) {
    let buffer = this.#buffers.get(name);
    if (!buffer || buffer.host.byteLength < byteLength) {
      buffer?.host.close();
      buffer?.device.close();
      const { device } = this.#engine;
      const capacity = Math.max(byteLength, 1);
      buffer = { host: device.memAllocHost(capacity), device: device.memAlloc(capacity) };
      this.#buffers.set(name, buffer);
    }
    return { name, ...buffer, byteLength };
  }
}

function allocate({ outputs }: Prepared): Record<string, HostTensor> {
  const results: Record<string, HostTensor> = {};
  for (const { name, dataType, shape, length } of outputs) {
    const bytes = new Uint8Array(length * dataTypes[dataType].bytes);
    const { array: View } = dataTypes[dataType];
    results[name] = { dataType, shape, data: new View(bytes.buffer, 0, length) as HostArray };
  }
  return results;
}
