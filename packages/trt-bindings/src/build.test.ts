import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BuildProgress,
  type IBuilder,
  type IBuilderConfig,
  type INetworkDefinition,
  loadTensorRT,
  TensorRTError,
} from './index.ts';

const tensorrt = loadTensorRT({ product: 'rtx' });
let builder: IBuilder;
beforeAll(() => {
  builder = tensorrt.createInferBuilder();
});
afterAll(() => builder?.close());

/** x[batch, 64] through `layers` linear layers and GELUs. */
function mlp(layers = 2): INetworkDefinition {
  const network = builder.createNetworkV2();
  let x = network.addInput('x', 'FLOAT', [-1, 64]);
  for (let i = 0; i < layers; i++) {
    // The only reference to the data is TensorRT's: it must outlive a garbage collection.
    const kernel = network.addConstant([64, 64], { type: 'FLOAT', data: new Float32Array(64 * 64).fill(0.01) });
    const bias = network.addConstant([1, 64], { type: 'FLOAT', data: new Float32Array(64) });
    const product = network.addMatrixMultiply(x, 'NONE', kernel.getOutput(0), 'NONE').getOutput(0);
    const sum = network.addElementWise(product, bias.getOutput(0), 'SUM').getOutput(0);
    const activation = network.addActivation(sum, 'GELU_ERF');
    activation.setName(`layer ${i}`);
    x = activation.getOutput(0);
  }
  network.markOutput(x);
  return network;
}

function configFor(maxBatch = 16): IBuilderConfig {
  const config = builder.createBuilderConfig();
  const profile = builder.createOptimizationProfile();
  profile.setDimensions('x', 'MIN', [1, 64]);
  profile.setDimensions('x', 'OPT', [4, 64]);
  profile.setDimensions('x', 'MAX', [maxBatch, 64]);
  expect(profile.isValid()).toBe(true);
  expect(profile.getDimensions('x', 'MAX')).toEqual([maxBatch, 64]);
  expect(config.addOptimizationProfile(profile)).toBe(0);
  config.setNbComputeCapabilities(1);
  config.setComputeCapability('SM89', 0);
  return config;
}

