// The binding's builds, engines and execution contexts. The builds run anywhere, the rest on a GPU.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dim, type Graph, Network, Weights } from '@trt-dsl/dsl';
import type { IBuilder, ICudaEngine, IRuntime, TensorRTError } from '@trt-dsl/trt-bindings';
import {
  agrees,
  download,
  error,
  expected,
  kernel,
  nativePlan,
  otherKernel,
  rows,
  runNative,
  upload,
  width,
} from './native-mlp.ts';
import { backend, driver, save, timed } from './support.ts';

const { tensorrt } = backend;
const cuda = driver();
const onGpu = { skip: cuda ? false : 'no GPU' };
const device = () => cuda!.device(0);
const refused = { name: 'TensorRTError' };
const figures: Record<string, unknown> = {};

let builder: IBuilder;
let runtime: IRuntime;
let plan: Uint8Array;
let engine: ICudaEngine;
before(async () => {
  builder = tensorrt.createInferBuilder();
  plan = await nativePlan(builder);
  if (!cuda) return;
  runtime = tensorrt.createInferRuntime();
  engine = runtime.deserializeCudaEngine(plan);
});
after(() => {
  engine?.close();
  runtime?.close();
  builder.close();
  save('binding', figures);
});

/** A context of the first profile with x[2, 256] and memory, and what frees it. */
function prepared(batch = 2) {
  const stream = device().createStream();
  const context = engine.createExecutionContext();
  context.setOptimizationProfileAsync(0, stream);
  context.setInputShape('x', [batch, width]);
  const [input, output] = [0, 1].map(() => device().memAlloc(batch * width * 4));
  context.setTensorAddress('x', input!);
  context.setTensorAddress('y', output!);
  const close = (): void => {
    for (const object of [context, stream, input!, output!]) object.close();
  };
  return { stream, context, input: input!, output: output!, close };
}

test('builds report progress and are ended by an AbortSignal', async () => {
  const phases: string[] = [];
  await nativePlan(builder, { onProgress: (phase) => phases.push(phase) });
  assert.ok(phases.length > 2, phases.join());
  figures['phases'] = [...new Set(phases)];
  const abort = new AbortController();
  const reason = new Error('enough');
  const [, cancelled] = await timed(() =>
    assert.rejects(
      nativePlan(builder, { layers: 40, signal: abort.signal, onProgress: () => abort.abort(reason) }),
      (thrown) => thrown === reason,
    ),
  );
  figures['cancelled_ms'] = Math.round(cancelled);
  await assert.rejects(nativePlan(builder, { signal: AbortSignal.abort('no') }), (thrown) => thrown === 'no');
  assert.ok((await nativePlan(builder)).length > 0, 'the builder serves on');
});

test('a timing cache is written, read, and set aside when it is garbage', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-'));
  const file = join(folder, 'timings');
  const build = async (options: object): Promise<number> => {
    const [made, ms] = await timed(() => backend.compile(graph(), { profiles: [{ batch: [1, 8, 16] }], ...options }));
    made.close();
    return Math.round(ms);
  };
  const cold = await build({ timingCache: file });
  assert.ok(existsSync(file));
  const bytes = readFileSync(file);
  const warm = await build({ timingCache: file });
  assert.ok(readFileSync(file).length >= bytes.length);
  figures['timing_cache'] = { bytes: bytes.length, cold_ms: cold, warm_ms: warm };
  writeFileSync(file, 'not a timing cache');
  await build({ timingCache: file, optimizationLevel: 0 });
  assert.notEqual(readFileSync(file, 'latin1'), 'not a timing cache');
  rmSync(folder, { recursive: true });
});

function graph(): Graph {
  const net = new Network('mlp');
  const x = net.addInput('x', 'float32', [dim('batch'), width]);
  net.markOutput(net.addReLU(net.addMatMul(x, Weights.of('float32', [width, width], kernel, 'kernel'))), 'y');
  return net.graph();
}

