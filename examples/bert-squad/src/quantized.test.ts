import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Calibration, readCalibration, readCalibrationCache, writeCalibration } from '@trt-dsl/dsl';
import { isInstalled } from '@trt-dsl/trt-bindings';
import { beforeAll, describe, expect, test } from 'vitest';
import { usableBackends } from './backends.ts';
import { bertSquad, failure, fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

const weights = fixture('tensorflow/model.ckpt-1');
const squad = fixture('squad.json');
const lines = fixture('lines.txt');
const sizes = ['-m', weights, '-b', '8', '-s', '96', '--backend', 'onnx'];

const removals: (() => void)[] = [];
let folder: string;
/** Ranges that `calibrate` found, for int8. */
let cache: string;
beforeAll(async () => {
  folder = temporaryFolder((remove) => removals.push(remove));
  cache = join(folder, 'ranges.json');
  await report('calibrate', '-m', weights, '--calibration-data', squad, '-s', '96', '-o', cache);
  return () => {
    for (const remove of removals) remove();
  };
});
const at = (name: string): string => join(folder, name);
function file(name: string, content: string | Uint8Array): string {
  writeFileSync(at(name), content);
  return at(name);
}

describe.each([
  ['int8', 'accurate', 10, 'mse', 0.21],
  ['fp8', 'gemm', 12, 'min-max', 0.13],
])('%s', (precision, recipe, products, calibrator, limit) => {
  test('build, infer, evaluate and compare run through; a cache gives the engine that its data gave', async () => {
    const [engine, again, written, predictions] = ['e', 'a', 'c.json', 'p.json'].map((name) =>
      at(precision + name),
    ) as [string, string, string, string];
    const how = [...sizes, '--precision', precision, '--calibration-cache', written];
    const built = await report('build', ...how, '-o', engine, '--calibration-data', squad, '-n', '12');
    expect(built).toMatchObject({
      precision,
      quantization: { recipe, calibrator, rest: 'fp16', quantized: products, excluded: [], ranges: squad },
    });
    const cached = await bertSquad('build', ...how, '-o', again);
    expect(cached.stderr).toContain(`14 ranges by ${calibrator} from ${written}, no data is run`);
    expect(readFileSync(again)).toEqual(readFileSync(engine));
    const { quantization } = JSON.parse(readFileSync(`${again}.json`, 'utf8'));
    expect(quantization).toEqual({ ...built.quantization, ranges: written });
    const separate = at(`${precision}s.json`);
    const arguments_ = ['--calibration-data', squad, '-n', '12', '-s', '96', '-o', separate, '--precision', precision];
    const calibrated = await report('calibrate', '-m', fixture('huggingface'), ...arguments_);
    expect(calibrated).toMatchObject({ checksum: quantization.cacheChecksum, data: { sequences: 12 } });
    expect(readFileSync(separate)).toEqual(readFileSync(written));

    await report('infer', '-e', engine, '-sq', squad, '-o', predictions);
    expect(await report('evaluate', predictions, '-sq', squad)).toMatchObject({ f1: 100 });
    const compared = await report('compare', '-e', engine, '--with', 'onnxruntime', '--tolerance', '0.1');
    expect(compared).toMatchObject({ precision, quantization: { recipe }, passed: true });
    for (const { relativeL2 } of compared.outputs) expect(relativeL2).toBeGreaterThan(2e-3); // products really are
    const direct = await report(
      'compare',
      ...sizes,
      '--with',
      'onnxruntime',
      '--precision',
      precision,
      '--calibration-cache',
      written,
    );
    expect(direct.outputs).toEqual(compared.outputs.map((row: object) => ({ ...row, limit })));
  });

  test('TensorRT-RTX builds every recipe, in each type of the rest', async () => {
    const written = at(`${precision}-rtx.json`);
    const how = ['-m', weights, '-s', '96', '--backend', 'tensorrt-rtx', '--precision', precision, '-o', at('rtx')];
    const data = ['--calibration-cache', written, '--calibration-data', lines];
    const plans = new Map<string, number>();
    for (const each of ['gemm', 'accurate', 'residual', 'full'])
      plans.set(each, (await report('build', ...how, ...data, '--recipe', each)).bytes);
    expect(new Set(plans.values()).size).toBeGreaterThan(1);
    for (const rest of ['fp32', 'bf16'])
      expect(await report('build', ...how, ...data, '--rest', rest)).toMatchObject({ quantization: { rest } });
  });
});

describe('the description of an engine', () => {
  const quantizers = (listing: string): number => listing.match(/ quantize\(/g)?.length ?? 0;

  test('is enough to draw and export the network as it was quantized, smoothed and with layers excluded', async () => {
    const engine = at('drawn');
    const data = ['--calibration-data', lines, '--precision', 'int8', '--recipe', 'full', '--smooth'];
    const built = await report('build', ...sizes, '-o', engine, ...data, '--exclude', 'encoder/layer_1/attention');
    expect(built.quantization).toMatchObject({
      smooth: true,
      exclude: ['encoder/layer_1/attention'],
      excluded: [
        'encoder/layer_1/attention/self/query/matmul',
        'encoder/layer_1/attention/self/key/matmul',
        'encoder/layer_1/attention/self/value/matmul',
        'encoder/layer_1/attention/self/attention/scores',
        'encoder/layer_1/attention/self/attention',
        'encoder/layer_1/attention/output/dense/matmul',
        'encoder/layer_1/attention/output/sum',
      ],
    });
    const { stdout } = await bertSquad('inspect', '-e', engine, '--format', 'listing');
    expect(stdout).toContain('# smooth');
    expect(quantizers(stdout)).toBeGreaterThan(5);
    const [exported, same] = [at('drawn.json'), at('drawn-again.json')];
    await report('export', '-e', engine, '-o', exported);
    await report(
      'build',
      ...sizes,
      '-o',
      at('drawn2'),
      ...data,
      '--exclude',
      'encoder/layer_1/attention',
      '--calibration-cache',
      at('smooth.json'),
    );
    const named = ['--precision', 'int8', '--recipe', 'full', '--calibration-cache', at('smooth.json')];
    await report('export', '-m', weights, ...named, '--exclude', 'encoder/layer_1/attention', '-o', same);
    expect(readFileSync(same)).toEqual(readFileSync(exported));
    const float = await bertSquad('inspect', '-m', weights, '--precision', 'fp16');
    expect(quantizers(float.stdout)).toBe(0);
  });
});

test('random weights need no ranges: speed is all that they are good for', async () => {
  const { stdout, stderr } = await bertSquad('inspect', '--random-weights', 'base', '--precision', 'fp8');
  expect(stderr).toContain('random weights get ranges of 1');
  expect(stdout.match(/ quantize\(.* dataType=float8/g)).toHaveLength(4 * 12); // q, k and v take the same tensor
});

describe('calibrate', () => {
  const onLines = ['calibrate', '-m', weights, '--calibration-data', lines];

  test('prints a table; the caches of both formats make the same engine', async () => {
    const [ours, theirs] = [at('ours.json'), at('theirs.cache')];
    const how = [...onLines, '--calibrator', 'percentile', '-s', '96'];
    const { stdout, stderr } = await bertSquad(...how, '-o', ours);
    expect(stderr).toContain(
      `calibrating by percentile with 16 sequences of ${lines} (lines of text) on ONNX Runtime (`,
    );
    expect(stdout).toMatch(/^tensor +amax +int8 scale\nembeddings\/LayerNorm\/layerNorm +\d\.\d+ +0\.0\d+\n/);
    const { ranges, checksum } = await report(...how, '-o', theirs, '--format', 'tensorrt');
    expect(ranges).toHaveLength(14);
    const cache = readCalibrationCache(readFileSync(theirs, 'utf8'));
    expect(cache.header).toBe('TRT-100600-LegacyCalibration');
    for (const { name, amax, scale } of ranges) {
      expect(amax).toBe(127 * scale);
      expect(cache.ranges.get(name)! / amax).toBeCloseTo(1, 6);
    }
    const builds = [];
    for (const path of [ours, theirs])
      builds.push(await report('build', ...sizes, '-o', at('x'), '--precision', 'int8', '--calibration-cache', path));
    expect(builds[0].checksum).toBe(builds[1].checksum);
    expect(builds[1].quantization).toMatchObject({ calibrator: 'percentile', cacheChecksum: checksum });
  });

  test('knows minmax by both of its names', async () => {
    const how = [...onLines, '-o', at('m.json'), '--calibrator'];
    const [a, b] = [await report(...how, 'minmax'), await report(...how, 'min-max')];
    expect(a).toMatchObject({ calibrator: 'min-max', checksum: b.checksum });
  });

  test('reads text, SQuAD JSON and token arrays; the same tokens give the same ranges', async () => {
    const npy = (descr: string, shape: string, ids: Int32Array | BigInt64Array) => {
      const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(118);
      return Buffer.concat([
        Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'),
        Buffer.from(header),
        Buffer.from(ids.buffer),
      ]);
    };
    const rows = [
      [2, 30, 40, 3],
      [2, 50, 60, 70, 80, 3],
    ];
    const flat = rows.flatMap((row) => [...row, 0, 0].slice(0, 6));
    const data = [
      ['token arrays', file('a.json', JSON.stringify(rows))],
      ['token arrays', file('a.npy', npy('<i4', '(2, 6)', Int32Array.from(flat)))],
      ['token arrays', file('b.npy', npy('<i8', '(2, 6)', BigInt64Array.from(flat, BigInt)))],
      ['SQuAD questions', squad],
      ['lines of text', lines],
    ] as const;
    const reports = [];
    for (const [kind, path] of data) {
      const found = await report('calibrate', '-m', weights, '--calibration-data', path, '-o', at('kinds.json'));
      expect(found.data).toMatchObject({
        kind,
        sequences: kind === 'token arrays' ? 2 : kind === 'lines of text' ? 16 : 13,
      });
      reports.push(found);
    }
    expect(reports[1].ranges).toEqual(reports[0].ranges);
    expect(reports[2].ranges).toEqual(reports[0].ranges);
    expect(reports[3].ranges).not.toEqual(reports[0].ranges);
  });

  test('names what runs the network; without a GPU that is ONNX Runtime alone', async () => {
    const how = [...onLines, '--calibration-batch', '5', '-o', at('on.json')];
    const [usual, named] = [await report(...how), await report(...how, '--calibration-backend', 'onnx')];
    expect(named).toEqual(usual);
    expect(named.backend).toMatchObject({ name: 'onnx' });
    const { usable } = await usableBackends();
    if (usable.includes('tensorrt-rtx')) return;
    expect(await failure(...how, '--calibration-backend', 'tensorrt-rtx')).toMatch(
      /^bert-squad: --calibration-backend tensorrt-rtx cannot run here: (no GPU|does not run on .*); onnx can$/,
    );
  });

  test('the batch does not matter', async () => {
    const how = [...onLines, '-o', at('b.json'), '--calibrator', 'min-max'];
    const [one, many] = [await report(...how, '--calibration-batch', '1'), await report(...how)];
    for (const [i, { amax }] of one.ranges.entries()) expect(many.ranges[i].amax / amax).toBeCloseTo(1, 5);
  });
});

describe('without --recipe', () => {
  const building = (backend: string, precision: string): string[] => [
    ...['build', '-m', weights, '-s', '96', '-o', at('default'), '--backend', backend, '--precision', precision],
    ...['--calibration-data', lines],
  ];

  test.each([
    [
      'onnx',
      'int8',
      /^recipe: accurate, the default for int8 with ONNX Runtime \(.*\): it loses least; --recipe names/m,
    ],
    [
      'tensorrt-rtx',
      'int8',
      /^recipe: gemm, the default for int8 with TensorRT-RTX .*: it is the faster by far; with --smooth/m,
    ],
    [
      'tensorrt-rtx',
      'fp8',
      /^recipe: gemm, the default for fp8 with TensorRT-RTX .*: float8 has room for the outliers/m,
    ],
  ])('%s takes one for %s aloud', async (backend, precision, note) => {
    const { stderr, exitCode } = await bertSquad(...building(backend, precision));
    expect({ stderr, exitCode }).toEqual({ stderr: expect.stringMatching(note), exitCode: 0 });
    expect((await bertSquad(...building(backend, precision), '--recipe', 'accurate')).stderr).not.toContain('recipe:');
  });

  test.skipIf(!isInstalled('trt10'))('TensorRT 10 takes gemm; accurate can be had', async () => {
    // Without a GPU the network is made, and no engine.
    const how = [...building('tensorrt', 'int8'), '--plugins', 'none'];
    const { stderr } = await bertSquad(...how);
    expect(stderr).toMatch(/^recipe: gemm, .* with TensorRT 10\..*: it is the faster by far; .*; --recipe/m);
    expect(stderr).toMatch(
      /^building \d+ layers in int8 \(recipe gemm, 12 layers; the rest in fp16\) with TensorRT 10/m,
    );
    const named = await bertSquad(...how, '--recipe', 'accurate');
    expect(named.stderr).toContain('in int8 (recipe accurate, 10 layers; the rest in fp16) with TensorRT 10');
  });

  test('a network that is only shown takes what runs everywhere', async () => {
    const { stdout, stderr } = await bertSquad(
      'inspect',
      '-m',
      weights,
      '--precision',
      'int8',
      '--calibration-cache',
      cache,
    );
    expect(stderr).toContain('recipe: gemm, the default for int8: every backend runs it; --recipe names another');
    expect(stdout).toMatch(/^encoder\/layer_1\/intermediate\/gelu\/\n.* quantize\(/m);
  });
});

describe('exclude', () => {
  test('takes patterns and files of them, as `trt-dsl bisect` writes', async () => {
    const list = file('exclude.txt', 'encoder/layer_0/attention/self/value/matmul\nencoder/layer_1/output\n');
    const how = [...sizes, '--precision', 'int8', '--recipe', 'gemm', '--calibration-cache', cache, '-o', at('x')];
    const { quantization } = await report('build', ...how, '--exclude', list, '*/query');
    expect(quantization).toMatchObject({
      exclude: ['encoder/layer_0/attention/self/value/matmul', 'encoder/layer_1/output', '*/query'],
      excluded: [
        'encoder/layer_0/attention/self/query/matmul',
        'encoder/layer_0/attention/self/value/matmul',
        'encoder/layer_1/attention/self/query/matmul',
        'encoder/layer_1/output/dense/matmul',
      ],
      quantized: 8,
    });
  });
});

test('patterns that match nothing that the recipe quantizes are told, spaces around them are not meant', async () => {
  const list = file('spaces.txt', '  encoder/layer_0/intermediate/gelu \r\n \n');
  const how = ['-m', weights, '--precision', 'int8', '--recipe', 'gemm', '--calibration-cache', cache, '--exclude'];
  const { stderr } = await bertSquad('inspect', ...how, list);
  expect(stderr).toContain(`--exclude ${list}: 1 patterns\n`);
  expect(stderr).toContain('--exclude: matches no layer that recipe gemm quantizes; nothing is spared');
  expect((await bertSquad('inspect', ...how, '*/query')).stderr).not.toContain('nothing is spared');
});

describe('perf', () => {
  test('knows an engine that it keeps by all that makes it, and by nothing else', async () => {
    const kept = at('kept');
    const [engine, moved] = [join(kept, 'bert-int8-b2-s32.onnx.engine'), file('moved.json', readFileSync(cache))];
    const how = ['perf', '-m', weights, '--engines', kept, '--backend', 'onnx', '-b', '2', '-s', '32', '-i', '2'];
    const int8 = [...how, '--precision', 'int8', '--calibration-cache'];
    const isBuilt = async (...args: string[]): Promise<boolean> =>
      (await report(...args)).cells[0].buildSeconds !== null;
    expect(await isBuilt(...int8, cache)).toBe(true);
    expect(await isBuilt(...int8, moved)).toBe(false);

    // as descriptions were before these keys
    const { builder, quantization, ...older } = JSON.parse(readFileSync(`${engine}.json`, 'utf8'));
    const { sequenceFirst, ...quantized } = quantization;
    expect([builder, sequenceFirst]).toEqual([{ workspace: null, optimizationLevel: null }, false]);
    writeFileSync(`${engine}.json`, JSON.stringify({ ...older, quantization: quantized }));
    expect(await isBuilt(...int8, cache)).toBe(false);

    const otherwise = async (...args: string[]): Promise<string> => (await bertSquad(...int8, cache, ...args)).stderr;
    expect(await otherwise('--optimization-level', '1')).toContain(
      'asked for in --workspace or --optimization-level, see',
    );
    expect(await otherwise('--rest', 'bf16', '--tf32')).toContain(
      'differs from what is asked for in quantization, --tf32, see',
    );
    rmSync(`${engine}.json`); // an interruption between the two files
    expect(await isBuilt(...int8, cache)).toBe(true);
  });

  test('builds missing engines from a cache, and keeps them apart', async () => {
    const how = ['perf', '-m', weights, '--engines', folder, '--backend', 'onnx', '-b', '2', '-s', '32', '-i', '2'];
    const int8 = ['--precision', 'int8', '--calibration-cache', cache];
    const first = await report(...how, ...int8);
    expect(first).toMatchObject({ cells: [{ precision: 'int8' }], quantization: { recipe: 'accurate' } });
    expect((await report(...how, ...int8)).cells[0].buildSeconds).toBeNull();
    const other = await bertSquad(...how, ...int8, '--recipe', 'full');
    expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('asked for in quantization, see') });
    expect(await failure(...how, '--precision', 'int8')).toContain('int8 and fp8 need --calibration-cache');
  });
});

describe("the demo's flags", () => {
  test('work, with a word on what they mean now', async () => {
    const theirs = at('demo.cache');
    const how = ['-m', weights, '-b', '8', '-s', '96', '--backend', 'onnx', '-o', at('demo')];
    const demo = ['--int8', '--fp16', '--strict', '-j', squad, '--calib-num', '5', '-p', theirs];
    const { exitCode, stderr } = await bertSquad('build', ...how, ...demo);
    expect(exitCode).toBe(0);
    for (const word of [
      '--int8 is --precision int8 now',
      '--fp16 is --rest fp16 now',
      '--strict: always so now',
      '--squad-json is --calibration-data now',
      '--calib-num is --calibration-num now',
      '--calib-path is --calibration-cache now',
      'with 5 sequences',
    ])
      expect(stderr).toContain(word);
    const description = JSON.parse(readFileSync(`${at('demo')}.json`, 'utf8'));
    expect(description).toMatchObject({ precision: 'int8', quantization: { rest: 'fp16', recipe: 'accurate' } });
    expect(readFileSync(theirs, 'utf8')).toBe(description.calibration);
    expect(await failure('build', ...how, '--int8', '--precision', 'fp8')).toContain(
      '--int8 contradicts --precision fp8',
    );
    const twice = ['--calibration-data', lines, '-j', squad, '--precision', 'int8'];
    expect(await failure('build', ...how, ...twice)).toContain('--squad-json contradicts --calibration-data');
  });
});

describe('one clear line for', () => {
  const calibrating = (data: string): Promise<string> =>
    failure('calibrate', '-m', weights, '--calibration-data', data, '-o', at('none.json'));
  const building = (...how: string[]): Promise<string> => failure('build', ...sizes, '-o', at('none'), ...how);
  const int8 = ['--precision', 'int8', '--calibration-cache'];

  test.each([
    ['an empty file', '', /is empty; calibration data is lines of text/],
    ['a file of blank lines', '\n \n', /there is no text in it/],
    ['binary data', new Uint8Array([0xff, 0xfe, 0, 1]), /holds binary data that is no .npy array/],
    ['JSON that is cut off', '[[2, 3', /begins like JSON, but is none/],
    ['JSON of something else', '{"text": []}', /data: expected an array, found nothing/],
    ['SQuAD that is cut off', '{"data": [', /is not JSON/],
    ['SQuAD without questions', '{"data": []}', /holds no question/],
    ['no sequence', '[]', /holds no sequence/],
    ['a flat array', '[2, 3]', /element 0 is 2, not an array of ids/],
    [
      'an id beyond the vocabulary',
      '[[2, 192, 3]]',
      /sequence 0 has the token id 192, but the network's embedding 192 rows/,
    ],
    ['an id below 0', '[[2, -1]]', /sequence 0 has -1 for a token's id/],
    ['a half id', '[[2], [2.5]]', /sequence 1 has 2.5 for a token's id/],
    ['padding alone', '[[0, 0]]', /sequence 0 has no tokens/],
    ['a sequence that is too long', JSON.stringify([Array(97).fill(5)]), /has 97 tokens, more than the 96/],
    [
      'an array of another shape',
      readFileSync(fixture('npy/cls_squad_output_bias.npy')),
      /is float32\[2\], not int32\[n, seq\]/,
    ],
  ])('data: %s', async (_, content, message) => {
    const line = await calibrating(file('bad-data', content));
    expect(line).toMatch(message);
    expect(line).toContain(at('bad-data'));
  });

  test('a place that nothing can be written to, before any data is run', async () => {
    // One line: the note that calibrating begins would be another.
    expect(await failure('calibrate', '-m', weights, '--calibration-data', lines, '-o', folder)).toBe(
      `bert-squad: ${folder}: cannot be written: it is a folder`,
    );
    const below = join(file('a-file', ''), 'ranges.json');
    const data = ['--precision', 'int8', '--calibration-data', lines, '--calibration-cache', below];
    expect(await building(...data)).toContain(`${below}: cannot be written: `);
    expect(await failure('build', ...sizes, ...data.slice(0, 4), '-o', folder)).toContain('it is a folder');
  });

  test('data that is not there, text without a vocabulary', async () => {
    expect(await calibrating(at('nowhere'))).toContain('cannot be read');
    const bare = at('bare');
    cpSync(fixture('npy'), bare, { recursive: true, filter: (path) => !path.endsWith('vocab.txt') });
    const run = (data: string) => bertSquad('calibrate', '-m', bare, '--calibration-data', data, '-o', at('bare.json'));
    expect((await run(lines)).stderr).toContain('text needs a vocabulary: name it with --vocab-file');
    expect(await run(file('ids.json', '[[2, 30, 3]]'))).toMatchObject({ exitCode: 0 });
  });

  test.each([[], ['--smooth']])('activations that are NaN %s', async (...how) => {
    const broken = at('nan');
    cpSync(fixture('npy'), broken, { recursive: true });
    const kernel = join(broken, 'l1_intermediate_dense_kernel.npy');
    const bytes = readFileSync(kernel);
    bytes.writeFloatLE(Number.NaN, bytes.length - 4);
    writeFileSync(kernel, bytes);
    const data = ['--calibration-data', lines, '-o', at('nan.json')];
    const { exitCode, stderr } = await bertSquad('calibrate', '-m', broken, ...data, ...how);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/of tensor "encoder\/layer_1\/intermediate\/gelu" is NaN, which no scale can represent/);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2); // what it calibrates with, and the error
  });

  /** The cache with something changed. */
  const changed = (change: Partial<Calibration>): string =>
    file('changed.json', writeCalibration({ ...readCalibration(readFileSync(cache, 'utf8')), ...change }));

  test('a cache of another network, or for something else', async () => {
    expect(await building(...int8, changed({ weights: 'sha256:0' }))).toContain(
      'changed.json: was made of another network, or for another --task: its weights are others; name another --calibration-cache',
    );
    expect(await building('--precision', 'fp8', '--calibration-cache', cache)).toContain(
      'mse chose the ranges for int8, which are not the best for float8',
    );
    expect(await building(...int8, cache, '--calibrator', 'entropy')).toContain('chosen by mse, not by entropy');
    expect(await building(...int8, cache, '--smooth')).toContain('was calibrated without --smooth');
    const old = file('old.cache', 'TRT-7103-EntropyCalibration2\nl0_query: 3c010a14\n');
    expect(await building(...int8, old)).toMatch(
      /old\.cache: graph "bert": no range for "embeddings\/LayerNorm\/layerNorm", .*; the 1 ranges given are of "l0_query"/,
    );
  });

  test('a tensor without a range', async () => {
    const { ranges } = readCalibration(readFileSync(cache, 'utf8'));
    const without = changed({ ranges: new Map([...ranges].slice(1)) });
    expect(await building(...int8, without)).toMatch(
      /changed\.json: graph "bert": no range for "embeddings\/LayerNorm\/layerNorm"; .* calibrate this graph, or exclude/,
    );
    const spared = ['--exclude', 'encoder/layer_0/attention/self'];
    expect(await report('build', ...sizes, '-o', at('x'), ...int8, without, ...spared)).toMatchObject({
      precision: 'int8',
    });
  });

  test('a cache that is damaged or not there', async () => {
    expect(await building(...int8, file('cut.json', readFileSync(cache).subarray(0, 300)))).toContain(
      'cut.json: is not JSON',
    );
    expect(await building(...int8, file('cut.cache', 'TRT-1-X\nname: 3c'))).toContain(
      'cut.cache, line 2: the file is truncated',
    );
    expect(await building(...int8, at('nowhere.json'))).toContain(
      'there is no such calibration cache; `bert-squad calibrate`',
    );
    expect(await building(...int8, folder)).toContain(`${folder}: cannot be read`);
    expect(await building('--precision', 'int8')).toContain('need --calibration-data, or a --calibration-cache');
  });

  test('patterns that exclude nothing, or everything', async () => {
    expect(await building(...int8, cache, '--exclude', 'encoder/layer_7')).toBe(
      'bert-squad: no layer of graph "bert" matches encoder/layer_7',
    );
    expect(await building(...int8, cache, '--exclude', 'encoder')).toContain(
      'leaves no layer of recipe accurate to quantize',
    );
  });

  test('calibrators and recipes that do not exist; what float networks have no use for', async () => {
    const wrong = async (...how: string[]): Promise<string> => {
      const { exitCode, stderr } = await bertSquad('build', ...sizes, '-o', at('none'), '--precision', 'int8', ...how);
      expect(exitCode).toBe(2);
      expect(stderr.trimEnd()).not.toContain('\n');
      return stderr;
    };
    expect(await wrong('--calibrator', 'best')).toMatch(
      /Argument: calibrator, Given: "best", Choices: "entropy", "min-max"/,
    );
    expect(await wrong('--recipe', 'fast')).toMatch(/Argument: recipe, Given: "fast", Choices: "gemm", "accurate"/);
    expect(await building('--calibration-data', squad, '--exclude', 'x')).toBe(
      'bert-squad: --exclude, --calibration-data: for --precision int8 or fp8, and this is fp32',
    );
    await report('build', ...sizes, '-o', at('float'));
    for (const command of ['compare', 'perf', 'inspect --format listing', 'export -o x.onnx'])
      expect(await failure(...command.split(' '), '-e', at('float'), '--recipe', 'full')).toBe(
        'bert-squad: --recipe: not beside --engine; the engine stays as it was built',
      );
    const text = ['--format', 'tensorrt', '--smooth'];
    const { stderr } = await bertSquad('calibrate', '-m', weights, '--calibration-data', lines, '-o', at('x'), ...text);
    expect(stderr).toBe('bert-squad: --format tensorrt has no place for what --smooth does; write trt-dsl\n');
  });
});
