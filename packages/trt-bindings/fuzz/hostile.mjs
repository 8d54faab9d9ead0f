// Hostile uses of builders, networks and CUDA objects, which the fuzz test's random calls do not reach: getters that change what
// was read before, buffers that go away during a build, listeners called too late, worker threads that end in the middle.
import assert from 'node:assert/strict';
import {
  addon,
  collect,
  ended,
  library,
  libraryPath,
  run,
  terminateWorkers,
  transfer,
  worker,
} from './hostile-case.mjs';

/** A small network, the buffer of its weights, and a config with which it builds. */
function model(layers = 1) {
  const builder = library.createInferBuilder();
  const network = builder.createNetworkV2();
  const config = builder.createBuilderConfig();
  config.setNbComputeCapabilities(1);
  config.setComputeCapability('SM89', 0);
  const data = new Float32Array(64 * 64).fill(0.01);
  let x = network.addInput('x', 'FLOAT', [4, 64]);
  for (let k = 0; k < layers; k++) {
    const kernel = network.addConstant([64, 64], { type: 'FLOAT', data }).getOutput(0);
    x = network.addMatrixMultiply(x, 'NONE', kernel, 'NONE').getOutput(0);
    x = network.addActivation(x, 'TANH').getOutput(0);
  }
  network.markOutput(x);
  return { builder, network, config, data };
}