describe('IBuilder.buildSerializedNetwork', () => {
  it('builds an MLP and tells how far it is', async () => {
    using network = mlp();
    using config = configFor();
    const events: BuildProgress[] = [];
    const plan = await builder.buildSerializedNetwork(network, config, { onProgress: (event) => events.push(event) });
    expect(plan).toBeInstanceOf(Uint8Array);
    expect(plan.byteLength).toBeGreaterThan(10_000);
    expect(new TextDecoder().decode(plan.subarray(0, 4))).not.toBe('\0\0\0\0');
    const phases = events.filter(({ event }) => event === 'start').map(({ phase }) => phase);
    expect(phases).toContain('Building engine');
    for (const { event, step, steps } of events) if (event === 'step') expect(step).toBeLessThan(Math.max(steps, 1));
  });

  it('does not build on the event loop', async () => {
    using network = mlp(24);
    using config = configFor();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await builder.buildSerializedNetwork(network, config);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  it('is ended by an AbortSignal with its reason', async () => {
    using network = mlp(24);
    using config = configFor();
    const abort = new AbortController();
    const reason = new Error('enough');
    const build = builder.buildSerializedNetwork(network, config, {
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(build).rejects.toBe(reason);
    expect(network.getNbInputs()).toBe(1); // and all may be used again
  });

  it('is not begun with a signal that was aborted before', async () => {
    using network = mlp();
    using config = configFor();
    const build = builder.buildSerializedNetwork(network, config, { signal: AbortSignal.abort('no') });
    await expect(build).rejects.toBe('no');
  });

  it('is rejected with an error thrown by onProgress', async () => {
    using network = mlp();
    using config = configFor();
    const build = builder.buildSerializedNetwork(network, config, {
      onProgress: () => {
        throw new RangeError('mine');
      },
    });
    await expect(build).rejects.toThrow('mine');
  });

  it('keeps others from what it works on, and frees a network closed meanwhile afterwards', async () => {
    const network = mlp();
    using config = configFor();
    const x = network.getInput(0);
    const build = builder.buildSerializedNetwork(network, config);
    expect(() => network.addSoftMax(x)).toThrow(/not while a build is going on/);
    expect(() => config.setAvgTimingIterations(2)).toThrow(TensorRTError);
    expect(() => builder.createNetworkV2()).toThrow(TensorRTError);
    network.close();
    expect((await build).byteLength).toBeGreaterThan(0);
    expect(() => x.getName()).toThrow(/closed/);
  });

  it("says what is wrong in TensorRT's words", async () => {
    using network = builder.createNetworkV2();
    network.addInput('x', 'FLOAT', [2, 2]);
    using config = builder.createBuilderConfig();
    const error = await builder.buildSerializedNetwork(network, config).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TensorRTError);
    const { errors, code, message } = error as TensorRTError;
    expect(code).toBe('backend');
    expect(errors.length).toBeGreaterThan(0);
    expect(message).toContain(errors[0]!.message);
  });

  it('serves two builders at once', async () => {
    using other = tensorrt.createInferBuilder();
    using network = mlp();
    using config = configFor();
    using second = other.createNetworkV2();
    const y = second.addInput('y', 'HALF', [4, 4]);
    second.markOutput(second.addSoftMax(y).getOutput(0));
    using secondConfig = other.createBuilderConfig();
    secondConfig.setNbComputeCapabilities(1);
    secondConfig.setComputeCapability('SM120', 0);
    const plans = await Promise.all([
      builder.buildSerializedNetwork(network, config),
      other.buildSerializedNetwork(second, secondConfig),
    ]);
    for (const plan of plans) expect(plan.byteLength).toBeGreaterThan(0);
    expect(() => network.addSoftMax(y)).toThrow(/of another network/);
    await expect(async () => other.buildSerializedNetwork(network, secondConfig)).rejects.toThrow(/another builder/);
  });
});

describe('IBuilderConfig', () => {
  it('keeps what it is told', () => {
    using config = builder.createBuilderConfig();
    config.setMemoryPoolLimit('WORKSPACE', 1 << 20);
    expect(config.getMemoryPoolLimit('WORKSPACE')).toBe(1 << 20);
    config.setBuilderOptimizationLevel(1);
    expect(config.getBuilderOptimizationLevel()).toBe(1);
    config.setAvgTimingIterations(3);
    expect(config.getAvgTimingIterations()).toBe(3);
    config.setProfilingVerbosity('DETAILED');
    expect(config.getProfilingVerbosity()).toBe('DETAILED');
    config.setMaxAuxStreams(2);
    expect(config.getMaxAuxStreams()).toBe(2);
    config.setFlags(['REFIT', 'STRIP_PLAN']);
    expect(config.getFlags()).toEqual(['REFIT', 'STRIP_PLAN']);
    config.clearFlag('STRIP_PLAN');
    expect([config.getFlag('REFIT'), config.getFlag('STRIP_PLAN')]).toEqual([true, false]);
    config.setFlag('TF32');
    expect(config.getFlag('TF32')).toBe(true);
    config.setFlag('VERSION_COMPATIBLE');
    expect(config.getFlag('VERSION_COMPATIBLE')).toBe(true);
    config.setTacticSources(['EDGE_MASK_CONVOLUTIONS']);
    expect(config.getTacticSources()).toEqual(['EDGE_MASK_CONVOLUTIONS']);
    config.setNbComputeCapabilities(2);
    config.setComputeCapability('SM86', 0);
    config.setComputeCapability('SM120', 1);
    expect([0, 1].map((i) => config.getComputeCapability(i))).toEqual(['SM86', 'SM120']);
  });

  it('throws where TensorRT only logs', () => {
    using config = builder.createBuilderConfig();
    expect(() => config.setBuilderOptimizationLevel(77)).toThrow(TensorRTError);
    expect(config.getBuilderOptimizationLevel()).not.toBe(77);
    expect(() => config.setComputeCapability('SM86', 5)).toThrow(/argument 2/);
    // what TensorRT-RTX has the method for, but not the thing
    expect(() => config.setHardwareCompatibilityLevel('AMPERE_PLUS')).toThrow(/did not take AMPERE_PLUS, it kept NONE/);
  });

  it('makes, serializes, combines and takes timing caches', () => {
    using config = builder.createBuilderConfig();
    using cache = config.createTimingCache();
    const bytes = cache.serialize();
    expect(bytes.byteLength).toBeGreaterThan(0);
    using again = config.createTimingCache(bytes);
    cache.combine(again, false);
    expect(() => cache.combine(cache, false)).toThrow(/itself/);
    config.setTimingCache(cache, true);
    using kept = config.getTimingCache()!;
    expect(kept.serialize()).toEqual(cache.serialize());
    config.setTimingCache(again, true);
    expect(() => kept.serialize()).toThrow(/closed|gone/);
  });
});

describe('handles', () => {
  it('say that they were closed, and may be closed twice', () => {
    const network = mlp();
    const layer = network.getLayer(0);
    expect(network.closed).toBe(false);
    network.close();
    network.close();
    expect(network.closed).toBe(true);
    for (const use of [() => network.getNbLayers(), () => layer.getName()])
      expect(use).toThrow(expect.objectContaining({ name: 'TensorRTError', code: 'closed' }));
  });

  it('keep alive what they were made from', () => {
    const own = tensorrt.createInferBuilder();
    const network = own.createNetworkV2();
    own.close();
    expect(network.addInput('x', 'FLOAT', [1]).getDimensions()).toEqual([1]);
    network.close();
  });

  it('name method and argument in a TypeError', () => {
    using network = builder.createNetworkV2();
    const x = network.addInput('x', 'FLOAT', [2, 2]);
    const wrong = [
      [() => network.addSoftMax(3 as never), /INetworkDefinition\.addSoftMax: argument 1 must be an ITensor, not 3/],
      [() => network.addActivation(x, 'GELU' as never), /addActivation: argument 2 must be a ActivationType \('RELU'/],
      [() => network.addInput('y', 'FLOAT', [1.5]), /addInput: argument 3 must be an array of at most 8 integers/],
      [() => network.addInput('y'.repeat(5000), 'FLOAT', [1]), /argument 1 must be a string of at most 4095 bytes/],
      [() => (network.addShuffle as unknown as () => void)(), /addShuffle: takes 1 argument, was given 0/],
      [() => network.addShuffle(x).setFirstTranspose([0, 0]), /setFirstTranspose: argument 1 must be a permutation/],
      [() => network.addConstant([1], { type: 'FLOAT', data: new Uint8Array(3) }), /whole number of elements/],
    ] as const;
    for (const [call, words] of wrong) {
      expect(call).toThrow(TypeError);
      expect(call).toThrow(words);
    }
  });

  it('cannot be made with new', () => {
    using network = builder.createNetworkV2();
    const Class = network.constructor as new () => unknown;
    expect(() => new Class()).toThrow(TypeError);
  });
});
