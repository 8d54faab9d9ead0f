import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bert, bertBase, randomParameters } from '@trt-dsl/bert-model';
import { definePlugin, fromJson, Network } from '@trt-dsl/dsl';
import { pluginLibrary } from '@trt-dsl/plugins-cuda';
import { isInstalled, loadTensorRT } from '@trt-dsl/trt-bindings';
import { writeSafetensors } from '@trt-dsl/weights';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBackend } from './backends.ts';
import { choosePlugins } from './plugins.ts';
import { bertSquad, failure, fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

const tiny = fixture('huggingface');
const squad = fixture('squad.json');

const removals: (() => void)[] = [];
let folder: string;
/** A model whose heads are of a size that qkvToContext takes; the tiny one's are not. */
let wide: string;
beforeAll(() => {
  folder = temporaryFolder((remove) => removals.push(remove));
  wide = join(folder, 'wide');
  mkdirSync(wide);
  const sizes = { vocab_size: 192, hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 2 };
  const others = { intermediate_size: 96, max_position_embeddings: 96, type_vocab_size: 2, hidden_act: 'gelu' };
  writeFileSync(join(wide, 'bert_config.json'), JSON.stringify({ ...sizes, ...others }));
  const config = { ...bertBase, vocabSize: 192, hiddenSize: 64, layers: 2, heads: 2, intermediateSize: 96 };
  const graph = bert(randomParameters('float32'), { ...config, maxPositions: 96 }, { task: 'question-answering' });
  const named = graph.weights.filter(({ name }) => /^(embeddings|encoder|cls)\//.test(name));
  writeSafetensors(join(wide, 'model.safetensors'), [
    ...new Map(named.map((each) => [each.name.startsWith('cls') ? each.name : `bert/${each.name}`, each])),
  ]);
  return () => {
    for (const remove of removals) remove();
  };
});
afterEach(() => {
  vi.unstubAllEnvs();
});
const at = (name: string): string => join(folder, name);
const descriptionOf = (engine: string) => JSON.parse(readFileSync(`${engine}.json`, 'utf8'));
/** How often each plugin is in a graph that `export` wrote. */
function pluginsIn(path: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const node of fromJson(readFileSync(path, 'utf8')).nodes)
    if (node.op === 'plugin') counts[node.attributes.plugin] = (counts[node.attributes.plugin] ?? 0) + 1;
  return counts;
}
const every = ['embLayerNorm', 'skipLayerNorm', 'qkvToContext'];
const versions = ['TrtDslEmbLayerNorm@1', 'TrtDslQkvToContext@1', 'TrtDslSkipLayerNorm@1'];

test.each([
  [['foo'], 2, /Argument: plugins, Given: "foo", Choices: "auto", "none", "embLayerNorm", "skipLayerNorm"/],
  [['auto', 'skipLayerNorm'], 2, /--plugins auto skipLayerNorm: "auto" goes alone, or else name layers/],
  [['skipLayerNorm', 'none'], 2, /"none" goes alone/],
  [[], 2, /Not enough arguments following: plugins/],
  [['qkvToContext'], 1, /with 3 heads has head size 8; expected 32, 64, 96 or 128/],
])('--plugins %j is refused in one line', async (names, code, message) => {
  const { exitCode, stderr } = await bertSquad(
    ...['build', '-m', tiny, '-o', at('none'), '-s', '64', '--backend', 'onnx', '--precision', 'fp16'],
    ...['--plugins', ...names],
  );
  expect(exitCode).toBe(code);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(message);
});

describe('on a backend without plugins', () => {
  test('--plugins auto means the decompositions, which answer the same', async () => {
    const how = ['-m', tiny, '-s', '96', '-b', '8', '--backend', 'onnx', '--precision', 'fp16'];
    const [plain, engine] = [at('plain'), at('auto')];
    await report('build', ...how, '-o', plain);
    expect(descriptionOf(plain).plugins).toBeNull();
    const { stderr, stdout } = await bertSquad('build', ...how, '-o', engine, '--plugins', 'auto');
    expect(stderr).toContain('plugins: qkvToContext takes no head size of 8; attention is ordinary layers');
    expect(stderr).toMatch(/plugins: embLayerNorm, skipLayerNorm, of which ONNX Runtime .* runs the decomposition/);
    expect(stdout).toContain('fp16 (plugins embLayerNorm, skipLayerNorm), ONNX Runtime');
    const plugins = { layers: every.slice(0, 2), versions: [versions[0], versions[2]], library: null };
    expect(descriptionOf(engine).plugins).toEqual(plugins);

    const answers = [];
    for (const each of [plain, engine]) {
      await report('infer', '-e', each, '-sq', squad, '-o', at('p.json'));
      answers.push(JSON.parse(readFileSync(at('p.json'), 'utf8')));
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(await report('evaluate', at('p.json'), '-sq', squad)).toMatchObject({ f1: 100 });
    const compared = await report('compare', '-e', engine, '--with', 'onnxruntime');
    expect(compared).toMatchObject({ passed: true, plugins });
    const timed = await report('perf', '-e', engine, '-b', '2', '-s', '96', '-i', '2');
    expect(timed.cells).toMatchObject([{ plugins: plugins.layers }]);

    const ofEngine = await bertSquad('inspect', '-e', engine, '--format', 'listing');
    const asked = await bertSquad('inspect', '-m', tiny, '--precision', 'fp16', '--plugins', 'auto');
    expect(ofEngine.stdout).toBe(asked.stdout);
    expect(ofEngine.stdout.match(/TrtDslSkipLayerNorm/g)).toHaveLength(4);
    const { layers } = await report('inspect', '-e', engine); // what ONNX Runtime runs
    expect(layers.filter(({ type }: { type: string }) => type === 'plugin')).toEqual([]);
    for (const command of ['compare', 'perf', 'inspect', 'inspect --format listing', 'export -o x.onnx'])
      expect(await failure(...command.split(' '), '-e', engine, '--plugins', 'none')).toMatch(/--plugins/);
  });

  test('every plugin, by name; float32 has no qkvToContext', async () => {
    const how = [
      '-m',
      wide,
      '-b',
      '2',
      '-s',
      '40',
      '--backend',
      'onnx',
      '--with',
      'onnxruntime',
      '--plugins',
      ...every,
    ];
    for (const precision of ['fp16', 'bf16'])
      expect(await report('compare', ...how, '--precision', precision)).toMatchObject({
        passed: true,
        plugins: { layers: every, versions: expect.arrayContaining(versions), library: null },
      });
    const { stderr, stdout } = await bertSquad('compare', ...how, '--precision', 'fp32');
    expect(stderr).toContain('plugins: qkvToContext has no float32; attention is ordinary layers');
    expect(stdout).toMatch(/fp32 \(plugins embLayerNorm, skipLayerNorm\)[\s\S]*\npassed\n/);
  });

  test('TensorRT-RTX builds the decompositions', async () => {
    const how = ['--backend', 'tensorrt-rtx', '-s', '64', '--precision', 'fp16', '--optimization-level', '0'];
    const built = await report('build', '-m', wide, '-o', at('rtx'), ...how, '--plugins', 'auto');
    expect(built.plugins).toMatchObject({ layers: every, library: null });
    const other = await bertSquad('build', '-m', wide, '-o', at('rtx'), ...how);
    expect(other).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('plugins') });
  });

  test('perf keeps engines with plugins apart from those without', async () => {
    const how = ['perf', '-m', wide, '--engines', at('kept'), '--backend', 'onnx', '-b', '2', '-s', '32', '-i', '2'];
    const cells = [];
    for (const plugins of [['none'], ['skipLayerNorm'], ['skipLayerNorm']])
      cells.push((await report(...how, '--precision', 'fp16', '--plugins', ...plugins)).cells[0]);
    expect(cells.map((cell) => cell.plugins)).toEqual([[], ['skipLayerNorm'], ['skipLayerNorm']]);
    expect(cells.map((cell) => cell.buildSeconds === null)).toEqual([false, false, true]);
    const other = await bertSquad(...how, '--precision', 'fp16', '--plugins', 'embLayerNorm');
    expect(other).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('differs from what is asked for in plugins, see'),
    });
  });
});

