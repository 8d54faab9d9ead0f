// Hostile uses of engines, contexts, slots and refitters: everything closed at once, memory that goes away or is too small, worker
// threads that end during runs. They run on the engine of runtime.cc and the driver of driver.c, with or without a GPU.
import assert from 'node:assert/strict';
import { addon, collect, library, run, standInPath, terminateWorkers, transfer } from './hostile-case.mjs';

/** An engine of runtime.cc, which copies x [2, 8] to y: its objects, and the bindings of a slot. */
function engineModel(strategy) {
  const runtime = addon.load(standInPath).createInferRuntime();
  const engine = runtime.deserializeCudaEngine(Buffer.from('the plan of an engine that copies x to y'));
  const context = engine.createExecutionContext(strategy);
  const device = addon.cuda().device();
  const stream = device.createStream();
  context.setInputShape('x', [2, 8]);
  context.setInputShape('n', [1]);
  const bytes = { x: 64, n: 8, y: 64, v: 32, found: 8 };
  const bind = (tensor) => ({
    name: tensor,
    host: device.memAllocHost(bytes[tensor]),
    device: device.memAlloc(bytes[tensor]),
    byteLength: bytes[tensor],
  });
  return {
    runtime,
    engine,
    context,
    device,
    stream,
    inputs: ['x', 'n'].map(bind),
    outputs: ['y', 'v', 'found'].map(bind),
  };
}
/** A slot of which the caller holds nothing else, and everything that it was made from, for closing. */
function slotModel(graph) {
  const { inputs, outputs, ...objects } = engineModel();
  const slot = objects.context.createExecutionSlot({ stream: objects.stream, inputs, outputs, graph });
  const memory = [...inputs, ...outputs].flatMap(({ host, device }) => [host, device]);
  const { runtime, engine, context, stream } = objects;
  return { slot, engine, others: [runtime, engine, context, stream, ...memory] };
}
const ramp = (start = 0) => Float32Array.from({ length: 16 }, (_, k) => start + k);

