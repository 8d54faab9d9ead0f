// Every option of the TensorRT backend's compile on a GPU: it builds, loads, runs, and computes what the plain engine does.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { dim, type Graph, Network, TrtDslError, Weights } from '@trt-dsl/dsl';
import type { ICudaEngine, IRefitter, TensorRTCompileOptions, TensorRTEngine } from '@trt-dsl/trt-bindings';
import { backend, driver, save, timed } from './support.ts';

const onGpu = { skip: driver() ? false : 'no GPU' };
const figures: Record<string, unknown> = {};
const [width, hidden, classes] = [32, 64, 8];

/** Numbers from −0.125 to 0.125 without a pattern. */
const scattered = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => {
    const value = Math.sin((i + seed) * 12.9898) * 43758.5453;
    return (value - Math.floor(value) - 0.5) / 4;
  });

type Parameters = Readonly<Record<'inner' | 'innerBias' | 'outer' | 'outerBias', Float32Array>>;
const parameters = (seed: number): Parameters => ({
  inner: scattered(width * hidden, seed),
  innerBias: scattered(hidden, seed + 1),
  outer: scattered(hidden * classes, seed + 2),
  outerBias: scattered(classes, seed + 3),
});
const own = parameters(0.25);

/** tanh(relu(x W + b) V + c), x[batch, seq, 32]. */
function mlp(): Graph {
  const net = new Network('mlp');
  const x = net.addInput('x', 'float32', [dim('batch'), dim('seq'), width]);
  const weights = <const S extends readonly number[]>(name: keyof Parameters, shape: S) =>
    Weights.of('float32', shape, own[name], name);
  const inner = net.addReLU(net.addLinear(x, weights('inner', [width, hidden]), weights('innerBias', [hidden])));
  const outer = net.addLinear(inner, weights('outer', [hidden, classes]), weights('outerBias', [classes]));
  net.markOutput(net.addTanh(outer), 'y');
  return net.graph();
}

/** The same, computed here. */
function expected(x: Float32Array, { inner, innerBias, outer, outerBias }: Parameters): Float32Array {
  const linear = (row: Float64Array, kernel: Float32Array, bias: Float32Array): Float64Array =>
    Float64Array.from(bias, (start, column) =>
      row.reduce((sum, v, k) => sum + v * kernel[k * bias.length + column]!, start),
    );
  const out = new Float32Array((x.length / width) * classes);
  for (let row = 0; row * width < x.length; row++) {
    const from = Float64Array.from(x.subarray(row * width, (row + 1) * width));
    const between = linear(from, inner, innerBias).map((value) => Math.max(value, 0));
    out.set(linear(between, outer, outerBias).map(Math.tanh), row * classes);
  }
  return out;
}

type Shape = readonly [batch: number, seq: number];
const feed = ([batch, seq]: Shape) => ({
  data: Float32Array.from({ length: batch * seq * width }, (_, i) => Math.sin(batch + seq + i * 0.11)),
  shape: [batch, seq, width],
});
const profiles = [{ batch: [1, 2, 4], seq: [1, 8, 16] }] as const;
const shapes: readonly Shape[] = [
  [1, 1],
  [2, 8],
  [3, 5],
  [4, 16],
];
const compile = (options: TensorRTCompileOptions = {}): Promise<TensorRTEngine> =>
  backend.compile(mlp(), { profiles, ...options });

