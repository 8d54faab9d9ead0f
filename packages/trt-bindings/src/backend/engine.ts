import {
  type Dim,
  dimsNamed,
  type Engine,
  type Feeds,
  type Results,
  type Tensors,
  type TensorType,
  TrtDslError,
} from '@trt-dsl/dsl';
import { dslDataType } from '../lowering/data-types.ts';
import type { ICudaEngine, IRuntime, TensorRT } from '../types.ts';
import { FeedBinder, type ProfileShapes } from './binder.ts';
import { chooseDevice } from './device.ts';
import { Lane } from './lane.ts';
import type { RunOptions } from './options.ts';
import { appendNotes, type PlanNotes } from './plan.ts';

/** What stands behind an engine as soon as it has to run. */
interface Loaded {
  readonly runtime: IRuntime;
  readonly native: ICudaEngine;
  readonly binder: FeedBinder;
  readonly lanes: Lane[];
  readonly free: Lane[];
  readonly waiting: ((lane: Lane) => void)[];
}

/** A TensorRT plan that runs on the GPU. It is loaded when it first has to run, so that a machine without one can build it. */
export class TensorRTEngine<I extends Tensors = Tensors, O extends Tensors = Tensors> implements Engine<I, O> {
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  readonly #tensorrt: TensorRT;
  readonly #plan: Uint8Array;
  readonly #notes: PlanNotes;
  readonly #options: RunOptions & { readonly device?: number };
  #loaded: Loaded | undefined;
  #closed = false;

  constructor(
    tensorrt: TensorRT,
    plan: Uint8Array,
    notes: PlanNotes,
    options: RunOptions & { readonly device?: number },
  ) {
    this.#tensorrt = tensorrt;
    this.#plan = plan;
    this.#notes = notes;
    this.#options = options;
    this.inputs = notes.inputs;
    this.outputs = notes.outputs;
  }

  /** TensorRT's engine, for what this class does not offer: inspector, refitter, profiles. Loaded on first use. */
  get native(): ICudaEngine {
    return this.#load().native;
  }

  async run(feeds: Feeds<I>): Promise<Results<O>> {
    const loaded = this.#load();
    const { key, profile, feeds: tensors } = loaded.binder.bind(feeds);
    const free = this.#freeLane(loaded, key);
    // Feeds are what they were at the call: a free lane reads them at once, a run that has to wait keeps a copy.
    const fed = free ? tensors : tensors.map((tensor) => ({ ...tensor, data: tensor.data.slice() }));
    const lane = free ?? (await new Promise<Lane>((resolve) => loaded.waiting.push(resolve)));
    try {
      return (await lane.run(key, profile, fed)) as Results<O>;
    } finally {
      this.#release(loaded, lane);
    }
  }

  /**
   * Runs on the calling thread, which waits: the shortest way for one small batch.
   * @throws TrtDslError 'backend' if all lanes are busy with `run`
   */
  runSync(feeds: Feeds<I>): Results<O> {
    const loaded = this.#load();
    const { key, profile, feeds: tensors } = loaded.binder.bind(feeds);
    const lane = this.#freeLane(loaded, key);
    if (!lane)
      throw new TrtDslError('backend', 'runSync: every lane is busy; await the runs under way, or allow more lanes');
    try {
      return lane.runSync(key, profile, tensors) as Results<O>;
    } finally {
      this.#release(loaded, lane);
    }
  }

  serialize(): Uint8Array {
    this.#check();
    return appendNotes(this.#plan, this.#notes);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const loaded = this.#loaded;
    if (!loaded) return;
    for (const lane of loaded.free.splice(0)) this.#retire(loaded, lane);
    if (loaded.lanes.length === 0) this.#unload(loaded);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(): void {
    if (this.#closed) throw new TrtDslError('closed', 'the engine is closed');
  }

  #load(): Loaded {
    this.#check();
    if (this.#loaded) return this.#loaded;
    chooseDevice(this.#tensorrt, this.#options.device);
    const runtime = this.#tensorrt.createInferRuntime();
    try {
      if (this.#options.hostCode) runtime.setEngineHostCodeAllowed(true);
      const native = runtime.deserializeCudaEngine(this.#plan);
      const binder = new FeedBinder(this.inputs, shapesOf(native, [...this.inputs.keys()]));
      this.#loaded = { runtime, native, binder, lanes: [], free: [], waiting: [] };
      return this.#loaded;
    } catch (error) {
      runtime.close();
      throw error;
    }
  }

  #unload({ native, runtime }: Loaded): void {
    native.close();
    runtime.close();
  }

  /** A lane that is free, ready for these shapes if there is one; a new one as long as there may be more. */
  #freeLane(loaded: Loaded, key: string): Lane | undefined {
    const at = loaded.free.findIndex((lane) => lane.knows(key));
    if (loaded.free.length > 0) return loaded.free.splice(Math.max(at, 0), 1)[0];
    if (loaded.lanes.length >= (this.#options.lanes ?? 2)) return undefined;
    const device = this.#tensorrt.cuda().device(this.#options.device ?? 0);
    const { native } = loaded;
    const cudaGraph = this.#options.cudaGraph ?? false;
    const lane = new Lane({ native, device, inputs: this.inputs, outputs: this.outputs, cudaGraph });
    loaded.lanes.push(lane);
    return lane;
  }

  #release(loaded: Loaded, lane: Lane): void {
    const next = loaded.waiting.shift();
    if (next) next(lane);
    else if (!this.#closed) loaded.free.push(lane);
    else {
      this.#retire(loaded, lane);
      if (loaded.lanes.length === 0) this.#unload(loaded);
    }
  }

  #retire(loaded: Loaded, lane: Lane): void {
    lane.close();
    loaded.lanes.splice(loaded.lanes.indexOf(lane), 1);
  }
}

const shapesOf = (native: ICudaEngine, inputs: readonly string[]): ProfileShapes[] =>
  Array.from({ length: native.getNbOptimizationProfiles() }, (_, profile) =>
    inputs.map((name) => ({
      min: native.getProfileShape(name, profile, 'MIN'),
      opt: native.getProfileShape(name, profile, 'OPT'),
      max: native.getProfileShape(name, profile, 'MAX'),
    })),
  );

/** The notes of a plan that came without: open sizes are named after the input and the axis, `x_0`. */
export function notesOf(tensorrt: TensorRT, native: ICudaEngine): PlanNotes {
  const tensors = Array.from({ length: native.getNbIOTensors() }, (_, i) => native.getIOTensorName(i));
  const named = dimsNamed(tensors.flatMap((name) => native.getTensorShape(name).map((_, axis) => `${name}_${axis}`)));
  const types = (mode: 'INPUT' | 'OUTPUT'): Map<string, TensorType> =>
    new Map(
      tensors
        .filter((name) => native.getTensorIOMode(name) === mode)
        .map((name) => [name, typeOf(native, name, (axis) => named.get(`${name}_${axis}`)!)]),
    );
  return {
    product: tensorrt.product,
    version: tensorrt.version,
    inputs: types('INPUT'),
    outputs: types('OUTPUT'),
    plugins: [],
  };
}

function typeOf(native: ICudaEngine, name: string, dimOf: (axis: number) => Dim): TensorType {
  const nv = native.getTensorDataType(name);
  const dataType = dslDataType(nv);
  if (!dataType) throw new TrtDslError('unsupported', `tensor "${name}" is ${nv}, which this API has no host form for`);
  const shape: Dim[] = native.getTensorShape(name).map((size, axis) => (size < 0 ? dimOf(axis) : size));
  return { dataType, shape };
}