test('the engine says what it is', onGpu, () => {
  assert.deepEqual(
    [0, 1].map((i) => engine.getIOTensorName(i)),
    ['x', 'y'],
  );
  assert.deepEqual([engine.getTensorIOMode('x'), engine.getTensorIOMode('y')], ['INPUT', 'OUTPUT']);
  assert.deepEqual([engine.getTensorShape('x'), engine.getTensorDataType('x')], [[-1, width], 'FLOAT']);
  assert.equal(engine.getNbOptimizationProfiles(), 2);
  assert.deepEqual(engine.getProfileShape('x', 1, 'MAX'), [64, width]);
  assert.deepEqual([engine.getTensorLocation('x'), engine.isRefittable()], ['DEVICE', false]);
  assert.equal(engine.getTensorFormat('x'), 'LINEAR');
  figures['bytes_per_component'] = engine.getTensorBytesPerComponent('x', 1); // −1 is allowed where nothing is vectorized
  assert.equal(engine.getProfilingVerbosity(), 'DETAILED');
  assert.throws(() => engine.getTensorShape('z'), /"x", "y"/);
  assert.throws(() => engine.getProfileShape('x', 2, 'MAX'), TypeError);
  assert.throws(() => engine.getProfileShape('y', 0, 'MAX'), refused);
});

test('both profiles compute softmax(relu(x W)), and serialize() gives a plan that does', onGpu, () => {
  using again = runtime.deserializeCudaEngine(engine.serialize());
  for (const batch of [1, 4, 5, 64]) {
    const x = rows(batch, batch);
    for (const each of [engine, again]) agrees(runNative(each, x), x);
  }
});

test('a plan deserialized off the event loop is the same', onGpu, async () => {
  using other = await runtime.deserializeCudaEngineAsync(plan);
  agrees(runNative(other, rows(3)), rows(3));
});

test('the inspector gives layers as JSON', onGpu, () => {
  using inspector = engine.createEngineInspector();
  const { Layers: layers, Bindings: bindings } = JSON.parse(inspector.getEngineInformation('JSON'));
  assert.ok(layers.length > 0 && layers.length <= engine.getNbLayers(), `${layers.length}, ${engine.getNbLayers()}`);
  assert.deepEqual(bindings.slice(0, 2), ['x', 'y']);
  figures['layers'] = layers.map((layer: { Name: string; TacticName?: string }) => [layer.Name, layer.TacticName]);
  assert.ok(layers.every((layer: { Name?: string }) => typeof layer.Name === 'string'));
  assert.equal(JSON.parse(inspector.getLayerInformation(0, 'JSON')).Name, layers[0].Name);
  assert.ok(inspector.getLayerInformation(0, 'ONELINE').length > 0);
  assert.throws(() => inspector.getLayerInformation(engine.getNbLayers(), 'JSON'), TypeError);
  const own = prepared();
  inspector.setExecutionContext(own.context);
  try {
    assert.ok(JSON.parse(inspector.getEngineInformation('JSON')).Layers.length > 0);
  } catch (error) {
    assert.match(String(error), /TensorRT has no information/); // so 10.6
  }
  inspector.setExecutionContext(null);
  assert.ok(JSON.parse(inspector.getEngineInformation('JSON')).Layers.length > 0);
  own.close();
});

test('IProfiler tells the time of each layer', onGpu, () => {
  const { context, stream, input, close } = prepared();
  upload(input, rows(2));
  context.setProfiler(true);
  for (let i = 0; i < 3; i++) {
    context.enqueueV3(stream);
    stream.synchronize();
  }
  const times = context.takeLayerTimes();
  figures['layer_times'] = times.slice(0, times.length / 3);
  assert.equal(times.length % 3, 0);
  assert.ok(times.length >= 3 && times.every(({ layerName, ms }) => layerName !== '' && ms >= 0 && ms < 1000));
  assert.deepEqual(context.takeLayerTimes(), []);
  context.setProfiler(false);
  context.enqueueV3(stream);
  stream.synchronize();
  assert.deepEqual(context.takeLayerTimes(), []);
  close();
});

