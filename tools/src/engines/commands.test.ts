import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dim, type Graph, Network, toJson, Weights, weightsByName } from '@trt-dsl/dsl';
import { openWeights, writeNpz, writeSafetensors } from '@trt-dsl/weights';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, trtDsl } from '../../../test/support/trt-dsl.ts';

const onnx = fileURLToPath(new URL('../../../packages/onnx-backend/fixtures/dynamo-squad.onnx', import.meta.url));
const [known] = JSON.parse(readFileSync(onnx.replace('.onnx', '.json'), 'utf8')).cases;

/** y = x · kernel + bias, `[batch, 2]` → `[batch, 3]`. */
function linear(): Graph {
  const net = new Network('linear');
  const x = net.addInput('x', 'float32', [dim('batch'), 2]);
  const kernel = Weights.fromNumbers('float32', [2, 3], [1, 2, 3, 4, 5, 6]);
  net.markOutput(net.addLinear(x, kernel, Weights.fromNumbers('float32', [3], [10, 20, 30])), 'y');
  return net.graph();
}

/** A folder with the graph as JSON, with and without its weights inside. */
function graphFiles(): { readonly folder: string; readonly inline: string; readonly reference: string } {
  const folder = temporaryFolder();
  const [inline, reference] = [join(folder, 'inline.json'), join(folder, 'reference.json')];
  writeFileSync(inline, toJson(linear()));
  writeFileSync(reference, toJson(linear(), { weights: 'reference' }));
  writeSafetensors(join(folder, 'reference.safetensors'), weightsByName(linear()));
  return { folder, inline, reference };
}

async function json(...argv: readonly string[]) {
  const { exitCode, stdout, stderr } = await trtDsl(...argv, '--json');
  return { exitCode, report: JSON.parse(stdout), stderr };
}

describe('trt-dsl run', () => {
  it.each(['inline', 'reference'] as const)(
    'runs a graph whose weights are %s, and saves what comes out',
    async (kind) => {
      const files = graphFiles();
      const out = join(files.folder, 'out');
      const { exitCode, report } = await json(
        'run',
        files[kind],
        '--input',
        'x=[[1, 0], [0, 1]]',
        '--out',
        out,
        '--runs',
        '3',
      );
      expect(exitCode).toBe(0);
      expect(report.outputs.y).toMatchObject({ type: 'float32[2, 3]', min: 11, max: 36 });
      expect(report.outputs.y.norm).toBeCloseTo(Math.hypot(11, 22, 33, 14, 25, 36), 4);
      expect(report.milliseconds.median).toBeGreaterThan(0);
      expect([...(openWeights(out).get('y').array() as Float32Array)]).toEqual([11, 22, 33, 14, 25, 36]);
    },
  );

  it('gives PyTorch’s logits for an exported BERT, its inputs read from .npz', async () => {
    const folder = temporaryFolder();
    const npz = join(folder, 'inputs.npz');
    const inputs = Object.entries(known.inputs as Record<string, { shape: number[]; values: number[] }>);
    writeNpz(
      npz,
      inputs.map(([name, { shape, values }]) => [name, Weights.fromNumbers('int32', shape, values, name) as Weights]),
    );
    const saved = join(folder, 'saved.npz');
    const outputs = Object.entries(known.outputs as Record<string, { shape: number[]; values: number[] }>);
    writeNpz(
      saved,
      outputs.map(([name, { shape, values }]) => [
        name,
        Weights.fromNumbers('float32', shape, values, name) as Weights,
      ]),
    );
    const near = ['compare', onnx, saved, '--input', npz, '--max-abs'];
    const { exitCode, report } = await json(...near, '1e-5');
    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: 0, ok: true });
    expect(Object.keys(report.outputs)).toEqual(['start_logits', 'end_logits']);
    expect(report.outputs.start_logits.cosine).toBeGreaterThan(0.999999);
    expect((await json(...near, '1e-12')).exitCode).toBe(1);
  });

  it.each([
    [['--input', 'z=[1]'], /there is no input "z"; there are x/],
    [['--input', 'x=[[1, 2, 3]]'], /input "x".*\[1, 3\]/],
    [['--input', 'x=[[1, 2'], /--input x=\[\[1, 2: .*JSON/],
    [['--input', 'nothing.json'], /nothing\.json: there is no such file/],
    [['--runs', '0'], /one run at least/],
    [['--size', 'bach=2'], /--size: there is no "bach"; there are batch/],
    [['--range', 'y=0:2'], /--range: there is no "y"; there are x/],
    [['--backend', 'tensorrt-10', '--root', '/nowhere'], /nowhere/],
  ])('%j: one line that says what is wrong', async (argv, message) => {
    const { inline } = graphFiles();
    const { exitCode, stdout, stderr } = await trtDsl('run', inline, ...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });

  it('names the graph that cannot be read, and the weights that it lacks', async () => {
    const { folder, reference } = graphFiles();
    const [damaged, alone] = [join(folder, 'damaged.json'), join(folder, 'alone.json')];
    writeFileSync(damaged, readFileSync(reference, 'utf8').slice(0, 200));
    writeFileSync(alone, readFileSync(reference));
    expect((await trtDsl('run', damaged)).stderr).toMatch(/damaged\.json: no graph in this JSON/);
    expect((await trtDsl('run', alone)).stderr).toMatch(/alone\.json: .*weights "[^"]+" are not in the JSON/);
    const beside = ['run', alone, '--weights', join(folder, 'reference.safetensors')];
    expect(await trtDsl(...beside)).toMatchObject({ exitCode: 0 });
  });

  it('names a file that is none of its kinds', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'model.bin');
    writeFileSync(path, 'PK something else');
    expect((await trtDsl('run', path)).stderr).toMatch(/model\.bin: begins like no model; known are/);
    expect((await trtDsl('run', join(folder, 'none'))).stderr).toMatch(/none: there is no such file/);
    mkdirSync(join(folder, 'folder'));
    expect((await trtDsl('run', join(folder, 'folder'))).stderr).toMatch(/is no file/);
  });
});

