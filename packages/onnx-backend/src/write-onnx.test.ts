import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { opNames, TrtDslError, Weights } from '@trt-dsl/dsl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../../../test/support/python.ts';
import { serializeOnnx } from './model.ts';
import { allOps } from './test-support/all-ops.ts';
import { encoderGraph, tiny } from './test-support/bert.ts';
import { backend } from './test-support/run.ts';
import { toOnnx } from './to-onnx.ts';
import { writeOnnx } from './write-onnx.ts';

const folder = mkdtempSync(join(tmpdir(), 'write-onnx-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);

describe('onnx.checker', () => {
  let python = '';
  beforeAll(async () => {
    python = await findPython(['onnx']);
  });
  const check = (path: string): string =>
    execFileSync(
      python,
      ['-c', 'import onnx, sys; onnx.checker.check_model(sys.argv[1], full_check=True); print("ok")', path],
      {
        encoding: 'utf8',
      },
    ).trim();

  it('the model under test has every op', () => {
    const used = new Set(allOps().nodes.map((node) => node.op));
    expect(opNames.filter((name) => !used.has(name))).toEqual(['plugin']);
  });
  it.each(['portable', 'cpu'] as const)('passes a %s model of every op in every type', async (target) => {
    expect(await writeOnnx(allOps(), file(`${target}.onnx`), { target })).toEqual([file(`${target}.onnx`)]);
    expect(check(file(`${target}.onnx`))).toBe('ok');
  });
  it('passes an encoder with its weights beside it', async () => {
    const read = (shape: readonly number[]): Uint8Array => new Uint8Array(shape.reduce((a, b) => a * b, 4)).fill(1);
    const paths = await writeOnnx(encoderGraph({ ...tiny, read }), file('encoder.onnx'), { weights: 'external' });
    expect(paths).toEqual([file('encoder.onnx'), file('encoder.onnx.data')]);
    expect(check(file('encoder.onnx'))).toBe('ok');
    expect(statSync(file('encoder.onnx')).size).toBeLessThan(statSync(file('encoder.onnx.data')).size / 2);
  });
});

it('every op compiles for the CPU', async () => {
  (await backend.compile(allOps())).close();
});

describe('writeOnnx', () => {
  const graph = encoderGraph(tiny);
  it('writes the bytes that serializeOnnx gives', async () => {
    await writeOnnx(graph, file('plain.onnx'), { weights: 'inline' });
    expect(readFileSync(file('plain.onnx'))).toEqual(Buffer.from(serializeOnnx(toOnnx(graph))));
  });
  it('leaves nothing behind where it cannot write or read', async () => {
    await expect(writeOnnx(graph, file('no/such/folder.onnx'))).rejects.toMatchObject({ code: 'file' });
    await writeOnnx(graph, file('whole.onnx'));
    await expect(writeOnnx(graph, file('whole.onnx/below.onnx'))).rejects.toMatchObject({ code: 'file' });
    const broken = toOnnx(graph);
    const weights = Weights.from({
      name: 'gone',
      dataType: 'float32',
      shape: [1024],
      read: () => {
        throw new TrtDslError('weights', 'the checkpoint is gone');
      },
    });
    const model = { ...broken, initializers: new Map([...broken.initializers, ['gone', weights]]) };
    await expect(writeOnnx(model, file('broken.onnx'), { weights: 'external' })).rejects.toThrow(
      'the checkpoint is gone',
    );
    expect(readdirSync(folder).filter((name) => /broken|unfinished/.test(name))).toEqual([]);
  });
  it('refuses more than 2 GB in one file, before it reads a weight', async () => {
    const huge = encoderGraph({
      layers: 24,
      hidden: 2048,
      heads: 16,
      intermediate: 8192,
      vocabulary: 30522,
      read: () => {
        throw new Error('a weight was read');
      },
    });
    await expect(writeOnnx(huge, file('huge.onnx'), { weights: 'inline' })).rejects.toMatchObject({
      code: 'unsupported',
    });
    expect(() => serializeOnnx(toOnnx(huge))).toThrow(/2 GB.*writeOnnx/);
  });
});