test('contexts share scratch memory of the user', onGpu, () => {
  const x = rows(64, 4);
  const needed = Math.max(engine.getDeviceMemorySizeV2(), 1);
  assert.ok(engine.getDeviceMemorySizeForProfileV2(1) <= engine.getDeviceMemorySizeV2());
  using scratch = device().memAlloc(needed);
  using stream = device().createStream();
  const contexts = [0, 1].map(() => engine.createExecutionContext('USER_MANAGED'));
  for (const [i, context] of contexts.entries()) {
    context.setOptimizationProfileAsync(1, stream);
    context.setInputShape('x', [64, width]);
    const exact = context.updateDeviceMemorySizeForShapes();
    figures['scratch_bytes'] = { engine: needed, shapes: exact };
    if (i === 0 && exact > 0) assert.throws(() => runNative(engine, x, context), /bytes of scratch memory and has 0/);
    assert.throws(() => context.setDeviceMemoryV2(scratch, needed + 1), TypeError);
    context.setDeviceMemoryV2(scratch, needed);
    agrees(runNative(engine, x, context), x);
  }
  for (const context of contexts) context.close();
  const own = prepared();
  assert.throws(() => own.context.setDeviceMemoryV2(scratch, needed), /USER_MANAGED/);
  own.close();
});

test('memory that is too small or missing is refused before anything runs', onGpu, () => {
  const { context, stream, input, close } = prepared();
  using small = device().memAlloc(2 * width * 4 - 1);
  context.setTensorAddress('y', small);
  assert.throws(() => context.enqueueV3(stream), /"y" needs 2048 bytes, its memory has 2047/);
  context.setTensorAddress('y', input, 256);
  assert.throws(() => context.enqueueV3(stream), /"y" needs 2048 bytes, its memory has 1792/);
  using pinned = device().memAllocHost(4096);
  assert.throws(() => context.setTensorAddress('y', pinned), TypeError);
  assert.throws(() => context.setTensorAddress('y', input, -1), TypeError);
  assert.throws(() => context.setTensorAddress('z', input), /"x", "y"/);
  using bare = engine.createExecutionContext();
  bare.setOptimizationProfileAsync(0, stream);
  assert.throws(() => bare.enqueueV3(stream), refused);
  bare.setInputShape('x', [2, width]);
  assert.throws(() => bare.enqueueV3(stream), /no memory \(setTensorAddress\)/);
  close();
});

test('shapes outside of the profile are refused', onGpu, () => {
  using context = engine.createExecutionContext();
  using stream = device().createStream();
  context.setOptimizationProfileAsync(0, stream);
  for (const shape of [[5, width], [0, width], [2, width - 1], [2], [2, width, 1], []])
    assert.throws(() => context.setInputShape('x', shape), refused, `[${shape}]`);
  assert.throws(() => context.setInputShape('y', [2, width]), TypeError);
  assert.throws(() => context.setInputShape('x', [2.5, width]), TypeError);
  assert.throws(() => context.setOptimizationProfileAsync(2, stream), TypeError);
  context.setInputShape('x', [3, width]);
  assert.deepEqual([context.inferShapes(), context.getTensorShape('y')], [[], [3, width]]);
  assert.deepEqual(context.getTensorStrides('y'), [width, 1]);
  context.setOptimizationProfileAsync(1, stream);
  stream.synchronize();
  assert.equal(context.getOptimizationProfile(), 1);
  context.setInputShape('x', [64, width]);
  assert.deepEqual(context.getTensorShape('y'), [64, width]);
});

