// Each plugin in an engine with dynamic shapes, float16 and bfloat16, against its decomposition compiled by TensorRT.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dim, fromNumbers, type HostTensor, Network, type Tensor, toNumbers, Weights } from '@trt-dsl/dsl';
import { rmsNorm, rmsNormLibrary } from '@trt-dsl/example-custom-plugin';
import { embLayerNorm, layerNorm, pluginLibrary, qkvToContext, skipLayerNorm } from '@trt-dsl/plugins-cuda';
import { splitNotes, tensorrt } from '@trt-dsl/trt-bindings';
import { integers } from './integers.ts';
import { seeded } from './seeded.ts';
import { save, timingCache } from './support.ts';

/** The library of examples/custom-plugin, if it was built. */
const exampleLibrary = (): readonly string[] => {
  try {
    return [rmsNormLibrary()];
  } catch (error) {
    process.stdout.write(`${(error as Error).message}\n`);
    return [];
  }
};

/** TensorRT with the plugins' libraries. */
export const backend = tensorrt({ product: 'trt10', pluginLibraries: [pluginLibrary(), ...exampleLibrary()] });

const [hidden, heads, words] = [768, 12, 1000];
const [batch, seq, total, boundaries] = [dim('batch'), dim('seq'), dim('total'), dim('boundaries')];
const padded = { batch: [1, 4, 8], seq: [1, 128, 384] } as const;
const packed = { total: [1, 700, 3072], boundaries: [2, 9, 9] } as const;

const random = seeded(11);
/** The types that the plugins have kernels for, and half the distance from 1 to the next number. */
const roundings = { float16: 2 ** -11, bfloat16: 2 ** -8 } as const;
type Half = keyof typeof roundings;
const halves = (dataType: Half, shape: readonly number[]): HostTensor<Half> => ({
  dataType,
  shape,
  data: fromNumbers(dataType, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random.normal)),
});
const constant = (type: Half, shape: readonly number[]): Weights<Half, number> =>
  Weights.of(type, shape, halves(type, shape).data) as Weights<Half, number>;
const vector = (type: Half): Weights<Half, 1> => constant(type, [hidden]) as Weights<Half, 1>;

/** Sizes of one round. */
interface Sizes {
  readonly batch: number;
  readonly seq: number;
  /** where packed sequences begin and end; some are empty, some have one token */
  readonly starts: readonly number[];
}

interface Case {
  readonly profile: typeof padded | typeof packed;
  /** how far results may be apart, in roundings of 1 + |value| */
  readonly roundings: number;
  build(net: Network, type: Half): readonly Tensor[];
  feed(sizes: Sizes, type: Half): Readonly<Record<string, HostTensor>>;
}

const ids = ({ batch, seq }: Sizes, below: number): HostTensor => integers([batch, seq], () => random.below(below));
const last = ({ starts }: Sizes): number => starts.at(-1)!;
const rows = (net: Network, type: Half, name: string, width = hidden): Tensor<Half, 3> =>
  net.addInput(name, type, [batch, seq, width]);
const tables = (net: Network, type: Half) =>
  [
    net.addConstant(constant(type, [words, hidden])) as Tensor<Half, 2>,
    net.addConstant(constant(type, [384, hidden])) as Tensor<Half, 2>,
    net.addConstant(constant(type, [2, hidden])) as Tensor<Half, 2>,
    vector(type),
    vector(type),
  ] as const;

