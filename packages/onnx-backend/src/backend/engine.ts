import {
  bindFeeds,
  type Engine,
  evaluateDim,
  type Feeds,
  formatType,
  type HostTensor,
  messageOf,
  type Results,
  type Sizes,
  type Tensors,
  TrtDslError,
} from '@trt-dsl/dsl';
import type { InferenceSession } from 'onnxruntime-node';
import type { Bindings } from '../metadata.ts';
import { fromOrt, toOrt } from './host-tensors.ts';
import type { Runtime } from './runtime.ts';

/** What an engine is made of. */
export interface EngineParts {
  readonly name: string;
  readonly session: InferenceSession;
  readonly runtime: Runtime;
  readonly inputs: Bindings;
  readonly outputs: Bindings;
  /** checks what only the sizes of a run show; throws */
  readonly checkSizes: (sizes: Sizes) => void;
  readonly serialize: () => Uint8Array;
}

/** A graph compiled for ONNX Runtime's CPU. */
export class OnnxEngine<I extends Tensors = Tensors, O extends Tensors = Tensors> implements Engine<I, O> {
  readonly #parts: EngineParts;
  readonly #checked = new Set<string>();
  #running = 0;
  #closed = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  get inputs(): Bindings {
    return this.#parts.inputs;
  }

  get outputs(): Bindings {
    return this.#parts.outputs;
  }

  async run(feeds: Feeds<I>): Promise<Results<O>> {
    this.#requireOpen();
    const { inputs, outputs, session, name, runtime } = this.#parts;
    const { tensors, sizes } = bindFeeds(inputs, feeds);
    this.#checkSizes(sizes);
    const fed = Object.fromEntries([...tensors].map(([input, tensor]) => [input, toOrt(runtime, tensor)]));
    this.#running++;
    try {
      const results = await session.run(fed);
      return Object.fromEntries(
        [...outputs].map(([output, type]): [string, HostTensor] => {
          const tensor = fromOrt(type, results[output]!);
          const wanted = type.shape.map((size) => evaluateDim(size, sizes));
          if (String(wanted) !== String(tensor.shape))
            throw new TrtDslError(
              'shape',
              `${name}: output "${output}" came as [${tensor.shape.join(', ')}], not ${formatType(type)}`,
            );
          return [output, tensor];
        }),
      ) as Results<O>;
    } catch (error) {
      throw asBackendError(name, error);
    } finally {
      this.#running--;
      if (this.#closed) this.#release();
    }
  }

  serialize(): Uint8Array {
    this.#requireOpen();
    return this.#parts.serialize();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Frees the session once nothing runs in it. */
  #release(): void {
    if (this.#running > 0) return;
    this.#parts.session.release().catch((error: unknown) => {
      process.emitWarning(`${this.#parts.name}: ${messageOf(error)}`, 'TrtDslWarning');
    });
  }

  #requireOpen(): void {
    if (this.#closed) throw new TrtDslError('closed', `the engine of "${this.#parts.name}" is closed`);
  }

  #checkSizes(sizes: Sizes): void {
    const key = JSON.stringify(sizes);
    if (this.#checked.has(key)) return;
    this.#parts.checkSizes(sizes);
    if (this.#checked.size >= 1000) this.#checked.clear();
    this.#checked.add(key);
  }
}

/** ONNX Runtime's error as ours. */
export const asBackendError = (name: string, error: unknown): TrtDslError =>
  error instanceof TrtDslError
    ? error
    : new TrtDslError('backend', `${name}: ONNX Runtime: ${messageOf(error)}`, { cause: error });