const cases = {
  /** Slots whose context, engine, runtime, stream and memory were closed go on, and copy x to y. */
  async objectsClosedAtOnce() {
    for (const graph of [false, true]) {
      const { slot, others } = slotModel(graph);
      for (const each of others) each.close();
      others.length = 0;
      await collect();
      const y = new Float32Array(16);
      slot.runSync([ramp(), null], [y, null, null]);
      assert.deepEqual(y, ramp());
      const run = slot.run([ramp(7), null], [y, null, null]);
      assert.throws(() => slot.runSync([ramp(), null], [y, null, null]), /a run is going on/);
      slot.close();
      await collect();
      await run;
      assert.deepEqual(y, ramp(7));
    }
    await collect();
  },

  /** The buffer for a result goes away during the run. */
  async resultsTransferredDuringARun() {
    const { slot } = slotModel(false);
    const y = new Float32Array(16);
    const run = assert.rejects(slot.run([ramp(), null], [y, null, null]), /transferred/);
    transfer(y);
    await collect();
    await run;
  },

  /** A captured execution keeps context and memory, also memory whose place others took since. */
  async capturedThenClosed() {
    const { context, device, stream, inputs, outputs, ...rest } = engineModel('USER_MANAGED');
    const scratch = device.memAlloc(64);
    const bindings = [...inputs, ...outputs];
    for (const { name, host, device: memory } of bindings) context.setTensorAddress(name, name === 'n' ? host : memory);
    assert.throws(() => context.enqueueV3(stream), /scratch/);
    context.setDeviceMemoryV2(scratch, 64);
    context.updateDeviceMemorySizeForShapes();
    const event = device.createEvent();
    context.setInputConsumedEvent(event);
    const aux = device.createStream();
    context.setAuxStreams([aux]);
    context.setProfiler(true);
    const graph = stream.capture(() => context.enqueueV3(stream));
    for (const { name, host, device: memory } of bindings) {
      const other = name === 'n' ? device.memAllocHost(8) : device.memAlloc(64);
      context.setTensorAddress(name, other);
      host.close();
      memory.close();
    }
    context.setDeviceMemoryV2(device.memAlloc(64), 64);
    for (const each of [scratch, event, aux]) each.close();
    await collect();
    context.enqueueV3(stream);
    assert.equal(context.takeLayerTimes().length, 2);
    for (const each of [context, rest.engine, rest.runtime]) each.close();
    await collect();
    for (let k = 0; k < 3; k++) graph.launch(stream);
    stream.synchronize();
  },

  /** Memory that is a byte too small for a tensor, at the end of its block. */
  async memoryThatIsTooSmall() {
    const { context, device, stream, inputs, outputs } = engineModel();
    for (const { name, host, device: memory } of [...inputs, ...outputs])
      context.setTensorAddress(name, name === 'n' ? host : memory);
    for (const [name, bytes] of Object.entries({ x: 64, y: 64, v: 32, found: 8 })) {
      const memory = device.memAlloc(bytes);
      context.setTensorAddress(name, memory, 1);
      assert.throws(() => context.enqueueV3(stream), /needs \d+ bytes/);
      context.setTensorAddress(name, memory);
      context.enqueueV3(stream);
    }
    context.setInputShape('x', [3, 8]);
    assert.throws(() => context.enqueueV3(stream), /needs 96 bytes/);
  },

  /** Scratch memory of which TensorRT reports that it is too small, after it took it. */
  async scratchThatWasRefused() {
    const { context, device, stream, inputs, outputs } = engineModel('USER_MANAGED');
    for (const { name, host, device: memory } of [...inputs, ...outputs])
      context.setTensorAddress(name, name === 'n' ? host : memory);
    const [large, small] = [64, 8].map((bytes) => device.memAlloc(bytes));
    context.setDeviceMemoryV2(large, 64);
    context.enqueueV3(stream);
    assert.throws(() => context.setDeviceMemoryV2(small, 8), /little memory/);
    small.close();
    assert.throws(() => context.enqueueV3(stream), /scratch/);
  },

  /** Weights that go away before the refit; a refitter that outlives its engine's handle. */
  async refittedWithWeightsThatWentAway() {
    const { engine } = engineModel();
    let refitter = engine.createRefitter();
    const data = new Float32Array(8);
    refitter.setNamedWeights('x', { type: 'FLOAT', data });
    transfer(data);
    await collect();
    assert.throws(() => refitter.refitCudaEngine(), /transferred/);
    refitter = engine.createRefitter();
    refitter.setNamedWeights('x', { type: 'FLOAT', data: new Float32Array(8).fill(1) });
    engine.close();
    await collect();
    refitter.refitCudaEngine();
    assert.throws(() => refitter.refitCudaEngine(), /missing/);
  },

  /** An inspector, and the context that it was given, after both their handles went. */
  async inspectorOfAClosedContext() {
    const { engine, context } = engineModel();
    const inspector = engine.createEngineInspector();
    context.setName('the context');
    inspector.setExecutionContext(context);
    context.close();
    engine.close();
    await collect();
    assert.match(inspector.getEngineInformation('ONELINE'), /the context/);
    inspector.setExecutionContext(null);
    await collect();
    assert.doesNotMatch(inspector.getEngineInformation('ONELINE'), /the context/);
  },

  /** What an inspector has to say of a context that another thread executes. */
  async inspectorOfAContextThatRuns() {
    const { engine, context, stream, inputs, outputs } = engineModel();
    const slot = context.createExecutionSlot({ stream, inputs, outputs });
    const inspector = engine.createEngineInspector();
    inspector.setExecutionContext(context);
    const run = slot.run([ramp(), null], [null, null, null]);
    assert.throws(() => inspector.getEngineInformation('ONELINE'), /a run is going on/);
    assert.throws(() => inspector.getLayerInformation(0, 'ONELINE'), /a run is going on/);
    await run;
    inspector.getEngineInformation('ONELINE');
  },

  /** A graph keeps the memory that another stream's work used, where that stream took part in the capture. */
  async capturedInTwoStreams() {
    const device = addon.cuda().device();
    const [stream, other] = [device.createStream(), device.createStream()];
    const [fork, join] = [device.createEvent(), device.createEvent()];
    const from = device.memAlloc(1 << 20);
    const to = device.memAlloc(1 << 20);
    const graph = stream.capture(() => {
      fork.record(stream);
      other.waitEvent(fork);
      other.memcpyDtoDAsync(to, 0, from, 0, 1 << 20);
      join.record(other);
      stream.waitEvent(join);
    });
    const before = device.memGetInfo().free;
    for (const each of [from, to, other, fork, join]) each.close();
    await collect();
    assert.equal(device.memGetInfo().free, before, 'the graph keeps the memory');
    graph.launch(stream);
    const rest = device.createStream();
    rest.waitEvent(device.createEvent());
    rest.synchronize();
    graph.close();
    await collect();
    assert.ok(device.memGetInfo().free > before);
  },

  /** Runs in a stream that captures, and captures in a stream that runs: the graph would refer to memory that it does not keep. */
  async runsInACapture() {
    for (const graph of [false, true]) {
      const { context, engine, stream, device, inputs, outputs } = engineModel();
      const options = { stream, inputs, outputs };
      const slot = context.createExecutionSlot({ ...options, graph });
      const none = [
        [null, null],
        [null, null, null],
      ];
      stream.capture(() => {
        assert.throws(() => slot.run(...none), /the stream is capturing/);
        assert.throws(() => slot.runSync(...none), /the stream is capturing/);
      });
      const event = device.createEvent();
      const origin = device.createStream();
      const second = engine.createExecutionContext();
      second.setInputShape('x', [2, 8]);
      second.setInputShape('n', [1]);
      const run = slot.run(...none);
      assert.throws(() => stream.capture(() => {}), /a run goes on/);
      assert.throws(() => second.createExecutionSlot({ ...options, graph: true }), /a run goes on/);
      origin.capture(() => {
        event.record(origin);
        assert.throws(() => stream.waitEvent(event), /a run goes on/);
      });
      await run;
      stream.capture(() => {});
      slot.runSync(...none);
    }
  },

  /** Memory and streams of a device that the engine is not of. */
  async memoryOfAnotherDevice() {
    const { context, device, stream, inputs, outputs } = engineModel();
    const another = addon.cuda().device(1);
    device.synchronize();
    assert.throws(() => context.setTensorAddress('x', another.memAlloc(64)), /is of device 1, the engine of device 0/);
    assert.throws(() => context.enqueueV3(another.createStream()), /is of device 1/);
    const options = { stream, inputs, outputs };
    assert.throws(() => context.createExecutionSlot({ ...options, stream: another.createStream() }), /is of device 1/);
    outputs[0].device = another.memAlloc(64);
    assert.throws(() => context.createExecutionSlot(options), /is of device 1/);
    const managed = engineModel('USER_MANAGED');
    assert.doesNotThrow(() => managed.context.setDeviceMemoryV2(another.memAlloc(64), 64));
    addon.cuda().device(0);
    assert.throws(
      () => engineModel('USER_MANAGED').context.setDeviceMemoryV2(another.memAlloc(64), 64),
      /is of device 1/,
    );
  },

  /** Memory of a stream is closed while work uses it; the driver of driver.c ends the process where it is freed then. */
  async streamOrderedMemoryClosedAtOnce() {
    const { device, stream } = engineModel();
    const memory = device.memAllocAsync(1024, stream);
    stream.memsetD8Async(memory, 0, 1, 1024);
    memory.close();
    await collect();
  },

  /** A build has a thread of its own, which works on the device that the thread that asked for it chose. */
  async buildsOnTheChosenDevice() {
    const threads = () => addon.cuda().devices.map(({ multiprocessors }) => multiprocessors);
    const build = async () => {
      const builder = library.createInferBuilder();
      const network = builder.createNetworkV2();
      network.markOutput(network.addActivation(network.addInput('x', 'FLOAT', [4]), 'RELU').getOutput(0));
      const config = builder.createBuilderConfig();
      config.setNbComputeCapabilities(1);
      config.setComputeCapability('SM89', 0);
      await builder.buildSerializedNetwork(network, config);
    };
    await build();
    assert.deepEqual(threads(), [0, 0], 'a build alone chooses no device');
    addon.cuda().device(1);
    await build();
    assert.deepEqual(threads(), [0, 2]);
  },

  /** A plan whose buffer is overwritten and transferred while it is deserialized, by a runtime that is closed. */
  async planTransferredWhileItIsRead() {
    const runtime = addon.load(standInPath).createInferRuntime();
    const plan = new Uint8Array(Buffer.from('the plan of an engine that copies x to y'));
    const loading = runtime.deserializeCudaEngineAsync(plan);
    plan.fill(0);
    transfer(plan);
    runtime.close();
    await collect();
    assert.equal((await loading).getNbIOTensors(), 5);
  },

  /** A worker thread is terminated while runs go on, waited for or not. */
  async workerTerminatedDuringRuns() {
    await terminateWorkers(20, (k) => k % 4);
    const { slot } = slotModel(true);
    await slot.run([ramp(), null], [null, null, null]);
  },

  /** The process ends in the middle of runs. */
  async exitDuringRuns() {
    const slots = [false, true, false].map((graph) => slotModel(graph).slot);
    for (const slot of slots) slot.run([ramp(), null], [new Float32Array(16), null, null]);
    console.log('passed');
    process.exit(0);
  },
};

/** What the worker threads of a case do. */
const workers = {
  async workerTerminatedDuringRuns(port) {
    const slots = [false, true].map((graph) => slotModel(graph).slot);
    port.postMessage('running');
    for (;;) await Promise.all(slots.map((slot) => slot.run([ramp(), null], [new Float32Array(16), null, null])));
  },
};

await run(cases, workers);