const results = async (engine: TensorRTEngine, at = shapes): Promise<readonly Float32Array[]> => {
  const all: Float32Array[] = [];
  for (const shape of at) all.push(((await engine.run({ x: feed(shape) }))['y']!.data as Float32Array).slice());
  return all;
};
const distance = (a: Float32Array, b: Float32Array): number => {
  assert.equal(a.length, b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
};
/** Sums of 32 and 64 products below 1/8 in float32, in whatever order. */
const tolerance = 1e-5;
function near(found: readonly Float32Array[], due: readonly Float32Array[], what: string): number {
  const worst = Math.max(...found.map((values, i) => distance(values, due[i]!)));
  assert.ok(worst < tolerance, `${what}: off by ${worst}`); // false for NaN too
  return worst;
}

let plain: readonly Float32Array[];
let plainBytes: number;
before(async () => {
  if (onGpu.skip) return;
  using engine = await compile();
  plain = await results(engine);
  plainBytes = engine.serialize().length;
});
after(() => {
  if (!onGpu.skip) save('options', figures);
});

test('the plain engine computes the network', onGpu, () => {
  figures['plain'] = near(
    plain,
    shapes.map((shape) => expected(feed(shape).data, own)),
    'plain',
  );
});

/** Options, and what TensorRT's engine says of them where it has a word for them. */
const cases: readonly (readonly [TensorRTCompileOptions, ((native: ICudaEngine) => void)?])[] = [
  [{}, (native) => assert.deepEqual([native.isRefittable(), native.getHardwareCompatibilityLevel()], [false, 'NONE'])],
  [
    { hardwareCompatibility: 'AMPERE_PLUS' },
    (native) => assert.equal(native.getHardwareCompatibilityLevel(), 'AMPERE_PLUS'),
  ],
  ...([[], ['EDGE_MASK_CONVOLUTIONS', 'JIT_CONVOLUTIONS']] as const).map(
    (tacticSources) =>
      [
        { tacticSources },
        // TensorRT tells those that the engine needs, of those that were allowed
        (native: ICudaEngine) =>
          assert.deepEqual(
            native.getTacticSources().filter((source) => !(tacticSources as readonly string[]).includes(source)),
            [],
          ),
      ] as const,
  ),
  [{ workspace: 2 ** 24 }],
  [{ optimizationLevel: 0 }],
  [{ optimizationLevel: 5 }],
  [{ avgTimingIterations: 4 }],
  [{ maxAuxStreams: 0 }, (native) => assert.equal(native.getNbAuxStreams(), 0)],
  [{ maxAuxStreams: 2 }, (native) => assert.ok(native.getNbAuxStreams() <= 2)],
  ...(['NONE', 'LAYER_NAMES_ONLY', 'DETAILED'] as const).map(
    (profilingVerbosity) =>
      [
        { profilingVerbosity },
        (native: ICudaEngine) => assert.equal(native.getProfilingVerbosity(), profilingVerbosity),
      ] as const,
  ),
  [{ refittable: true }, (native) => assert.equal(native.isRefittable(), true)],
  [{ cudaGraph: true, lanes: 1 }],
  [{ float16Sums: 'fastest', plugins: 'none', tf32: false }],
  [
    {
      hardwareCompatibility: 'AMPERE_PLUS',
      refittable: true,
      workspace: 2 ** 26,
      optimizationLevel: 1,
      avgTimingIterations: 2,
      maxAuxStreams: 1,
      profilingVerbosity: 'LAYER_NAMES_ONLY',
    },
    (native) => {
      assert.deepEqual([native.isRefittable(), native.getHardwareCompatibilityLevel()], [true, 'AMPERE_PLUS']);
      assert.equal(native.getProfilingVerbosity(), 'LAYER_NAMES_ONLY');
    },
  ],
];
for (const [options, check] of cases)
  test(
    `an engine with ${JSON.stringify(options)} computes what the plain one does, loaded anew too`,
    onGpu,
    async () => {
      const [engine, ms] = await timed(() => compile(options));
      const bytes = engine.serialize();
      check?.(engine.native);
      const worst = near(await results(engine), plain, 'built');
      engine.close();
      using loaded = await backend.load(bytes);
      check?.(loaded.native);
      near(await results(loaded), plain, 'loaded');
      figures[JSON.stringify(options)] = { ms: Math.round(ms), bytes: bytes.length, worst };
    },
  );

test('options that are none are refused before TensorRT builds', async () => {
  for (const options of [
    { profilingVerbosity: 'LOUD' },
    { hardwareCompatibility: 'PASCAL' },
    { tacticSources: ['MAGIC'] },
    { workspace: -1 },
    { optimizationLevel: 2.5 },
  ])
    await assert.rejects(
      async () => (await compile(options as never)).close(),
      (error: Error) => error instanceof TrtDslError || error instanceof TypeError,
      JSON.stringify(options),
    );
});

test('each of several profiles takes its sizes, and no other is taken', onGpu, async () => {
  using engine = await compile({
    profiles: [
      { batch: [1, 1, 1], seq: [1, 8, 16] },
      { batch: [2, 4, 8], seq: 4 },
      { batch: [1, 16, 32], seq: [17, 32, 64] },
    ],
  });
  const { native } = engine;
  assert.equal(native.getNbOptimizationProfiles(), 3);
  const range = (profile: number) =>
    (['MIN', 'OPT', 'MAX'] as const).map((select) => native.getProfileShape('x', profile, select).slice(0, 2));
  assert.deepEqual(range(0), [
    [1, 1],
    [1, 8],
    [1, 16],
  ]);
  assert.deepEqual(range(1), [
    [2, 4],
    [4, 4],
    [8, 4],
  ]);
  assert.deepEqual(range(2), [
    [1, 17],
    [16, 32],
    [32, 64],
  ]);
  const at: readonly Shape[] = [
    [1, 1],
    [8, 4],
    [32, 64],
    [1, 16],
    [2, 4],
    [1, 17],
    [1, 8],
    [1, 64],
    [1, 1],
  ];
  near(
    await results(engine, at),
    at.map((shape) => expected(feed(shape).data, own)),
    'profiles in turn',
  );
  for (const [batch, seq] of [
    [2, 5],
    [9, 4],
    [33, 17],
    [1, 65],
  ] as const)
    await assert.rejects(engine.run({ x: feed([batch, seq]) }), (error: TrtDslError) => error.code === 'shape');
});

/** Gives every weight of a refitter the values of `of`; layers bear the weights' names. */
function refit(refitter: IRefitter, of: Parameters): void {
  const all = refitter.getAll();
  const named = all.map(({ layerName, role }) => {
    const name = (Object.keys(of) as (keyof Parameters)[]).filter((key) => layerName.split(/\W/).includes(key)).at(0);
    assert.ok(name, `"${layerName}" is none of the weights`);
    return { layerName, role, data: of[name] };
  });
  assert.equal(named.length, Object.keys(of).length, JSON.stringify(all));
  for (const { layerName, role, data } of named) refitter.setWeights(layerName, role, { type: 'FLOAT', data });
  assert.deepEqual([refitter.getMissing(), refitter.getMissingWeights()], [[], []]);
  refitter.refitCudaEngine();
}

test('a refittable engine takes other weights, by the names of the layers', onGpu, async () => {
  const other = parameters(7.5);
  using engine = await compile({ refittable: true });
  using refitter = engine.native.createRefitter();
  refit(refitter, other);
  const due = shapes.map((shape) => expected(feed(shape).data, other));
  assert.ok(due.some((values, i) => distance(values, plain[i]!) > 0.05));
  near(await results(engine), due, 'other weights');
});

test('a stripped engine computes once it has its weights again, and is smaller', onGpu, async () => {
  const options = { refittable: true, stripWeights: true };
  using built = await compile(options);
  const bytes = built.serialize();
  figures['bytes'] = { plain: plainBytes, stripped: bytes.length };
  for (const engine of [built, await backend.load(bytes)]) {
    assert.equal(engine.native.isRefittable(), true);
    using refitter = engine.native.createRefitter();
    refit(refitter, own);
    near(await results(engine), plain, 'stripped');
    engine.close();
  }
  const size = async (strip: boolean): Promise<number> => {
    using engine = await backend.compile(large(), { refittable: true, stripWeights: strip, optimizationLevel: 0 });
    return engine.serialize().length;
  };
  const [whole, stripped] = [await size(false), await size(true)];
  figures['large_bytes'] = { whole, stripped };
  assert.ok(whole - stripped > 0.8 * 1024 * 1024 * 4, `${whole} and ${stripped} bytes`);
});

/** x W with 4 MiB of weights. */
function large(): Graph {
  const net = new Network('large');
  const x = net.addInput('x', 'float32', [2, 1024]);
  const kernel = Weights.of('float32', [1024, 1024], scattered(1024 * 1024, 3), 'kernel');
  net.markOutput(net.addMatMul(x, kernel), 'y');
  return net.graph();
}

test('a build keeps the timings that another one wrote to the same file meanwhile', onGpu, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-'));
  const shared = join(folder, 'shared');
  const build = async (graph: Graph, timingCache: string, onProgress = (): void => {}): Promise<void> =>
    (await backend.compile(graph, { timingCache, onProgress, ...(graph.dimNames.length > 0 && { profiles }) })).close();
  const networks: { graph: Graph; file: string; bytes: number }[] = [];
  for (const graph of [mlp(), large()]) {
    const file = join(folder, graph.name);
    await build(graph, file);
    networks.push({ graph, file, bytes: statSync(file).size });
  }
  const [less, more] = networks.sort((a, b) => a.bytes - b.bytes) as [(typeof networks)[0], (typeof networks)[0]];
  let written = false;
  await build(less.graph, shared, () => {
    if (!written) copyFileSync(more.file, shared);
    written = true;
  });
  const bytes = statSync(shared).size;
  figures['timing_caches'] = { alone: [less.bytes, more.bytes], together: bytes };
  rmSync(folder, { recursive: true });
  assert.ok(written);
  assert.ok(bytes > 0.95 * more.bytes, `${bytes} bytes, of which ${more.bytes} were there`);
});