test('export writes the plugins as nodes of the graph, and as their decomposition in ONNX', async () => {
  const how = ['export', '-m', wide, '--precision', 'fp16', '--plugins', 'auto', '-o'];
  expect(await report(...how, at('graph.json'))).toMatchObject({ plugins: { layers: every } });
  expect(pluginsIn(at('graph.json'))).toEqual({
    TrtDslEmbLayerNorm: 1,
    TrtDslQkvToContext: 2,
    TrtDslSkipLayerNorm: 4,
  });
  const { stderr } = await bertSquad(...how, at('graph.onnx'));
  expect(stderr).toContain('of which the ONNX file has the decomposition');
});

test.each(['int8', 'fp8'])('%s: ranges of the plain network serve the one with plugins', async (precision) => {
  const [cache, graph] = [at(`${precision}.json`), at(`${precision}-graph.json`)];
  const data = ['--calibration-data', fixture('lines.txt'), '-v', join(tiny, 'vocab.txt'), '-s', '64'];
  await report('calibrate', '-m', wide, ...data, '--precision', precision, '-o', cache);
  const how = ['-m', wide, '--precision', precision, '--calibration-cache', cache];
  const onCpu = ['-s', '64', '-b', '2', '--backend', 'onnx'];
  for (const recipe of ['gemm', 'accurate', 'residual', 'full']) {
    const built = await report('build', ...how, ...onCpu, '--recipe', recipe, '-o', at('q'), '--plugins', ...every);
    expect(built).toMatchObject({ precision, plugins: { layers: every }, quantization: { recipe } });
  }
  expect(await report('compare', '-e', at('q'), '--with', 'onnxruntime')).toMatchObject({ passed: true });
  // two layers of qkv, output and feed-forward, the merged product being one; and the head has none
  const merged = await report('build', ...how, ...onCpu, '--recipe', 'gemm', '-o', at('q'), '--plugins', ...every);
  const apart = await report('build', ...how, ...onCpu, '--recipe', 'gemm', '-o', at('q2'));
  expect([merged.quantization.quantized, apart.quantization.quantized]).toEqual([8, 12]);
  await report('export', ...how, '--recipe', 'gemm', '--plugins', 'auto', '-o', graph);
  expect(pluginsIn(graph)).toEqual({ TrtDslEmbLayerNorm: 1, TrtDslQkvToContext: 2, TrtDslSkipLayerNorm: 4 });
  expect(await failure('export', ...how, '--plugins', 'skipLayerNorm', '--exclude', '*/qkv', '-o', graph)).toMatch(
    /no layer of graph "bert" matches \*\/qkv$/,
  );
  const { stderr } = await bertSquad('export', ...how, '--plugins', 'auto', '--exclude', '*/query', '-o', graph);
  expect(stderr).toMatch(/matches \*\/query; the plugin qkvToContext takes query, key and value from one product/);
});