const cases = {
  /** The functions of what load returned, after it was collected itself. */
  async functionsOfACollectedLibrary() {
    const { createInferBuilder, supports } = addon.load(libraryPath);
    await collect();
    assert.equal(supports('IBuilder', 'createNetworkV2'), true);
    createInferBuilder().close();
  },

  /** Two configs, each with the timing cache that the other made; then the caches without the configs. */
  async timingCachesOfEachOther() {
    const builder = library.createInferBuilder();
    let configs = [builder.createBuilderConfig(), builder.createBuilderConfig()];
    let caches = configs.map((config) => config.createTimingCache());
    for (const k of [0, 1]) configs[k].setTimingCache(caches[1 - k], true);
    for (const config of configs) config.close();
    configs = undefined;
    await collect();
    assert.ok(caches[0].serialize().byteLength > 0);
    caches[0].combine(caches[1], true);
    caches = undefined;
    await collect();
  },

  /** Whether a buffer is resizable is asked of the buffer, not of a property that the caller put on it. */
  async buffersThatLieAboutTheirSize() {
    const { network, config } = model();
    let asked = 0;
    const weights = new Float32Array(16);
    Object.defineProperty(weights.buffer, 'resizable', { get: () => asked++ });
    network.addConstant([16], { type: 'FLOAT', data: weights });
    assert.equal(asked, 0, 'the getter was run');
    const resizable = new ArrayBuffer(64, { maxByteLength: 1024 });
    Object.defineProperty(resizable, 'resizable', { value: false });
    assert.throws(() => network.addConstant([16], { type: 'FLOAT', data: resizable }), /resizable/);
    assert.throws(() => config.createTimingCache(new Uint8Array(resizable)), /resizable/);
    const growable = new SharedArrayBuffer(64, { maxByteLength: 1024 });
    Object.defineProperty(growable, 'growable', { value: false });
    assert.throws(() => network.addConstant([16], { type: 'FLOAT', data: new Float32Array(growable) }), /resizable/);
  },

  /** The second weights of a call take away the first. */
  async weightsTransferredByALaterArgument() {
    const { network } = model();
    const image = network.addInput('image', 'FLOAT', [1, 3, 8, 8]);
    const kernel = new Float32Array(108);
    const bias = {
      get type() {
        transfer(kernel);
        return 'FLOAT';
      },
      data: new Float32Array(4),
    };
    assert.throws(
      () => network.addConvolutionNd(image, 4, [3, 3], { type: 'FLOAT', data: kernel }, bias),
      /transferred/,
    );
    await collect();
  },

  /** The options of a build take away weights, after which the network must not be read. */
  async weightsTransferredByBuildOptions() {
    const { builder, network, config, data } = model();
    const options = {
      get onProgress() {
        transfer(data);
        return undefined;
      },
    };
    assert.throws(() => builder.buildSerializedNetwork(network, config, options), /transferred/);
    await collect();
  },

  /** A plan made while its weights went away is not handed out. */
  async weightsTransferredDuringABuild() {
    const { builder, network, config, data } = model();
    const plan = builder.buildSerializedNetwork(network, config);
    const taken = transfer(data);
    await assert.rejects(plan, /transferred/);
    assert.equal(taken.byteLength, 64 * 64 * 4);
  },

  /** Listeners of something like an AbortSignal, called after the build they were for. */
  async listenerCalledAfterTheBuild() {
    const { builder, network, config } = model();
    let listener;
    const signal = {
      aborted: false,
      addEventListener: (_, each) => {
        listener = each;
      },
      removeEventListener() {},
    };
    assert.ok((await builder.buildSerializedNetwork(network, config, { signal })).byteLength > 0);
    await collect();
    listener();
    listener();
  },

  /** Signals whose parts throw: an error each time, and a builder that goes on. */
  async signalsThatThrow() {
    const { builder, network, config } = model();
    const bad = new Error('bad signal');
    const fail = () => {
      throw bad;
    };
    const signal = (overrides) =>
      Object.defineProperties(
        { aborted: false, addEventListener() {}, removeEventListener() {}, reason: undefined },
        Object.getOwnPropertyDescriptors(overrides),
      );
    const build = (overrides) => builder.buildSerializedNetwork(network, config, { signal: signal(overrides) });
    assert.throws(() => build({ addEventListener: fail }), bad);
    const unknown = {
      get aborted() {
        return fail();
      },
    };
    assert.throws(() => build(unknown), bad);
    let reads = 0;
    const fickle = {
      get addEventListener() {
        return reads++ === 0 ? () => {} : 1;
      },
    };
    assert.ok((await build(fickle)).byteLength > 0);
    assert.ok((await build({ removeEventListener: fail })).byteLength > 0);
    await assert.rejects(
      build({
        addEventListener: (_, abort) => abort(),
        get reason() {
          return fail();
        },
      }),
      bad,
    );
    assert.ok((await build({})).byteLength > 0);
  },

  /** Everything that belongs to a build is closed while it goes on, and collected. */
  async closedDuringABuild() {
    let { builder, network, config } = model(4);
    const other = builder.createNetworkV2();
    const tensor = other.addInput('y', 'FLOAT', [1]);
    const cache = config.createTimingCache();
    const plan = builder.buildSerializedNetwork(network, config, {
      onProgress() {
        if (!builder) return;
        assert.throws(() => builder.buildSerializedNetwork(network, config), /build is going on/);
        assert.throws(() => tensor.getName(), /build is going on/);
        for (const each of [other, cache, network, config, builder]) each.close();
        builder = network = config = undefined;
        gc();
      },
    });
    assert.ok((await plan).byteLength > 0);
    await collect();
  },

  /** The process ends from a build's own progress report. */
  async exitDuringABuild() {
    const { builder, network, config } = model(4);
    let reports = Math.floor(Math.random() * 20);
    const onProgress = () => {
      if (reports-- > 0) return;
      console.log('passed');
      process.exit(0);
    };
    await builder.buildSerializedNetwork(network, config, { onProgress });
  },

  /** A worker thread is terminated while it builds; the main thread builds afterwards. */
  async workerTerminatedDuringABuild() {
    for (let k = 0; k < 3; k++) {
      const thread = worker();
      await new Promise((resolve) => thread.once('message', resolve));
      await Promise.all([ended(thread), thread.terminate()]);
    }
    const { builder, network, config } = model();
    assert.ok((await builder.buildSerializedNetwork(network, config)).byteLength > 0);
  },

  /** Weights in the memory of a plan, which goes when the worker thread that builds with them is terminated. */
  async workerTerminatedWithExternalWeights() {
    await terminateWorkers(3, (k) => 20 * k);
  },

  /** A worker thread is terminated in the middle of calls that succeed, fail and report progress. */
  async workerTerminatedDuringCalls() {
    await terminateWorkers(25, (k) => k % 5);
  },

  /** A worker's logger is set, the worker ends, and TensorRT logs on. */
  async loggerOfAWorkerThatEnded() {
    const { builder, network, config } = model();
    for (let k = 0; k < 4; k++) {
      const thread = worker();
      const plan = builder.buildSerializedNetwork(network, config);
      await Promise.all([ended(thread), plan]);
    }
    addon.setLogger(null, 2);
  },

  /** Calls where the stack ends: each is an error, at every depth. */
  async callsAtTheEndOfTheStack() {
    const { builder, network, config } = model();
    const tries = [
      () => network.addInput(`i${Math.random()}`, 'FLOAT', [1, 2]),
      () => network.addInput(1, 2, 3),
      () => network.getInput(0).getDimensions(),
      () => config.getFlags(),
      () => builder.createNetworkV2().close(),
      () => addon.methods(),
      () => addon.load('/nowhere'),
      () => network.addConstant([2], { type: 'FLOAT', data: new Float32Array(2) }),
    ];
    let calls = 0;
    const dive = (attempt) => {
      try {
        dive(attempt);
      } catch {}
      if (calls++ < 2000) attempt();
    };
    for (const attempt of tries) {
      calls = 0;
      try {
        dive(attempt);
      } catch {}
    }
    assert.equal(network.getInput(0).getName(), 'x');
  },

  /** Arrays that are longer than memory, and arrays that change while they are read. */
  async arraysThatAreNoArrays() {
    const { network, config } = model();
    const x = network.getInput(0);
    const endless = [];
    endless.length = 2 ** 32 - 1;
    const shrinking = [1, 2, 3, 4];
    Object.defineProperty(shrinking, 0, {
      get() {
        shrinking.length = 0;
        return 1;
      },
    });
    for (const list of [endless, shrinking, new Proxy([1], {}), Object.setPrototypeOf([1], null)])
      for (const call of [
        () => network.addInput('a', 'FLOAT', list),
        () => network.addConcatenation(list),
        () => network.addEinsum(list, 'ij->ij'),
        () => network.addShuffle(x).setFirstTranspose(list),
        () => x.setAllowedFormats(list),
        () => config.setFlags(list),
      ])
        try {
          call();
        } catch (error) {
          assert.ok(error instanceof Error);
        }
  },

  /** Copies, captures and waits whose objects are closed at once. */
  async cudaObjectsClosedAtOnce() {
    const device = addon.cuda().device();
    const before = device.memGetInfo().free;
    const inner = (() => {
      const stream = device.createStream();
      const memory = device.memAlloc(1024);
      const pinned = device.memAllocHost(1024);
      const graph = stream.capture(() => stream.memcpyHtoDAsync(memory, 0, pinned, 0, 1024));
      for (const each of [stream, memory, pinned]) each.close();
      return graph;
    })();
    await collect();
    assert.ok(device.memGetInfo().free < before, 'the graph keeps its memory');
    let outer = (() => {
      const stream = device.createStream();
      const graph = stream.capture(() => inner.launch(stream));
      inner.close();
      stream.close();
      return graph;
    })();
    await collect();
    assert.ok(device.memGetInfo().free < before, 'the graph that launches it keeps its memory');
    outer.close();
    outer = undefined;
    await collect();
    assert.equal(device.memGetInfo().free, before);
    const stream = device.createStream();
    const waits = [stream.synchronizeAsync(), stream.synchronizeAsync()];
    stream.close();
    gc();
    await Promise.all(waits);
  },
};