// TensorRT puts libnvinfer_lean into the plan; NVIDIA's installations have it, some packages of the libraries do not.
// In a process of its own, since what TensorRT does without that library is nowhere written down.
const lean = (folder: string): boolean => existsSync(join(folder, 'libnvinfer_lean.so.10'));
const folders = [dirname(backend.tensorrt.libraryPath), ...(process.env['LD_LIBRARY_PATH'] ?? '').split(':')];

test('a version-compatible engine runs, and is loaded by those only who allow its code', onGpu, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-'));
  const plan = join(folder, 'plan');
  const program = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { dim, Network, Weights } from '@trt-dsl/dsl';
    import { tensorrt } from '@trt-dsl/trt-bindings';
    const backend = tensorrt({ product: 'trt10' });
    const net = new Network('line');
    const x = net.addInput('x', 'float32', [dim('batch'), 2]);
    net.markOutput(net.addMatMul(x, Weights.of('float32', [2, 1], Float32Array.of(2, 3), 'kernel')), 'y');
    const say = (what) => console.log(JSON.stringify(what));
    try {
      const built = await backend.compile(net.graph(), { versionCompatible: true, optimizationLevel: 0, profiles: [{ batch: [1, 2, 4] }] });
      writeFileSync(${JSON.stringify(plan)}, built.serialize());
      say({ built: [...(await built.run({ x: Float32Array.of(1, 2, 3, 4) })).y.data] });
      const refused = await backend.load(readFileSync(${JSON.stringify(plan)})).then(() => 'loaded', (error) => error.code);
      say({ refused });
      const loaded = await backend.load(readFileSync(${JSON.stringify(plan)}), { hostCode: true });
      say({ loaded: [...(await loaded.run({ x: Float32Array.of(1, 2, 3, 4) })).y.data] });
    } catch (error) {
      say({ error: error.name, message: error.message });
    }`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    timeout: 120_000,
  });
  const said = child.stdout.split('\n').filter((line) => line.startsWith('{'));
  const outcome = Object.assign({}, ...said.map((line) => JSON.parse(line) as object)) as Record<string, unknown>;
  figures['version_compatible'] = {
    lean: folders.some(lean),
    ...outcome,
    status: child.status,
    signal: child.signal,
    plan_bytes: existsSync(plan) ? statSync(plan).size : 0,
    ...(child.status !== 0 && { stderr: child.stderr.slice(-500) }),
  };
  rmSync(folder, { recursive: true });
  if (!folders.some(lean)) {
    context.skip('libnvinfer_lean.so.10 is not installed; what happened is in options.json');
    return;
  }
  assert.deepEqual(outcome, { built: [8, 18], refused: 'argument', loaded: [8, 18] }, child.stderr.slice(-500));
});