test('a captured graph computes anew at each launch, and outlives the handles', onGpu, () => {
  const { context, stream, input, output, close } = prepared();
  upload(input, rows(2, 1));
  context.enqueueV3(stream);
  stream.synchronize();
  using graph = stream.capture(() => context.enqueueV3(stream));
  for (const seed of [2, 3, 4]) {
    upload(input, rows(2, seed));
    graph.launch(stream);
    stream.synchronize();
    agrees(download(output, 2 * width), rows(2, seed));
  }
  assert.throws(
    () =>
      stream.capture(() => {
        throw new RangeError('mine');
      }),
    RangeError,
  );
  upload(input, rows(2, 5));
  using second = device().createStream();
  context.close();
  graph.launch(second);
  second.synchronize();
  agrees(download(output, 2 * width), rows(2, 5));
  close();
});

test('what is closed in the wrong order still serves what needs it', onGpu, () => {
  const ownRuntime = tensorrt.createInferRuntime();
  const ownEngine = ownRuntime.deserializeCudaEngine(plan);
  ownRuntime.close();
  const context = ownEngine.createExecutionContext();
  const inspector = ownEngine.createEngineInspector();
  ownEngine.close();
  ownEngine.close();
  agrees(runNative(engine, rows(2), context), rows(2));
  assert.ok(inspector.getEngineInformation('ONELINE').length > 0);
  const memory = device().memAlloc(4096);
  const out = device().memAlloc(4096);
  const stream = device().createStream();
  context.setTensorAddress('x', memory);
  context.setTensorAddress('y', out);
  upload(memory, rows(2, 6));
  memory.close();
  context.enqueueV3(stream);
  stream.synchronize();
  agrees(download(out, 2 * width), rows(2, 6));
  stream.close();
  context.close();
  inspector.close();
  out.close();
  for (const use of [
    () => ownRuntime.deserializeCudaEngine(plan),
    () => ownEngine.getNbLayers(),
    () => context.setInputShape('x', [2, width]),
    () => inspector.getEngineInformation('JSON'),
    () => stream.synchronize(),
    () => engine.createExecutionContext().setTensorAddress('x', memory),
  ])
    assert.throws(use, (thrown: TensorRTError) => thrown.code === 'closed', String(use));
});

test('an execution slot copies in, runs and copies out', onGpu, async () => {
  const { context, stream, input, output, close } = prepared();
  const byteLength = 2 * width * 4;
  using inHost = device().memAllocHost(byteLength);
  using outHost = device().memAllocHost(byteLength);
  for (const graph of [false, true]) {
    using slot = context.createExecutionSlot({
      stream,
      inputs: [{ name: 'x', host: inHost, device: input, byteLength }],
      outputs: [{ name: 'y', host: outHost, device: output, byteLength }],
      graph,
    });
    assert.equal(slot.usesGraph, graph);
    const y = new Float32Array(2 * width);
    slot.runSync([rows(2, 1)], [y]);
    agrees(y, rows(2, 1));
    await slot.run([rows(2, 2)], [y]);
    agrees(y, rows(2, 2));
    assert.throws(() => slot.runSync([new Float32Array(3)], [y]), TypeError);
    assert.throws(() => slot.runSync([rows(2)], []), TypeError);
  }
  close();
});

test('what is newer than the library is refused by name', {
  skip: onGpu.skip || tensorrt.versionNumber >= 100700,
}, () => {
  using context = engine.createExecutionContext();
  for (const [method, call] of [
    ['getEngineStat', () => engine.getEngineStat('TOTAL_WEIGHTS_SIZE')],
    ['getAliasedInputTensor', () => engine.getAliasedInputTensor('y')],
    ['setUnfusedTensorsDebugState', () => context.setUnfusedTensorsDebugState(true)],
  ] as const)
    assert.throws(call, (thrown: TensorRTError) => thrown.code === 'unsupported' && thrown.message.includes(method));
});

test('the reference is a distribution, and tells the kernels apart', () => {
  const sum = expected(rows(1)).reduce((a, b) => a + b);
  assert.ok(Math.abs(sum - 1) < 1e-5);
  assert.ok(error(expected(rows(3), otherKernel), rows(3)) > 1e-3);
});
