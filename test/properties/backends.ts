import type { Backend, CompileOptions, Target } from '@trt-dsl/dsl';
import { timingCache } from '../support/timing-cache.ts';
import type { Excluded } from './generate/draft.ts';

/** A backend as the properties see it: how it is made, what it lacks, how exact it is. */
export interface Subject {
  readonly backend: Backend;
  /** what the table of legality knows it as */
  readonly target: Target;
  /** features that graphs for it leave out, see `Excluded` */
  readonly excluded: Excluded;
  /** float32 roundings that an op may be off inside (bounds.py) */
  readonly slack: number;
  /** by op: roundings of a half type, where the backend computes in it (bounds.py) */
  readonly own?: Readonly<Record<string, number>>;
  /** graphs that share one engine */
  readonly group: number;
}

/** Every compile with these options besides its own. */
const withOptions = <O extends CompileOptions>(backend: Backend<O>, options: O): Backend => ({
  name: backend.name,
  compile: (graph, given) => backend.compile(graph, { ...options, ...given } as O),
  load: (bytes) => backend.load(bytes),
});

/** What TensorRT defines differently from one kernel to the next: NaN in comparisons, denormals. */
const tensorrtLacks: Excluded = new Set(['special']);

/** On float16 and bfloat16 TensorRT's kernels evaluate activation functions, and divide by a scale, in that type. */
const tensorrtOwn = { activation: 4, quantize: 2 };

/** The backends that properties run on, by name. Each is imported only if asked for. */
export const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  onnx: async () => {
    const { onnxBackend } = await import('@trt-dsl/onnx-backend');
    return { backend: onnxBackend({ threads: 1 }), target: 'onnxruntime', excluded: new Set(), slack: 4, group: 1 };
  },
  // TensorRT 10 on this machine's GPU. Its float32 kernels approximate exp, erf and tanh, and may sum in another order.
  tensorrt: async () => {
    const { tensorrt } = await import('@trt-dsl/trt-bindings');
    const backend = tensorrt({ product: 'trt10' });
    const target: Target = `tensorrt-${backend.tensorrt.version}`;
    const optimizationLevel = Number(process.env['PROPERTY_LEVEL'] ?? 0);
    const options = { optimizationLevel, timingCache };
    return {
      backend: withOptions(backend, options),
      target,
      excluded: tensorrtLacks,
      slack: 64,
      own: tensorrtOwn,
      group: 20,
    };
  },
  // TensorRT-RTX: builds here, runs only on a GPU that it takes.
  rtx: async () => {
    const { tensorrt } = await import('@trt-dsl/trt-bindings');
    const backend = tensorrt({ product: 'rtx' });
    return {
      backend,
      target: `tensorrt-rtx-${backend.tensorrt.version}`,
      excluded: tensorrtLacks,
      slack: 64,
      group: 1,
    };
  },
};
