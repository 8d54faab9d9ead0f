import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Backend,
  type CompileOptions,
  checkOptions,
  checkProfiles,
  checkSizes,
  type Engine,
  Graph,
  type Tensors,
  TrtDslError,
} from '@trt-dsl/dsl';
import type { InferenceSession } from 'onnxruntime-node';
import { bindingsOf, readMetadata } from '../metadata.ts';
import { modelPieces, type OnnxModel, serializeOnnx } from '../model.ts';
import { decodeModel } from '../proto/codec.ts';
import { toOnnx } from '../to-onnx.ts';
import { writeOnnx } from '../write-onnx.ts';
import { asBackendError, OnnxEngine } from './engine.ts';
import { runtime } from './runtime.ts';
import { checkSeal, seal } from './seal.ts';

/** How ONNX Runtime works. */
export interface OnnxBackendOptions {
  /** threads that one run uses; all cores by default */
  readonly threads?: number;
  /** bytes of a model beyond which it goes to ONNX Runtime through a temporary file; 1.5 GB by default */
  readonly fileAbove?: number;
}

/**
 * A backend that needs no GPU: the graph becomes ONNX and runs on ONNX Runtime's CPU. Plugins run as their
 * decomposition; half types compute in float32 and are rounded after each layer. Profiles are optional, and checked if
 * given. A run computes on ONNX Runtime's threads, but holds JavaScript's thread until it is done.
 */
export function onnxBackend(options: OnnxBackendOptions = {}): Backend {
  checkOptions('onnxBackend', options, { threads: 'number', fileAbove: 'number' });
  const { threads, fileAbove = 1.5 * 2 ** 30 } = options;
  if (threads !== undefined && (!Number.isSafeInteger(threads) || threads < 1))
    throw new TrtDslError('argument', `threads ${String(threads)} is no integer ≥ 1`);
  const session: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    extra: {
      // Quantized layers as they are written: fused integer kernels would round otherwise.
      session: { disable_quant_qdq: '1' },
      // Fusing a transpose of batch and matrix axes into a product reads beside the tensor, and crashes (1.30).
      optimization: { disable_specified_optimizers: 'MatmulTransposeFusion' },
    },
    ...(threads !== undefined && { intraOpNumThreads: threads }),
  };

  async function open(name: string, model: OnnxModel): Promise<InferenceSession> {
    if (modelPieces(model).byteLength <= fileAbove) return openBytes(name, serializeOnnx(model));
    const folder = await mkdtemp(join(tmpdir(), 'trt-dsl-onnx-'));
    try {
      const path = join(folder, 'model.onnx');
      await writeOnnx(model, path, { weights: 'external' });
      const { InferenceSession } = await runtime();
      return await InferenceSession.create(path, session);
    } catch (error) {
      throw asBackendError(name, error);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function openBytes(name: string, bytes: Uint8Array): Promise<InferenceSession> {
    try {
      const { InferenceSession } = await runtime();
      return await InferenceSession.create(bytes, session);
    } catch (error) {
      throw asBackendError(name, error);
    }
  }

  return {
    name: 'onnx',

    async compile<I extends Tensors, O extends Tensors>(
      graph: Graph<I, O>,
      options: CompileOptions = {},
    ): Promise<Engine<I, O>> {
      checkOptions('compile', options, { profiles: 'other', signal: 'other', onProgress: 'other' });
      const { profiles, signal, onProgress } = options;
      if (!(graph instanceof Graph)) throw new TrtDslError('argument', 'compile takes a Graph: call network.graph()');
      if (profiles) checkProfiles(graph, profiles);
      signal?.throwIfAborted();
      onProgress?.('lower', 0);
      const model = toOnnx(graph, { target: 'cpu' });
      onProgress?.('load', 0.1);
      const opened = await open(graph.name, model);
      if (signal?.aborted) {
        await opened.release();
        signal.throwIfAborted();
      }
      onProgress?.('done', 1);
      return new OnnxEngine<I, O>({
        name: graph.name,
        session: opened,
        runtime: await runtime(),
        inputs: bindingsOf(graph.inputs),
        outputs: bindingsOf(graph.outputs),
        checkSizes: (sizes) => checkSizes(graph, sizes),
        serialize: () => seal(serializeOnnx(model)),
      });
    },

    async load(bytes: Uint8Array): Promise<Engine> {
      const where = 'a serialized ONNX engine';
      if (!(bytes instanceof Uint8Array)) throw new TrtDslError('argument', `${where} is a Uint8Array`);
      checkSeal(bytes, where);
      const model = decodeModel(bytes, where);
      const { inputs, outputs, sizeChecks } = readMetadata(model, where);
      const name = model.graph?.name ?? where;
      const opened = await openBytes(name, bytes);
      return new OnnxEngine({
        name,
        session: opened,
        runtime: await runtime(),
        inputs,
        outputs,
        checkSizes: (sizes) => sizeChecks && checkSizes(sizeChecks, sizes),
        serialize: () => new Uint8Array(bytes),
      });
    },
  };
}