const cases: Readonly<Record<string, Case>> = {
  layerNorm: {
    profile: padded,
    roundings: 4,
    build: (net, type) => [layerNorm(net, [rows(net, type, 'x'), vector(type), vector(type)], { epsilon: 1e-12 })],
    feed: ({ batch, seq }, type) => ({ x: halves(type, [batch, seq, hidden]) }),
  },
  skipLayerNorm: {
    profile: padded,
    roundings: 4,
    build: (net, type) =>
      skipLayerNorm(net, [rows(net, type, 'x'), rows(net, type, 'skip'), vector(type), vector(type), vector(type)], {
        epsilon: 1e-12,
        bias: true,
        sum: true,
      }),
    feed: ({ batch, seq }, type) => ({
      x: halves(type, [batch, seq, hidden]),
      skip: halves(type, [batch, seq, hidden]),
    }),
  },
  embLayerNorm: {
    profile: padded,
    roundings: 4,
    build: (net, type) => {
      const [x, types] = ['ids', 'types'].map((name) => net.addInput(name, 'int32', [batch, seq]));
      return [embLayerNorm(net, [x!, types!, ...tables(net, type)], { epsilon: 1e-12 })];
    },
    feed: (sizes) => ({ ids: ids(sizes, words), types: ids(sizes, 2) }),
  },
  'embLayerNorm packed': {
    profile: packed,
    roundings: 4,
    build: (net, type) => {
      const [x, types] = ['ids', 'types'].map((name) => net.addInput(name, 'int32', [total]));
      const starts = net.addInput('starts', 'int32', [boundaries]);
      return [
        embLayerNorm(net, [x!, types!, ...tables(net, type), starts], { epsilon: 1e-12, positions: 'cu_seqlens' }),
      ];
    },
    feed: (sizes) => ({
      ids: integers([last(sizes)], () => random.below(words)),
      types: integers([last(sizes)], () => random.below(2)),
      starts: integers([sizes.starts.length], (i) => sizes.starts[i]!),
    }),
  },
  'qkvToContext none': {
    profile: padded,
    roundings: 16,
    build: (net, type) => [qkvToContext(net, [rows(net, type, 'qkv', 3 * hidden)], { heads, mask: 'none' })],
    feed: ({ batch, seq }, type) => ({ qkv: halves(type, [batch, seq, 3 * hidden]) }),
  },
  'qkvToContext mask': {
    profile: padded,
    roundings: 16,
    build: (net, type) => {
      const mask = net.addInput('mask', 'int32', [batch, seq]);
      return [qkvToContext(net, [rows(net, type, 'qkv', 3 * hidden), mask], { heads, mask: 'mask' })];
    },
    feed: (sizes, type) => ({ qkv: halves(type, [sizes.batch, sizes.seq, 3 * hidden]), mask: ids(sizes, 2) }),
  },
  'qkvToContext lengths': {
    profile: padded,
    roundings: 16,
    build: (net, type) => {
      const lengths = net.addInput('lengths', 'int32', [batch]);
      return [qkvToContext(net, [rows(net, type, 'qkv', 3 * hidden), lengths], { heads, mask: 'lengths' })];
    },
    feed: ({ batch, seq }, type) => ({
      qkv: halves(type, [batch, seq, 3 * hidden]),
      lengths: integers([batch], () => random.below(seq + 1)),
    }),
  },
  'qkvToContext packed': {
    profile: packed,
    roundings: 16,
    build: (net, type) => {
      const qkv = net.addInput('qkv', type, [total, 3 * hidden]);
      return [qkvToContext(net, [qkv, net.addInput('starts', 'int32', [boundaries])], { heads, mask: 'cu_seqlens' })];
    },
    feed: (sizes, type) => ({
      qkv: halves(type, [last(sizes), 3 * hidden]),
      starts: integers([sizes.starts.length], (i) => sizes.starts[i]!),
    }),
  },
};

/** The plugin of examples/custom-plugin. */
const example: Case = {
  profile: padded,
  roundings: 4,
  build: (net, type) => {
    const gamma = Weights.of('float32', [hidden], Float32Array.from({ length: hidden }, random.normal));
    return [rmsNorm(net, [rows(net, type, 'x') as Tensor<'float16', 3>, gamma], { epsilon: 1e-6 })];
  },
  feed: ({ batch, seq }, type) => ({ x: halves(type, [batch, seq, hidden]) }),
};

/** How often an engine runs: each plugin 500 times or more, over its forms and types. */
function roundsOf(name: string): number {
  const forms = Object.keys(cases).filter((other) => other.split(' ')[0] === name.split(' ')[0]).length;
  return Math.ceil(500 / (Math.max(forms, 1) * Object.keys(roundings).length));
}

/** Sizes of a round: the smallest and the largest of the profile, then others at random, most of them small. */
function sizesOf(round: number): Sizes {
  if (round === 0) return { batch: 1, seq: 1, starts: [0, 1] };
  if (round === 1) return { batch: 8, seq: 384, starts: [0, 384, 768, 1152, 1536, 1920, 2304, 2688, 3072] };
  const longest = round % 32 === 0 ? 384 : 72;
  const starts = [0, 1];
  for (let i = random.below(7); i >= 0; i--) starts.push(starts.at(-1)! + random.below(longest + 1));
  return { batch: 1 + random.below(longest === 384 ? 8 : 3), seq: 1 + random.below(longest), starts };
}

/** The plugins that an engine has; throws if there are none. */
export function pluginsIn(engine: { serialize(): Uint8Array }): readonly string[] {
  const plugins = splitNotes(engine.serialize()).notes?.plugins ?? [];
  if (plugins.length === 0) throw new Error('the engine has no plugin: no loaded library has its kernel');
  return plugins;
}

