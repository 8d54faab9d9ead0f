import { readdirSync } from 'node:fs';
import {
  type DataType,
  dim,
  type Engine,
  fromNumbers,
  Network,
  sum,
  TrtDslError,
  toNumbers,
  Weights,
} from '@trt-dsl/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environment, temporaryFolder } from '../../../../test/support/temporary.ts';
import { encoderGraph, tiny } from '../test-support/bert.ts';
import { backend, given, numbersOf } from '../test-support/run.ts';
import { onnxBackend } from './onnx-backend.ts';

const seq = dim('seq');

const sliced = (): Network => {
  const net = new Network('sliced');
  const x = net.addInput('x', 'bfloat16', [seq, 2]);
  net.markOutput(net.addSlice(x, { start: [1, 0], size: [2, 2] }), 'part');
  net.markOutput(net.addShuffle(x, { reshape: [-1] }), 'flat');
  return net;
};

const codeOf = async (action: () => unknown): Promise<string> => {
  try {
    await action();
  } catch (error) {
    return error instanceof TrtDslError ? error.code : `not ours: ${String(error)}`;
  }
  return 'none';
};

describe('engine', () => {
  it('says what it takes and gives', async () => {
    using engine = await backend.compile(sliced().graph());
    expect([...engine.inputs].map(([name, type]) => `${name} ${type.dataType} ${type.shape}`)).toEqual([
      'x bfloat16 seq,2',
    ]);
    expect([...engine.outputs].map(([name, { shape }]) => `${name} ${shape}`)).toEqual(['part 2,2', 'flat 2*seq']);
    expect(backend.name).toBe('onnx');
  });

  it('checks feeds and sizes before it runs', async () => {
    using engine = await backend.compile(sliced().graph());
    expect(await codeOf(() => engine.run({}))).toBe('argument');
    expect(await codeOf(() => engine.run({ x: new Uint16Array(6), y: new Uint16Array(6) }))).toBe('argument');
    expect(await codeOf(() => engine.run({ x: new Float32Array(6) }))).toBe('data-type');
    expect(await codeOf(() => engine.run({ x: new Uint16Array(5) }))).toBe('shape');
    await expect(engine.run({ x: new Uint16Array(4) })).rejects.toThrow(/slice.*seq = 2.*outside/s);
    expect((await engine.run({ x: new Uint16Array(6) }))['flat']!.shape).toEqual([6]);
  });

  it('checks profiles if there are some', async () => {
    const graph = sliced().graph();
    expect(await codeOf(() => backend.compile(graph, { profiles: [{ seq: [1, 4, 8] }] }))).toBe('shape');
    expect(await codeOf(() => backend.compile(graph, { profiles: [{ batch: 1, seq: 3 }] }))).toBe('name');
    (await backend.compile(graph, { profiles: [{ seq: [3, 4, 8] }] })).close();
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(backend.compile(graph, { signal: aborted })).rejects.toThrow('enough');
  });

  it('refuses options that it lacks', async () => {
    const options = { profile: [] } as object;
    await expect(onnxBackend().compile(sliced().graph(), options)).rejects.toThrow(
      'compile: there is no option "profile"; there are profiles, signal, onProgress',
    );
  });

  it('runs several times at once', async () => {
    using engine = await backend.compile(sliced().graph());
    const runs = [3, 4, 5, 6].map((n) => engine.run({ x: fromNumbers('bfloat16', Array(n * 2).fill(n)) }));
    expect((await Promise.all(runs)).map(({ flat }) => [...toNumbers('bfloat16', flat!.data)])).toEqual(
      [3, 4, 5, 6].map((n) => Array(n * 2).fill(n)),
    );
  });

  it('has its own copy of what it is fed', async () => {
    using engine = await backend.compile(sliced().graph());
    const x = fromNumbers('bfloat16', [1, 1, 1, 1, 1, 1]);
    const running = engine.run({ x });
    x.fill(0);
    expect([...toNumbers('bfloat16', (await running)['flat']!.data)]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('closes once, after what still runs, and refuses to run then', async () => {
    const engine = await backend.compile(sliced().graph());
    const running = engine.run({ x: new Uint16Array(6) });
    engine.close();
    engine.close();
    expect((await running)['part']!.shape).toEqual([2, 2]);
    expect(await codeOf(() => engine.run({ x: new Uint16Array(6) }))).toBe('closed');
    expect(await codeOf(() => engine.serialize())).toBe('closed');
  });

  it("names ONNX Runtime's errors as its own", async () => {
    const net = new Network('lookup');
    const ids = net.addInput('ids', 'int32', [1]);
    net.markOutput(net.addEmbedding(ids, Weights.fromNumbers('float32', [2, 1], [1, 2])), 'y');
    using engine = await backend.compile(net.graph());
    await expect(engine.run({ ids: Int32Array.of(7) })).rejects.toThrow(/lookup: ONNX Runtime: .*Gather.*7/s);
    expect(await codeOf(() => engine.run({ ids: Int32Array.of(7) }))).toBe('backend');
  });

  it('compiles through a file as it does in memory', async () => {
    const graph = encoderGraph({ ...tiny, read: randomBytes });
    const feeds = {
      input_ids: { data: Int32Array.of(1, 2, 3, 4), shape: [2, 2] },
      attention_mask: Float32Array.of(1, 1, 1, 0),
    };
    using memory = await backend.compile(graph);
    const folder = temporaryFolder();
    environment('TMPDIR', folder); // of its own: other tests use the usual one at the same time
    using file = await onnxBackend({ fileAbove: 1000 }).compile(graph);
    expect(await file.run(feeds)).toEqual(await memory.run(feeds));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('computes quantized products exactly', async () => {
    const x = given(
      'float32',
      [1, 64],
      Array.from({ length: 64 }, (_, i) => (i % 2 ? 127 : 126)),
    );
    const kernel = Weights.of(
      'int8',
      [64, 1],
      Int8Array.from({ length: 64 }, (_, i) => (i % 3 ? 127 : -128)),
    );
    const got = await numbersOf([x], (net, t) => {
      const quantized = net.addDequantize(net.addQuantize(t, 1, { dataType: 'int8' }), 1, { dataType: 'float32' });
      const weight = net.addDequantize(net.addConstant(kernel), 1, { dataType: 'float32' });
      return net.addMatMul(quantized, weight);
    });
    expect(got).toEqual([x.values.reduce((total, v, i) => total + v * (i % 3 ? 127 : -128), 0)]);
  });

  it.each([0, 1.5, '2'])('refuses %j threads', (threads) => {
    expect(() => onnxBackend({ threads: threads as number })).toThrow(TrtDslError);
  });
});

describe('serialize and load', () => {
  const types: readonly DataType[] = [
    'float32',
    'float16',
    'bfloat16',
    'float8',
    'int8',
    'uint8',
    'int32',
    'int64',
    'bool',
  ];
  it.each(types)('keeps inputs, outputs and results in %s', async (type) => {
    const net = new Network('identity');
    const x = net.addInput('x', type, [seq, sum(seq, 1)]);
    net.markOutput(net.addShuffle(x, { firstTranspose: [1, 0], reshape: [-1] }), 'y');
    using compiled = await backend.compile(net.graph());
    using loaded = await backend.load(compiled.serialize());
    const text = (engine: Engine): string[] =>
      [...engine.inputs, ...engine.outputs].map(([name, t]) => `${name} ${t.dataType} ${t.shape}`);
    expect(text(loaded)).toEqual(text(compiled));
    const feeds = { x: { data: fromNumbers(type, [1, 0, 1, 1, 1, 0]), shape: [2, 3] } };
    expect(await loaded.run(feeds)).toEqual(await compiled.run(feeds));
    expect((await loaded.run(feeds))['y']!.data).toEqual(fromNumbers(type, [1, 1, 0, 1, 1, 0]));
    expect(loaded.serialize()).toEqual(compiled.serialize());
    loaded.serialize().fill(0);
    expect(loaded.serialize()).toEqual(compiled.serialize());
  });

  it('checks sizes when loaded, too', async () => {
    const net = new Network('window');
    const x = net.addInput('x', 'float32', [1, 1, seq, 4]);
    net.markOutput(net.addPooling(x, { operation: 'max', window: [3, 1], stride: [1, 1] }), 'y');
    using pooling = await backend.compile(net.graph());
    using again = await backend.load(pooling.serialize());
    for (const engine of [pooling, again])
      await expect(engine.run({ x: new Float32Array(8) })).rejects.toThrow(/max_pooling.*seq = 2.*window/s);
    expect((await again.run({ x: new Float32Array(16) }))['y']!.shape).toEqual([1, 1, 2, 4]);
    using compiled = await backend.compile(sliced().graph());
    using loaded = await backend.load(compiled.serialize());
    await expect(loaded.run({ x: new Uint16Array(4) })).rejects.toThrow(/slice.*seq = 2.*outside/s);
  });

  it('refuses every truncation and every changed byte', async () => {
    using compiled = await backend.compile(sliced().graph());
    const bytes = compiled.serialize();
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        expect(await codeOf(() => backend.load(bytes.slice(0, at)))).toBe('file');
        const changed = bytes.slice();
        changed[at]! ^= change;
        expect(await codeOf(() => backend.load(changed))).toBe('file');
      }),
      { numRuns: 300 },
    );
    expect(await codeOf(() => backend.load(new Uint8Array(0)))).toBe('file');
    expect(await codeOf(() => backend.load('model.onnx' as never))).toBe('argument');
  });
});

/** Small float32 values that are the same for the same shape. */
function randomBytes(shape: readonly number[]): Uint8Array {
  let state = shape.reduce((a, b) => a * 31 + b, 7);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (state / 2147483648 - 0.5) / 4;
  });
  return new Uint8Array(values.buffer);
}