/** What the worker threads of a case do. */
const workers = {
  workerTerminatedDuringABuild(port) {
    const { builder, network, config } = model(6);
    let told = false;
    builder.buildSerializedNetwork(network, config, {
      onProgress() {
        if (!told) port.postMessage('building');
        told = true;
      },
    });
  },
  async workerTerminatedWithExternalWeights(port) {
    const large = (data) => {
      const { builder, network, config } = model();
      const kernel = network.addConstant([64, 1 << 17], { type: 'FLOAT', data }).getOutput(0);
      network.markOutput(network.addMatrixMultiply(network.getInput(0), 'NONE', kernel, 'NONE').getOutput(0));
      return { builder, network, config };
    };
    const { builder, network, config } = large(new Float32Array(1 << 23).fill(0.01));
    const plan = await builder.buildSerializedNetwork(network, config);
    const second = large(new Float32Array(plan.buffer, 0, 1 << 23));
    let told = false;
    second.builder.buildSerializedNetwork(second.network, second.config, {
      onProgress() {
        if (!told) port.postMessage('building');
        told = true;
      },
    });
  },
  workerTerminatedDuringCalls(port) {
    const { network, config } = model();
    const x = network.getInput(0);
    port.postMessage('calling');
    for (;;) {
      try {
        network.addInput(1);
      } catch {}
      try {
        x.getDimensions();
        config.setFlags(['FP16', 'no such flag']);
      } catch {}
      network.addActivation(x, 'RELU');
      const trap = [1];
      Object.defineProperty(trap, 0, { get: () => x.getName() });
      try {
        network.addInput('y', 'FLOAT', trap);
      } catch {}
    }
  },
  loggerOfAWorkerThatEnded() {
    addon.setLogger(() => {}, 4);
    const { builder, network, config } = model();
    builder.buildSerializedNetwork(network, config);
  },
};

await run(cases, workers);