async function compare(
  { profile, build, feed, roundings: wanted }: Case,
  type: Half,
  rounds: number,
): Promise<Record<string, unknown>> {
  const tolerance = wanted * roundings[type];
  const net = new Network('plugin');
  build(net, type).forEach((tensor, i) => {
    net.markOutput(tensor, `y${i}`);
  });
  const graph = net.graph();
  const options = { profiles: [profile], timingCache, optimizationLevel: 1 } as const;
  const began = performance.now();
  using kernel = await backend.compile(graph, options);
  using plain = await backend.compile(graph, { ...options, plugins: 'none' });
  const build_ms = performance.now() - began;
  pluginsIn(kernel); // else the decomposition would be held against itself
  let [worst, largest, elements] = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const feeds = feed(sizesOf(round), type);
    const [mine, theirs] = [await kernel.run(feeds), await plain.run(feeds)];
    for (const name of Object.keys(mine)) {
      const [a, b] = [mine[name]!, theirs[name]!].map((tensor) => toNumbers(type, tensor.data as Uint16Array));
      if (a!.length !== b!.length) throw new Error(`${name} has ${a!.length} elements, decomposed ${b!.length}`);
      elements += a!.length;
      a!.forEach((value, i) => {
        const difference = Math.abs(value - b![i]!);
        if (!(difference <= largest)) largest = difference;
        const relative = difference / (1 + Math.abs(b![i]!));
        if (!(relative <= worst)) worst = relative;
      });
    }
  }
  return { ok: worst <= tolerance, worst, tolerance, max_difference: largest, rounds, elements, build_ms };
}

/** An engine with a plugin in a new process, with the library and without: what each says. */
async function reload(): Promise<Record<string, unknown>> {
  const net = new Network('norm');
  const { build, profile } = cases['layerNorm']!;
  net.markOutput(build(net, 'float16')[0]!, 'y');
  using engine = await backend.compile(net.graph(), { profiles: [profile], timingCache, optimizationLevel: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-'));
  const plan = join(folder, 'engine');
  writeFileSync(plan, engine.serialize());
  const x = new Uint16Array(2 * hidden).map((_, i) => 0x3c00 + (i % 512));
  const here = (await engine.run({ x: { shape: [1, 2, hidden], data: x } }))['y']!.data as Uint16Array;
  const program = (libraries: readonly string[]): readonly string[] => [
    '--input-type=module',
    '-e',
    `import { readFileSync } from 'node:fs';
     import { tensorrt } from '@trt-dsl/trt-bindings';
     const backend = tensorrt({ product: 'trt10', pluginLibraries: ${JSON.stringify(libraries)} });
     const engine = await backend.load(readFileSync(${JSON.stringify(plan)}));
     const { y } = await engine.run({ x: { shape: [1, 2, ${hidden}], data: Uint16Array.from([${x}]) } });
     console.log(JSON.stringify([...y.data]));`,
  ];
  const options = { cwd: import.meta.dirname, encoding: 'utf8' } as const;
  const withLibrary = spawnSync(process.execPath, program([pluginLibrary()]), options);
  const without = spawnSync(process.execPath, program([]), options);
  rmSync(folder, { recursive: true });
  if (withLibrary.status !== 0) throw new Error(`with the library: ${withLibrary.stderr.slice(-700)}`);
  const same = JSON.stringify([...here]) === withLibrary.stdout.trim().split('\n').at(-1);
  const named = /TrtDslLayerNorm version 1.*libtrt_dsl_plugins\.so/.test(without.stderr);
  const message = /TrtDslError: (.*)/.exec(without.stderr)?.[1] ?? without.stderr.slice(-600);
  return { ok: same && named && without.status !== 0, same_result: same, without_library: message };
}

/** Runs all cases, saves `plugins-in-tensorrt` after each; returns how many failed. */
export async function kernelsInTensorRT(): Promise<number> {
  const figures: Record<string, Record<string, unknown>> = {};
  const steps: readonly (readonly [string, () => Promise<Record<string, unknown>>])[] = [
    ...(Object.keys(roundings) as Half[]).flatMap((type) =>
      Object.entries(cases).map(
        ([name, one]) => [`${name} ${type}`, () => compare(one, type, roundsOf(name))] as const,
      ),
    ),
    ['example rmsNorm float16', () => compare(example, 'float16', 64)],
    ['serialized', reload],
  ];
  for (const [name, step] of steps) {
    figures[name] = await step().catch((error: Error) => ({ ok: false, error: `${error.message}`.slice(0, 800) }));
    save('plugins-in-tensorrt', figures);
  }
  return Object.values(figures).filter(({ ok }) => ok !== true).length;
}
