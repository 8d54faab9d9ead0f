import assert from 'node:assert/strict';
import type { BuilderFlag, CudaMemory, IBuilder, ICudaEngine, IExecutionContext } from '@trt-dsl/trt-bindings';
import { backend } from './support.ts';

export const width = 256;
/** Numbers from −0.125 to 0.125 without a pattern. */
const scattered = (seed: number) => (_: unknown, i: number) => {
  const value = Math.sin((i + seed) * 12.9898) * 43758.5453;
  return (value - Math.floor(value) - 0.5) / 4;
};
export const kernel = Float32Array.from({ length: width * width }, scattered(0));
export const otherKernel = Float32Array.from({ length: width * width }, scattered(0.5));
export const rows = (batch: number, seed = 1): Float32Array =>
  Float32Array.from({ length: batch * width }, (_, i) => Math.sin(seed + i * 0.11));

/** softmax(relu(x W)), computed here. */
export function expected(x: Float32Array, weights = kernel): Float32Array {
  const out = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += width) {
    const row = new Float64Array(width);
    for (let k = 0; k < width; k++)
      for (let column = 0; column < width; column++) row[column]! += x[at + k]! * weights[k * width + column]!;
    const powers = row.map((value) => Math.exp(Math.max(value, 0)));
    const sum = powers.reduce((a, b) => a + b);
    powers.forEach((power, column) => {
      out[at + column] = power / sum;
    });
  }
  return out;
}

/** The largest difference between the result and softmax(relu(x W)). */
export function error(y: Float32Array, x: Float32Array, weights = kernel): number {
  return expected(x, weights).reduce((worst, value, i) => Math.max(worst, Math.abs(value - y[i]!)), 0);
}

/** Asserts that the result is softmax(relu(x W)), but for rounding in float32. */
export function agrees(y: Float32Array, x: Float32Array, weights = kernel): void {
  const off = error(y, x, weights);
  assert.ok(off < 5e-6, `off by ${off}`);
}

/** Options of `nativePlan`. */
export interface PlanOptions {
  readonly flags?: readonly BuilderFlag[];
  /** how many times x W; each but the last is a layer that takes time to build */
  readonly layers?: number;
  /** whether the first weights are named "kernel"; true by default */
  readonly named?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (phase: string) => void;
}

/**
 * A plan of y = softmax(relu(x W)) made by the binding alone: x[batch, 256] in profiles of 1 to 4 and 5 to 64 rows.
 */
export async function nativePlan(builder: IBuilder, options: PlanOptions = {}): Promise<Uint8Array> {
  using network = builder.createNetworkV2(backend.tensorrt.product === 'trt10' ? ['STRONGLY_TYPED'] : []);
  let x = network.addInput('x', 'FLOAT', [-1, width]);
  for (let i = 0; i < (options.layers ?? 1); i++) {
    const weights = { type: 'FLOAT', data: i === 0 ? kernel : kernel.map((value) => value * (i + 1)) } as const;
    const constant = network.addConstant([width, width], weights);
    constant.setName(`kernel layer ${i}`);
    if (i === 0 && options.named !== false) network.setWeightsName(weights, 'kernel');
    const product = network.addMatrixMultiply(x, 'NONE', constant.getOutput(0), 'NONE').getOutput(0);
    x = network.addActivation(product, 'RELU').getOutput(0);
  }
  const softmax = network.addSoftMax(x);
  softmax.setName('probabilities');
  softmax.setAxes(1 << 1);
  softmax.getOutput(0).setName('y');
  network.markOutput(softmax.getOutput(0));
  using config = builder.createBuilderConfig();
  config.setBuilderOptimizationLevel(0);
  config.setProfilingVerbosity('DETAILED');
  if (config.getFlag('TF32')) config.clearFlag('TF32');
  for (const flag of options.flags ?? []) config.setFlag(flag);
  for (const [min, opt, max] of [
    [1, 2, 4],
    [5, 16, 64],
  ] as const) {
    const profile = builder.createOptimizationProfile();
    profile.setDimensions('x', 'MIN', [min, width]);
    profile.setDimensions('x', 'OPT', [opt, width]);
    profile.setDimensions('x', 'MAX', [max, width]);
    config.addOptimizationProfile(profile);
  }
  const { signal, onProgress } = options;
  return await builder.buildSerializedNetwork(network, config, {
    signal,
    onProgress: onProgress && (({ phase }) => onProgress(phase)),
  });
}

/** Runs x through a context of the engine, with memory made for it. */
export function runNative(engine: ICudaEngine, x: Float32Array, context?: IExecutionContext): Float32Array {
  const device = backend.tensorrt.cuda().device(0);
  using stream = device.createStream();
  const own = context ?? engine.createExecutionContext();
  const batch = x.length / width;
  if (!context) own.setOptimizationProfileAsync(batch > 4 ? 1 : 0, stream);
  own.setInputShape('x', [batch, width]);
  using input = device.memAlloc(x.byteLength);
  using output = device.memAlloc(x.byteLength);
  own.setTensorAddress('x', input);
  own.setTensorAddress('y', output);
  upload(input, x);
  own.enqueueV3(stream);
  stream.synchronize();
  if (!context) own.close();
  return download(output, x.length);
}

/** Copies numbers to device memory and waits. */
export function upload(memory: CudaMemory, values: Float32Array): void {
  const device = backend.tensorrt.cuda().device(0);
  using stream = device.createStream();
  using pinned = device.memAllocHost(values.byteLength);
  new Float32Array(pinned.buffer).set(values);
  stream.memcpyHtoDAsync(memory, 0, pinned, 0, values.byteLength);
  stream.synchronize();
}

/** Copies numbers from device memory and waits. */
export function download(memory: CudaMemory, length: number): Float32Array {
  const device = backend.tensorrt.cuda().device(0);
  using stream = device.createStream();
  using pinned = device.memAllocHost(length * 4);
  stream.memcpyDtoHAsync(pinned, 0, memory, 0, length * 4);
  stream.synchronize();
  return new Float32Array(pinned.buffer.slice(0));
}
