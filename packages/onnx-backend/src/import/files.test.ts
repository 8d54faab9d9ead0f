import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type DataType,
  dim,
  type Feed,
  fromNumbers,
  type Graph,
  Network,
  TrtDslError,
  toNumbers,
  Weights,
} from '@trt-dsl/dsl';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { serializeOnnx } from '../model.ts';
import { allOps } from '../test-support/all-ops.ts';
import { encoderGraph, tiny } from '../test-support/bert.ts';
import { node, onnxFile, tensor } from '../test-support/onnx-file.ts';
import { backend } from '../test-support/run.ts';
import { toOnnx } from '../to-onnx.ts';
import { writeOnnx } from '../write-onnx.ts';
import { importOnnx } from './import-onnx.ts';
import { openOnnxWeights } from './open-onnx-weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'import-onnx-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);
const fixture = fileURLToPath(new URL('../../fixtures/dynamo-squad.onnx', import.meta.url));

async function run(
  graph: Graph,
  feeds: Record<string, Feed>,
): Promise<Map<string, { type: DataType; shape: readonly number[]; values: number[] }>> {
  using engine = await backend.compile(graph);
  const results = await engine.run(feeds);
  return new Map(
    Object.entries(results).map(([name, { dataType, shape, data }]) => [
      name,
      { type: dataType, shape, values: [...toNumbers(dataType, data)] },
    ]),
  );
}

describe('graph → ONNX → graph', () => {
  it('gives the same numbers for every op in every type', async () => {
    const graph = allOps();
    const back = importOnnx(serializeOnnx(toOnnx(graph)));
    const feeds: Record<string, Feed> = {};
    for (const [name, { dataType }] of graph.inputs) {
      const shape = name === 'indices' ? [2] : [2, 3, 4];
      const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
        dataType === 'bool' ? i % 2 : 1 + ((i * 7) % 5),
      );
      feeds[name] = { data: fromNumbers(dataType, values), shape };
    }
    const [before, after] = [await run(graph, feeds), await run(back, feeds)];
    expect([...after.keys()]).toEqual([...before.keys()]);
    for (const [name, wanted] of before) {
      const got = after.get(name)!;
      // In half types the imported attention is several layers, each of which rounds.
      const rounded = name.startsWith('attention_') && !name.includes('float32');
      expect({ ...got, values: rounded ? [] : got.values }, name).toEqual({
        ...wanted,
        values: rounded ? [] : wanted.values,
      });
      if (rounded)
        wanted.values.forEach((value, i) => {
          expect(Math.abs(got.values[i]! - value)).toBeLessThan(0.02 * Math.abs(value));
        });
    }
  });
  it('keeps computed input sizes and weights by name', () => {
    const net = new Network('computed');
    const [a, b] = [net.addInput('a', 'float32', [dim('n')]), net.addInput('b', 'bfloat16', [dim('n'), 2])];
    const weight = Weights.fromNumbers('float32', [100], Array(100).fill(1), 'table');
    net.markOutput(
      net.addEmbedding(
        net.addCast(a, { dataType: 'int32' }),
        net.addShuffle(net.addConstant(weight), { reshape: [50, 2] }),
      ),
      'y',
    );
    net.markOutput(b, 'b');
    const back = importOnnx(serializeOnnx(toOnnx(net.graph())));
    expect([...back.inputs].map(([name, t]) => `${name} ${t}`)).toEqual(['a float32[n]', 'b bfloat16[n, 2]']);
    expect(back.weights.map((w) => `${w.name} ${w}`)).toEqual(['table float32[50, 2]']);
  });
});

