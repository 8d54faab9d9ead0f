// One run of the fuzz test, in a process of its own that a crash may take down:
//   node child.mjs <addon> <library> <seed> <calls> <journal> [<library that stands in for TensorRT's runtime>]
// Calls every exported native method with arguments of all kinds on objects in all states. Half of the calls mend the
// argument that the last TypeError complained of, so that they reach TensorRT. The journal holds the call under way, for
// whoever looks at a crash. Prints one line of JSON: what was called, and how many calls reached TensorRT, or what stands in for
// it: runtime.cc, whose engine takes the place of one that TensorRT loads on a GPU, and the driver in driver.c.
import { openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const [addonPath, libraryPath, seedText, callsText, journalPath, standInPath] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(addonPath);
const library = addon.load(libraryPath);
const engines = standInPath ? addon.load(standInPath) : library;
const journal = openSync(journalPath, 'w');

let state = Number(seedText) >>> 0;
/** mulberry32 */
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const chance = (p) => random() < p;

// ── the world: native objects by class, open and closed ─────────────────────────────────────────────────────────────

const classNames = Object.keys(addon.classes);
const world = new Map(classNames.map((name) => [name, []]));
const classOf = (value) => classNames.find((name) => value instanceof addon.classes[name]);
const keep = (value) => {
  if (Array.isArray(value)) for (const each of value.slice(0, 4)) keep(each);
  else if (value !== null && typeof value === 'object') {
    const list = world.get(classOf(value));
    if (list === undefined) return;
    if (list.length >= 24) list[below(list.length)] = value;
    else list.push(value);
  }
};
const anyObject = () => {
  const lists = [...world.values()].filter((list) => list.length > 0);
  return pick(pick(lists));
};

const floats = (n) => ({ type: 'FLOAT', data: new Float32Array(n).fill(0.5) });

/** A layer of each other class, as far as the library has it. */
function moreLayers(network, x, image, ids, half) {
  const constant = (dims, type, data) => network.addConstant(dims, { type, data }).getOutput(0);
  let inputs = 0;
  const input = (type, dims) => network.addInput(`input ${inputs++}`, type, dims);
  const channels = constant([1, 3, 1, 1], 'FLOAT', new Float32Array(3));
  const one = constant([], 'FLOAT', new Float32Array([1]));
  const square = constant([8, 8], 'FLOAT', new Float32Array(64));
  const condition = constant([], 'BOOL', new Uint8Array(1));
  const axes = constant([1], 'INT64', new BigInt64Array(1));
  const loop = network.addLoop();
  const conditional = network.addIfConditional();
  const quantize = network.addQuantize(image, one, 'INT8');
  const makers = [
    () => network.addActivation(x, 'RELU'),
    () => network.addAssertion(condition, 'message'),
    () => network.addAttention(half, half, half, 'SOFTMAX', false),
    () => network.addCast(x, 'HALF'),
    () => network.addConcatenation([image, image]),
    () => network.addCumulative(image, constant([], 'INT32', new Int32Array(1)), 'SUM', false, false),
    () => network.addDeconvolutionNd(image, 4, [3, 3], floats(108), null),
    () => quantize,
    () => network.addDequantize(quantize.getOutput(0), one, 'FLOAT'),
    () => network.addDynamicQuantize(half, 3, 16, 'FP4', 'FP8'),
    () => network.addEinsum([square, square], 'ij,jk->ik'),
    () => network.addElementWise(image, image, 'SUM'),
    () => network.addGridSample(image, input('FLOAT', [1, 4, 4, 2])),
    () => network.addIdentity(image),
    () => network.addKVCacheUpdate(half, half, constant([2], 'INT32', new Int32Array(2)), 'LINEAR'),
    () => network.addLRN(image, 3, 1, 1, 1),
    () => network.addMatrixMultiply(x, 'NONE', square, 'NONE'),
    () => network.addDistCollective(image, 'ALL_REDUCE', 'SUM', -1, null),
    () => network.addMoE(input('HALF', [1, 8, 64]), input('INT32', [1, 8, 2]), input('HALF', [1, 8, 2])),
    () =>
      network.addNMS(input('FLOAT', [1, 8, 4]), input('FLOAT', [1, 8, 2]), constant([], 'INT32', new Int32Array([2]))),
    () => network.addRotaryEmbedding(half, input('HALF', [2, 16, 32]), input('HALF', [2, 16, 32]), false, 64),
    () => network.addNonZero(image),
    () => network.addNormalization(image, channels, channels, 4),
    () => network.addNormalizationV2(image, channels, channels, 4),
    () =>
      network.addOneHot(
        ids,
        constant([2], 'FLOAT', new Float32Array(2)),
        constant([], 'INT32', new Int32Array([4])),
        -1,
      ),
    () => network.addPaddingNd(image, [1, 1], [1, 1]),
    () => network.addParametricReLU(image, constant([1, 3, 1, 1], 'FLOAT', new Float32Array(3))),
    () => network.addPoolingNd(image, 'MAX', [2, 2]),
    () => network.addRaggedSoftMax(input('FLOAT', [2, 4, 5]), input('INT32', [2, 4, 1])),
    () => network.addReduce(image, 'SUM', 2, true),
    () => network.addReverseSequence(square, constant([8], 'INT32', new Int32Array(8).fill(1))),
    () => network.addScale(image, 'UNIFORM', floats(1), floats(1), floats(1)),
    () =>
      network.addScatter(
        square,
        constant([1, 2], 'INT32', new Int32Array(2)),
        constant([1], 'FLOAT', new Float32Array(1)),
        'ND',
      ),
    () => network.addShape(image),
    () => network.addSqueeze(image, axes),
    () => network.addUnary(image, 'EXP'),
    () => network.addUnsqueeze(image, axes),
    () => conditional.setCondition(condition),
    () => conditional.addInput(image),
    () => conditional.addOutput(image, image),
    () => loop.addTripLimit(constant([], 'INT32', new Int32Array([3])), 'COUNT'),
    () => loop.addIterator(image),
    () => loop.addRecurrence(image),
    () => loop.addLoopOutput(image, 'LAST_VALUE'),
  ];
  return makers.flatMap((make) => {
    try {
      return [make()];
    } catch {
      return []; // not in this library
    }
  });
}

/** A plan of y = relu(x), x [-1, 8], or what the stand-in takes for one; nothing where neither can run one. */
async function buildPlan() {
  if (standInPath) return Buffer.from('the plan of an engine that copies x to y');
  try {
    addon.cuda().device().createStream().close();
    const builder = library.createInferBuilder();
    const network = builder.createNetworkV2([]);
    network.addInput('x', 'FLOAT', [-1, 8]);
    const layer = network.addActivation(network.getInput(0), 'RELU');
    layer.getOutput(0).setName('y');
    network.markOutput(layer.getOutput(0));
    const config = builder.createBuilderConfig();
    config.setFlag('REFIT');
    const profile = builder.createOptimizationProfile();
    for (const [select, rows] of Object.entries({ MIN: 1, OPT: 2, MAX: 8 }))
      profile.setDimensions('x', select, [rows, 8]);
    config.addOptimizationProfile(profile);
    const plan = await builder.buildSerializedNetwork(network, config);
    const runtime = library.createInferRuntime();
    runtime.deserializeCudaEngine(plan).close();
    return plan;
  } catch {
    return undefined;
  }
}

const plan = await buildPlan();
let inputNames = [];
let outputNames = [];
/** What the stand-ins make: everything of these classes, and their runtimes. */
const standIns = new WeakSet();
const engineClasses = ['ICudaEngine', 'IEngineInspector', 'IRefitter', 'IExecutionContext', 'ExecutionSlot'];
const isStandIn = (self) =>
  standInPath !== undefined &&
  (standIns.has(self) || /^(Cuda|Pinned)/.test(classOf(self)) || engineClasses.includes(classOf(self)));

/** NVIDIA's plugins, where their library lies beside TensorRT's: creators, and a plugin of each kind. */
function seedPlugins() {
  const registry = library.getPluginRegistry();
  try {
    registry.initLibNvInferPlugins(join(dirname(libraryPath), 'libnvinfer_plugin.so.10'));
    for (const version of ['1', '2']) {
      const creator = registry.getCreator('CustomGeluPluginDynamic', version);
      keep(creator);
      keep(creator.createPlugin('gelu', [{ name: 'type_id', type: 'INT32', data: Int32Array.of(0) }]));
    }
  } catch {} // not in this product
}

/** What only a loaded engine has: contexts, slots that can run, a refitter, an inspector. */
function seedEngine() {
  if (!plan) return;
  seedPlugins();
  const runtime = engines.createInferRuntime();
  if (standInPath) standIns.add(runtime);
  const engine = runtime.deserializeCudaEngine(plan);
  const device = addon.cuda().device();
  const stream = device.createStream();
  const names = Array.from({ length: engine.getNbIOTensors() }, (_, k) => engine.getIOTensorName(k));
  inputNames = names.filter((name) => engine.getTensorIOMode(name) === 'INPUT');
  outputNames = names.filter((name) => engine.getTensorIOMode(name) === 'OUTPUT');
  for (const graph of [undefined, false, true]) {
    const context = engine.createExecutionContext(graph === undefined ? 'USER_MANAGED' : 'STATIC');
    const bind = (name) => {
      const host = device.memAllocHost(256);
      const memory = device.memAlloc(256);
      context.setTensorAddress(name, engine.getTensorLocation(name) === 'HOST' ? host : memory);
      for (const value of [host, memory]) keep(value);
      return { name, host, device: memory, byteLength: 64 };
    };
    for (const name of inputNames) context.setInputShape(name, engine.getProfileShape(name, 0, 'OPT'));
    const inputs = inputNames.map(bind);
    const outputs = outputNames.map(bind);
    keep(context);
    if (graph === undefined) {
      const size = Math.max(256, engine.getDeviceMemorySizeV2());
      context.setDeviceMemoryV2(device.memAlloc(size), size);
    } else keep(context.createExecutionSlot({ stream, inputs, outputs, graph }));
  }
  for (const value of [runtime, engine, stream, engine.createEngineInspector(), engine.createRefitter()]) keep(value);
}

function seedWorld() {
  for (let i = 0; i < 2; i++) {
    const builder = library.createInferBuilder();
    const config = builder.createBuilderConfig();
    const network = builder.createNetworkV2([]);
    const x = network.addInput('x', 'FLOAT', [-1, 8]);
    const image = network.addInput('image', 'FLOAT', [1, 3, 8, 8]);
    const ids = network.addInput('ids', 'INT32', [2, 3]);
    const flag = network.addConstant([], { type: 'BOOL', data: new Uint8Array(1) }).getOutput(0);
    const half = network.addInput('half', 'HALF', [2, 4, 16, 64]);
    const layers = [
      network.addSoftMax(x),
      network.addShuffle(image),
      network.addGather(image, ids, 1),
      network.addConvolutionNd(image, 4, [3, 3], floats(108), null),
      network.addSelect(network.addConstant([1, 1], { type: 'BOOL', data: new Uint8Array(1) }).getOutput(0), x, x),
      network.addTopK(x, 'MAX', 2, 2),
      network.addResize(image),
      network.addSlice(image, [0, 0, 0, 0], [1, 3, 4, 4], [1, 1, 1, 1]),
      network.addFill([4], 'LINSPACE', 'FLOAT'),
      network.addIfConditional(),
      network.addLoop(),
      network.addConstant([2, 2], floats(4)),
    ];
    layers.push(...moreLayers(network, x, image, ids, half));
    const profile = builder.createOptimizationProfile();
    for (const value of [builder, config, network, x, image, ids, flag, half, profile, ...layers]) keep(value);
    keep(config.createTimingCache());
  }
  keep(library.createInferRuntime());
  keep(library.getPluginRegistry());
  seedEngine();
  try {
    const device = addon.cuda().device();
    const stream = device.createStream();
    for (const value of [device, stream, device.createEvent(), device.memAlloc(256), device.memAllocHost(256)])
      keep(value);
    keep(stream.capture(() => {}));
  } catch {} // no driver here
}

// ── arguments ───────────────────────────────────────────────────────────────────────────────────────────────────────

const enumNames = Object.keys(addon.enums);
const numbers = [
  0,
  1,
  2,
  3,
  4,
  7,
  8,
  16,
  -1,
  -2,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e308,
  2 ** 31,
  -(2 ** 31),
  2 ** 53,
  2 ** 62,
];
const strings = [
  '',
  'x',
  'y',
  'image',
  'ids',
  'half',
  'no such name',
  'a\0b',
  'ä'.repeat(3000),
  'n'.repeat(5000),
  '../../x',
  'ij,jk->ik',
  '\ud800',
];
const detached = () => {
  const buffer = new ArrayBuffer(64);
  const view = new Float32Array(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  return view;
};
const buffers = [
  () => new Float32Array(pick([0, 1, 4, 27, 108, 1000])),
  () => new Uint8Array(pick([0, 1, 3, 64])),
  () => new BigInt64Array(4),
  () => new ArrayBuffer(16),
  () => new DataView(new ArrayBuffer(24), 3),
  () => new Uint8Array(new SharedArrayBuffer(32)),
  () => new Uint8Array(new ArrayBuffer(16, { maxByteLength: 64 })),
  () => Buffer.from('garbage that is no plan'),
  () => plan ?? new Uint8Array(8),
  detached,
  () => Object.defineProperty(new ArrayBuffer(16), 'resizable', { get: () => anyObject().close?.() }),
  () => {
    const buffer = new ArrayBuffer(16, { maxByteLength: 64 });
    Object.defineProperty(buffer, 'resizable', { value: false });
    return new Uint8Array(buffer);
  },
];
/** An array whose elements are got by running code, which closes something. */
const trap = () => {
  const list = [1, 2, 3, 4].slice(0, 1 + below(4));
  Object.defineProperty(list, 0, {
    get() {
      const victim = anyObject();
      try {
        victim.close?.();
      } catch {}
      return pick([1, victim, 'x']);
    },
  });
  return list;
};
const endless = () => Object.assign([], { length: 2 ** 32 - 1 });
const dims = () =>
  Array.from({ length: below(10) }, () => pick([0, 1, 2, 3, 4, 8, 16, -1, -1, -5, 2 ** 31, 2 ** 40, 0.5]));
const smallDims = () => Array.from({ length: below(5) }, () => pick([1, 2, 3, 4, 8, -1]));
const weights = () =>
  pick([
    () => null,
    () => floats(pick([0, 1, 4, 8, 27, 108])),
    () => ({ type: pick(addon.enums.DataType), data: pick(buffers)() }),
    () => ({ type: 'NONE', data: 1 }),
    () => ({}),
    () => ({
      get type() {
        throw new Error('getter');
      },
    }),
  ])();

const values = [
  () => undefined,
  () => null,
  () => pick(numbers),
  () => pick(numbers),
  () => pick([0n, -1n, 2n ** 70n]),
  () => chance(0.5),
  () => pick(strings),
  () => pick(addon.enums[pick(enumNames)]),
  () => Symbol('s'),
  () => () => {},
  dims,
  smallDims,
  trap,
  endless,
  () => pick(buffers)(),
  weights,
  () => ({}),
  () => Array.from({ length: below(4) }, anyObject),
  () => new Proxy({}, { get: () => 1 }),
  anyObject,
  anyObject,
];
const anything = () => pick(values)();

/** The options of a slot, which mostly fit some engine. */
const slotOptions = () => {
  const binding = (name) => ({
    name,
    host: pick(world.get('PinnedMemory')),
    device: pick(world.get('CudaMemory')),
    byteLength: pick([64, 64, 64, 256, 8, 0]),
    hostOffset: pick([undefined, undefined, 0, 64, 192, 257]),
    deviceOffset: pick([undefined, undefined, 0, 128, 192]),
  });
  const some = (names) => (chance(0.9) ? names : pick([inputNames, outputNames]).filter(() => chance(0.7)));
  return {
    stream: pick(world.get('CudaStream')),
    inputs: some(inputNames).map(binding),
    outputs: some(outputNames).map(binding),
    graph: pick([undefined, false, true]),
  };
};

/** A value of the kind that a TypeError asks for. */
function mend(expected) {
  const quoted = [...expected.matchAll(/"(\w+)"/g)].map((match) => match[1]);
  if (quoted.length > 0) return pick(quoted);
  const limit = /below (\d+)/.exec(expected)?.[1];
  if (limit) return below(Number(limit));
  if (/^an object \{ stream/.test(expected)) return slotOptions();
  const count = /^an array of (\d+) buffers or nulls/.exec(expected)?.[1];
  if (count)
    return Array.from({ length: Number(count) }, () =>
      chance(0.7) ? new Float32Array(16) : pick([null, pick(buffers)()]),
    );
  const enumeration = /^(?:a|an array of) (\w+)/.exec(expected)?.[1];
  const names = /\(('\w+'(?:, '\w+')*)\)/.exec(expected)?.[1];
  if (names) return pick(names.split(', ')).slice(1, -1);
  if (/^an array of ITensor/.test(expected))
    return Array.from({ length: 1 + below(3) }, () => pick(world.get('ITensor')));
  if (/^an array of .*CudaStream/.test(expected))
    return Array.from({ length: below(3) }, () => pick(world.get('CudaStream')));
  if (expected === 'CudaMemory or PinnedMemory') return pick(world.get(pick(expected.split(' or '))));
  const object = /^an (I\w+|Cuda\w+|PinnedMemory)/.exec(expected)?.[1];
  if (object === 'ILayer') return anyObject();
  if (object && world.get(object)?.length) return pick(world.get(object));
  if (/^weights/.test(expected)) return weights();
  if (/dimensions|permutation|array of (at most \d+ )?(integers|numbers)/.test(expected))
    return expected.includes('permutation')
      ? pick([[1, 0], [0, 1], [0, 2, 1, 3], [0]])
      : chance(0.7)
        ? smallDims()
        : pick([[1 + below(8), 8], [1]]);
  if (enumeration && addon.enums[enumeration])
    return Array.from({ length: below(3) }, () => pick(addon.enums[enumeration]));
  if (/boolean/.test(expected)) return chance(0.5);
  if (/string/.test(expected)) return pick(['x', 'image', 'name', 'copy', 'ij,jk->ik']);
  if (/index|uint32|int32|integer|number|axis|byte/.test(expected)) return pick([0, 1, 2, 3, 4, 5, 8, 64]);
  if (/TypedArray/.test(expected)) return pick(buffers)();
  if (/function/.test(expected)) return () => {};
  return anything();
}

// ── calls ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Classes of which there never was an object: their methods were called on others. */
const absent = new Set(classNames);
const counts = { calls: 0, returned: 0, typeErrors: 0, otherErrors: 0, promises: 0, reachedStandIns: 0 };
const methods = classNames.flatMap((name) =>
  Object.getOwnPropertyNames(addon.classes[name].prototype)
    .filter((method) => method !== 'constructor')
    .map((method) => ({
      name,
      method,
      descriptor: Object.getOwnPropertyDescriptor(addon.classes[name].prototype, method),
    })),
);
const reachedMethods = new Set();

const show = (value) => {
  try {
    if (value !== null && typeof value === 'object')
      return classOf(value) ?? (Array.isArray(value) ? `[${value.length}]` : Object.prototype.toString.call(value));
    return String(typeof value === 'symbol' ? 'symbol' : value).slice(0, 40);
  } catch {
    return '?';
  }
};

function call({ name, method, descriptor }, self, args) {
  counts.calls++;
  const before = addon.callsReachingNative();
  writeSync(journal, `${counts.calls} ${name}.${method}(${args.map(show).join(', ')})`.padEnd(400), 0);
  try {
    const result = descriptor.get ? descriptor.get.call(self) : descriptor.value.apply(self, args);
    counts.returned++;
    if (result instanceof Promise) {
      counts.promises++;
      result.then(keep, () => {});
      return { result };
    }
    keep(result);
    return { result };
  } catch (error) {
    if (error instanceof TypeError) counts.typeErrors++;
    else counts.otherErrors++;
    return { error };
  } finally {
    const reached = addon.callsReachingNative() - before;
    if (reached > 0) reachedMethods.add(`${name}.${method}`);
    if (reached > 0 && isStandIn(self)) counts.reachedStandIns += reached;
  }
}

const arity = ({ descriptor, name, method }) =>
  /takes (\d+)(?: to (\d+))? argument/
    .exec(messageOf(() => descriptor.value.apply(pick(world.get(name)), new Array(30))))
    ?.slice(1) ?? [method ? 2 : 0];
const messageOf = (work) => {
  try {
    work();
  } catch (error) {
    return String(error?.message);
  }
  return '';
};
const arities = new Map();
const argumentCount = (entry) => {
  const key = `${entry.name}.${entry.method}`;
  if (!arities.has(key) && world.get(entry.name).length > 0 && !entry.descriptor.get)
    arities.set(key, arity(entry).filter(Boolean).map(Number));
  return pick(arities.get(key) ?? [0, 1, 2, 3]);
};

async function one(entry) {
  const own = world.get(entry.name);
  // 'close' often enough, but not so that nothing stays open
  if (entry.method === 'close' && chance(0.8)) return;
  const self = own.length > 0 && chance(0.97) ? pick(own) : chance(0.5) ? anyObject() : anything();
  const count = chance(0.95) ? argumentCount(entry) : below(8);
  const args = Array.from({ length: count }, anything);
  if (entry.method === 'createExecutionSlot' && chance(0.7)) args[0] = slotOptions();
  const mending = chance(0.8);
  for (let attempt = 0; attempt < 8; attempt++) {
    const { result, error } = call(entry, self, args);
    if (result instanceof Promise && chance(0.3))
      await Promise.race([result.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 3000))]);
    const asked = /argument (\d+) must be (.*), not /s.exec(error?.message ?? '');
    if (!mending || !asked) return;
    args[Number(asked[1]) - 1] = mend(asked[2]);
  }
}

const seed = () => {
  seedWorld();
  for (const name of classNames) if (world.get(name).length > 0) absent.delete(name);
};
seed();
const limit = Number(callsText);
// Engines and what they make are few classes whose methods need each other: three calls a round.
const often = methods.filter(({ name }) => engineClasses.includes(name));
let round = 0;
while (counts.calls < limit) {
  // Each method in each round, so that none is left out by chance.
  for (const entry of [...methods, ...often, ...often].sort(() => random() - 0.5)) {
    if (counts.calls >= limit) break;
    await one(entry);
  }
  if (++round % 3 === 0) {
    seed();
    await new Promise((resolve) => setImmediate(resolve));
    global.gc?.();
  }
}
console.log(
  JSON.stringify({
    ...counts,
    reached: addon.callsReachingNative(),
    methods: methods.length,
    methodsReached: reachedMethods.size,
    classesWithoutObjects: classNames.filter((name) => absent.has(name)),
  }),
);
// Half of the processes end in the middle of what they do, half by themselves, after which nothing may be left allocated.
if (Number(seedText) % 2 === 0) process.exit(0);