describe('trt-dsl build', () => {
  it('makes an ONNX engine that computes what the graph does', async () => {
    const { folder, inline } = graphFiles();
    const engine = join(folder, 'linear.engine.onnx');
    const built = await json('build', inline, '--backend', 'onnx', '--out', engine);
    expect(built.report).toMatchObject({ backend: 'onnx', graph: 'linear', out: engine });
    const { exitCode, report } = await json('compare', engine, inline, '--size', 'batch=5', '--max-abs', '0');
    expect({ exitCode, shape: report.outputs.y.shape }).toEqual({ exitCode: 0, shape: [5, 3] });
    for (const [flags, name] of [
      [['--tf32'], 'tf32'],
      [['--optimization-level', '0'], 'optimizationLevel'],
    ] as const) {
      const { exitCode: refused, stderr } = await trtDsl(
        'build',
        inline,
        '--backend',
        'onnx',
        '--out',
        engine,
        ...flags,
      );
      expect([refused, stderr]).toEqual([1, expect.stringContaining(`there is no option "${name}"`)]);
    }
  });

  it('makes a TensorRT-RTX engine of an exported BERT without a GPU, and says what is in it', async () => {
    const folder = temporaryFolder();
    const [plan, cache] = [join(folder, 'bert.plan'), join(folder, 'timings')];
    const ranges = [
      '--min',
      'batch=1,seq=2',
      '--opt',
      'batch=2,seq=8',
      '--max',
      'batch=4,seq=24',
      '--max',
      'batch=8,seq=2',
    ];
    const built = await json('build', onnx, '--out', plan, ...ranges, '--timing-cache', cache);
    expect(built).toMatchObject({ exitCode: 0, report: { profiles: [{ batch: [1, 2, 4] }, { batch: [8, 8, 8] }] } });
    expect(readFileSync(cache).length).toBeGreaterThan(0);
    const { report } = await json('inspect', plan);
    expect(report).toMatchObject({
      kind: 'engine',
      product: 'tensorrt-rtx',
      inputs: { input_ids: 'int64[batch, seq]', attention_mask: 'int64[batch, seq]' },
      outputs: { start_logits: 'float32[batch, seq]', end_logits: 'float32[batch, seq]' },
    });
    expect((await trtDsl('inspect', plan)).stdout).toMatch(/^an engine of tensorrt-rtx 1\.\d+/);
    expect((await trtDsl('inspect', plan, '--dot')).stderr).toMatch(/is an engine; --dot and --svg draw graphs/);
    expect((await trtDsl('build', plan)).stderr).toMatch(/is an engine already/);
    for (const other of [
      ['inspect', plan, '--product'],
      ['run', plan, '--backend'],
    ])
      expect((await trtDsl(...other, 'tensorrt-10')).stderr).toMatch(/an engine of tensorrt-rtx, not of tensorrt-10/);
    const cut = join(folder, 'cut.plan');
    writeFileSync(cut, readFileSync(plan).subarray(0, 5000));
    expect(await trtDsl('run', cut)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('or cut short') });
  });

  it.each([
    [[], /known at run time only; say how large they get: --max batch=8/],
    [['--max', 'batch=2', '--workspace', '-1'], /--workspace -1: no size in MiB/],
    [['--max', 'batch=2', '--optimization-level', '2.5'], /--optimization-level 2\.5: no whole number from 0 to 5/],
    [['--max', 'batch=0'], /needs a number or \[min, opt, max\]/],
    [['--max', 'batsh=2'], /no dimension "batsh"; it has batch/],
    [['--max', 'batch=2', '--compute-capability', 'SM12345'], /SM12345: there is none; there are .*SM89/],
  ])('%j: one line that says what is wrong', async (argv, message) => {
    const { inline } = graphFiles();
    const { exitCode, stderr } = await trtDsl('build', inline, ...argv);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.split('\n')).toEqual([expect.any(String), '']);
  });
});

describe('trt-dsl inspect', () => {
  it('lists a graph, for people and for programs, and draws it', async () => {
    const { inline } = graphFiles();
    const { stdout } = await trtDsl('inspect', inline);
    expect(stdout).toContain('inputs   x float32[batch, 2]');
    expect(stdout).toContain('weights  9 values, 36 B');
    expect(stdout).toMatch(/matmul\(%0, @.*float32\[batch, 3\]/);
    const { report } = await json('inspect', inline);
    expect(report).toMatchObject({
      kind: 'graph',
      dims: ['batch'],
      inputs: { x: { dataType: 'float32', shape: ['batch', 2] } },
      weights: { values: 9, bytes: 36 },
    });
    expect(report.layers.map(({ op }: { op: string }) => op)).toEqual(['input', 'matmul', 'elementwise']);
    expect((await trtDsl('inspect', inline, '--dot')).stdout).toMatch(/^digraph "linear" \{/);
    const svg = (await trtDsl('inspect', inline, '--svg')).stdout;
    expect(svg).toMatch(/<svg [\s\S]*matmul[\s\S]*<\/svg>\n$/);
    expect((await trtDsl('inspect', inline, '--summary')).stdout).not.toContain('matmul(');
  });

  it('lists an ONNX file', async () => {
    const { stdout } = await trtDsl('inspect', onnx, '--summary');
    expect(stdout).toMatch(/inputs {3}input_ids int64\[batch, seq\]/);
    expect(stdout).toMatch(/17 matmul/);
  });
});