test('a network with plugins is smoothed where the plain one is', async () => {
  const [cache, graph] = [at('smooth.json'), at('smooth-graph.json')];
  const data = ['--calibration-data', fixture('lines.txt'), '-v', join(tiny, 'vocab.txt'), '-s', '64'];
  await report('calibrate', '-m', wide, ...data, '--smooth', '-o', cache);
  const divisions: string[][] = [];
  for (const plugins of [['none'], ['embLayerNorm'], ['skipLayerNorm'], every]) {
    const how = ['--precision', 'int8', '--calibration-cache', cache, '--plugins', ...plugins];
    await report('export', '-m', wide, ...how, '-o', graph);
    const names = fromJson(readFileSync(graph, 'utf8')).nodes.map(({ name }) => name);
    divisions.push(names.filter((name) => name.endsWith('/smooth')));
  }
  expect(divisions[0]).toHaveLength(4);
  for (const each of divisions) expect(each).toEqual(divisions[0]);
});

const [gpu, built] = [
  (): unknown => loadTensorRT({ product: 'trt10' }).cuda().devices[0],
  (): unknown => existsSync(pluginLibrary()),
].map((look) => {
  try {
    return Boolean(look());
  } catch {
    return false;
  }
});

describe.skipIf(!isInstalled('trt10'))('TensorRT 10', () => {
  const building = (): string[] => [
    'build',
    '-m',
    fixture('npy'),
    '-o',
    at('never'),
    '--backend',
    'tensorrt',
    '-s',
    '64',
  ];

  test.skipIf(gpu || !built)('takes auto by itself where the library is built, aloud', async () => {
    const { stderr } = await bertSquad(...building(), '--precision', 'fp16');
    expect(stderr).toMatch(/^plugins: embLayerNorm, skipLayerNorm of libtrt_dsl_plugins\.so, the default where/m);
    expect(stderr).toMatch(/createInferBuilder needs an NVIDIA GPU/); // the library was loaded, twice in this process
    expect((await bertSquad(...building(), '--plugins', 'auto')).stderr).toMatch(
      /createInferBuilder needs an NVIDIA GPU/,
    );
    expect((await bertSquad(...building(), '--plugins', 'none')).stderr).not.toContain('plugins');
  });

  test.skipIf(gpu)('takes none where it is not, aloud, and refuses those that are asked for', async () => {
    vi.stubEnv('TRT_DSL_PLUGINS', at('nowhere.so'));
    const { stderr } = await bertSquad(...building());
    expect(stderr).toMatch(
      /^plugins: none, since the plugin library .*nowhere\.so does not exist: build it with "node /,
    );
    expect(await failure(...building(), '--plugins', 'skipLayerNorm')).toMatch(
      /--plugins skipLayerNorm: the plugin library .* "node packages\/plugins-cuda\/scripts\/build\.mjs"/,
    );
  });

  test.runIf(built)('chooses by the type, the head size and the library', async () => {
    const backend = await openBackend('tensorrt', 'trt10');
    const choose = (asked: Parameters<typeof choosePlugins>[0], dataType: 'float16' | 'float32', heads: number) =>
      choosePlugins(asked, { config: { ...bertBase, heads }, dataType }, backend);
    const library = pluginLibrary();
    expect(choose('auto', 'float16', 12)).toMatchObject({ layers: every, library });
    expect(choose('auto', 'float16', 16)).toMatchObject({ layers: every.slice(0, 2), library });
    expect(choose(['qkvToContext'], 'float32', 12)).toMatchObject({ layers: [], library: null });
    expect(choose('none', 'float16', 12)).toEqual({ layers: [], library: null, notes: [] });
    const chooseFor = (quantized: 'int8' | 'float8', tokens: number, asked: Parameters<typeof choosePlugins>[0]) =>
      choosePlugins(asked, { config: bertBase, dataType: 'float16', quantized, tokens }, backend);
    const slower = { layers: [], library: null, notes: ['plugins: none that would make this network faster'] };
    for (const asked of ['auto', undefined] as const) {
      expect(chooseFor('float8', 32 * 128, asked)).toEqual(slower);
      expect(chooseFor('float8', 128 * 128, asked)).toMatchObject({ layers: every, library });
      expect(chooseFor('int8', 32 * 128, asked)).toMatchObject({ layers: every, library });
    }
    expect(chooseFor('float8', 32 * 128, ['skipLayerNorm'])).toMatchObject({ layers: ['skipLayerNorm'], library });
  });

  test.runIf(built)(
    'takes none on a GPU that the library has no kernels for, and refuses those that are named',
    async () => {
      const opened = await openBackend('tensorrt', 'trt10');
      const chooseOn = (computeCapability: string, asked?: Parameters<typeof choosePlugins>[0]) => {
        const tensorrt = { tensorrt: { cuda: () => ({ devices: [{ computeCapability }] }) } };
        const backend = { ...opened, tensorrt } as unknown as typeof opened;
        return choosePlugins(asked, { config: bertBase, dataType: 'float16' }, backend);
      };
      const gap = 'their library has no kernels for compute capability 7.5';
      for (const asked of [undefined, 'auto'] as const)
        expect(chooseOn('7.5', asked)).toEqual({ layers: [], library: null, notes: [`plugins: none, since ${gap}`] });
      expect(() => chooseOn('7.5', ['skipLayerNorm'])).toThrow(`--plugins skipLayerNorm: ${gap}`);
      for (const capability of ['8.0', '9.0', '12.0']) expect(chooseOn(capability, 'auto').layers).toEqual(every);
    },
  );

  test.runIf(built)('refuses a library that has not the plugin of a network, before it builds', async () => {
    const net = new Network('other');
    const later = definePlugin({
      name: 'TrtDslSkipLayerNorm',
      version: '2',
      decompose: (inner: Network, [x]: readonly [x: ReturnType<typeof net.addInput<'float16', [4]>>]) =>
        inner.addReLU(x),
    });
    net.markOutput(later(net, [net.addInput('x', 'float16', [4])]), 'y');
    const { compile } = await openBackend('tensorrt', 'trt10');
    await expect(compile(net.graph(), { pluginLibrary: pluginLibrary() })).rejects.toThrow(
      /libtrt_dsl_plugins\.so: has no plugin TrtDslSkipLayerNorm of version 2; build it again with "node packages/,
    );
  });

  test('an engine with plugins, without their library, is one clear line', async () => {
    const engine = at('moved');
    await report('build', '-m', wide, '-o', engine, '-s', '64', '--backend', 'onnx', '--precision', 'fp16');
    const described = descriptionOf(engine);
    const plugins = { layers: every, versions, library: 'libtrt_dsl_plugins.so' };
    const backend = { name: 'tensorrt', product: 'trt10', version: loadTensorRT({ product: 'trt10' }).version };
    writeFileSync(`${engine}.json`, JSON.stringify({ ...described, backend, plugins }));
    vi.stubEnv('TRT_DSL_PLUGINS', at('nowhere.so'));
    for (const command of ['infer -p a -q b', 'perf', 'compare', 'inspect']) {
      const [name, ...rest] = command.split(' ');
      expect(await failure(name!, '-e', engine, ...rest)).toMatch(
        /moved: has the plugins TrtDslEmbLayerNorm version 1, TrtDslQkvToContext version 1, .* of libtrt_dsl_plugins\.so; the plugin library .*nowhere\.so does not exist: build it with "node packages\/plugins-cuda\/scripts\/build\.mjs"/,
      );
    }
  });
});