describe('weights', () => {
  const values = (shape: readonly number[]): Uint8Array =>
    new Uint8Array(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i)).buffer);
  const graph = encoderGraph({ ...tiny, read: values });
  const feeds = {
    input_ids: { data: Int32Array.of(1, 2, 3), shape: [1, 3] },
    attention_mask: Float32Array.of(1, 1, 0),
  };

  it.each(['inline', 'external'] as const)('lie %s and are read when they are needed', async (weights) => {
    const path = file(`${weights}.onnx`);
    await writeOnnx(graph, path, { weights });
    const opened = openOnnxWeights(path);
    expect(opened.get('layer_0/query/kernel')?.bytes()).toEqual(values([32, 32]));
    expect(String(opened.get('word'))).toBe('float32[50, 32]');
    expect((await run(importOnnx(path), feeds)).get('hidden')!.values.length).toBe(96);
    expect(await run(importOnnx(path), feeds)).toEqual(await run(graph, feeds));
    truncateSync(weights === 'inline' ? path : `${path}.data`, 100);
    expect(() => opened.get('word')!.bytes()).toThrow(/word.*100 bytes/s);
  });
  it('only come from the model’s own folder', () => {
    for (const location of ['../secret', '/etc/passwd', 'a/../../secret', '']) {
      mkdirSync(file('inner'), { recursive: true });
      const external = {
        ...tensor('w', 'float32', [2], []),
        rawData: new Uint8Array(0),
        dataLocation: 1,
        externalData: [{ key: 'location', value: location }],
      };
      writeFileSync(
        file('inner/m.onnx'),
        onnxFile({ inputs: {}, nodes: [node('y = Neg(w)')], initializers: [external] }),
      );
      expect(() => openOnnxWeights(file('inner/m.onnx'))).toThrow(/"w".*outside the model's folder/);
    }
  });
  it('of other types become what the DSL has', () => {
    const raw = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer);
    const initializers = [
      { name: 'double', dataType: 11, dims: [2], rawData: raw(Float64Array.of(0.1, 2)) },
      { name: 'short', dataType: 5, dims: [1], rawData: raw(Int16Array.of(-3)) },
      { name: 'unsigned', dataType: 12, dims: [1], rawData: raw(Uint32Array.of(4294967295)) },
      { name: 'long', dataType: 7, dims: [2], int64Data: [-5, 6] },
      { name: 'listed', dataType: 1, dims: [], floatData: [1.5] },
    ];
    const opened = openOnnxWeights(onnxFile({ inputs: {}, nodes: [], initializers }));
    expect([...opened].map(([name, w]) => `${name} ${w} ${w.array()}`)).toEqual([
      `double float32[2] ${Math.fround(0.1)},2`,
      'short int32[1] -3',
      'unsigned int64[1] 4294967295',
      'long int64[2] -5,6',
      'listed float32[] 1.5',
    ]);
    const text = { name: 'text', dataType: 8, dims: [1] };
    expect(() => openOnnxWeights(onnxFile({ inputs: {}, nodes: [], initializers: [text] }))).toThrow(
      /"text" is string/,
    );
    const large = { name: 'large', dataType: 11, dims: [2], rawData: raw(Float64Array.of(Infinity, -1e300)) };
    const tooLarge = openOnnxWeights(onnxFile({ inputs: {}, nodes: [], initializers: [large] })).get('large')!;
    expect(() => tooLarge.bytes()).toThrow(/"large": the float64 -1e\+300 at element 1 is beyond float32/);
    const short = { name: 'short', dataType: 1, dims: [2], rawData: new Uint8Array(4) };
    expect(() => openOnnxWeights(onnxFile({ inputs: {}, nodes: [], initializers: [short] }))).toThrow(
      /"short": 4 bytes/,
    );
  });
});

describe('damaged files', () => {
  const bytes = new Uint8Array(readFileSync(fixture));
  const attempt = (damaged: Uint8Array): void => {
    try {
      importOnnx(damaged);
    } catch (error) {
      expect(error).toBeInstanceOf(TrtDslError);
      expect((error as Error).message).toMatch(/^an ONNX model: /);
    }
  };
  it('give an error of ours or another graph, never anything else', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at]! ^= change;
        attempt(damaged);
      }),
      { numRuns: 150 },
    );
  });
  it('are refused where they are cut', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (at) => {
        expect(() => importOnnx(bytes.slice(0, at))).toThrow(TrtDslError);
      }),
      { numRuns: 60 },
    );
  });
  it('are named', () => {
    writeFileSync(file('cut.onnx'), bytes.subarray(0, 1000));
    expect(() => importOnnx(file('cut.onnx'))).toThrow(/cut\.onnx: no ONNX model, or a truncated one/);
    expect(() => importOnnx(file('none.onnx'))).toThrow(/none\.onnx cannot be read/);
    expect(() => importOnnx(42 as never)).toThrow(/path or bytes/);
  });
});
