import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dim, Network, TrtDslError, toJson, Weights } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { tensorrt } from '@trt-dsl/trt-bindings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, trtDsl } from '../../../test/support/trt-dsl.ts';
import { kindOf, openModel } from './model-file.ts';

const onnx = fileURLToPath(new URL('../../../packages/onnx-backend/fixtures/dynamo-squad.onnx', import.meta.url));
const net = new Network('scale');
net.markOutput(net.addMul(net.addInput('x', 'float32', [dim('n')]), Weights.fromNumbers('float32', [1], [2])), 'y');
const graph = net.graph();

/** A file of each kind. */
async function samples(): Promise<Readonly<Record<string, Uint8Array>>> {
  using plan = await tensorrt({ product: 'rtx' }).compile(graph, { profiles: [{ n: 4 }], optimizationLevel: 0 });
  using engine = await onnxBackend({ threads: 1 }).compile(graph);
  return {
    graph: Buffer.from(toJson(graph)),
    onnx: readFileSync(onnx),
    plan: plan.serialize(),
    'onnx-engine': engine.serialize(),
  };
}

describe('a model’s file', () => {
  it('is known by its contents, whatever its name', async () => {
    const folder = temporaryFolder();
    for (const [kind, bytes] of Object.entries(await samples())) {
      const path = join(folder, `${kind}.bin`);
      writeFileSync(path, bytes);
      expect(kindOf(path)).toBe(kind);
    }
    expect(openModel(join(folder, 'plan.bin'))).toMatchObject({ kind: 'engine', backend: 'tensorrt-rtx' });
    expect(openModel(join(folder, 'onnx-engine.bin'))).toMatchObject({ kind: 'engine', backend: 'onnx' });
  });

  it('that is cut short or has a byte changed is opened, or refused in one line that names it', async () => {
    const path = join(temporaryFolder(), 'changed');
    const files = Object.values(await samples());
    const change = fc.record({
      file: fc.constantFrom(...files),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      to: fc.option(fc.integer({ min: 0, max: 255 })),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ file, at, to }) => {
        const offset = Math.floor(at * file.length);
        const bytes = to === null ? file.subarray(0, offset) : Uint8Array.from(file);
        if (to !== null) bytes[offset] = to;
        writeFileSync(path, bytes);
        const { exitCode, stderr } = await trtDsl('inspect', path, '--summary');
        if (exitCode === 0) return;
        expect(exitCode).toBe(1);
        expect(stderr).not.toContain('    at ');
        expect(stderr.trimEnd()).not.toContain('\n');
        expect(stderr).toContain('changed');
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('of any bytes at all is refused', async () => {
    const path = join(temporaryFolder(), 'bytes');
    const starts = ['', '{', '{"format": ', '\b', 'ftrt', 'PK'].map((text) => Buffer.from(text));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }), async (start, rest) => {
        writeFileSync(path, Buffer.concat([start, rest]));
        try {
          openModel(path);
        } catch (error) {
          expect(error).toBeInstanceOf(TrtDslError);
          expect(String(error)).toContain(path);
        }
      }),
      { numRuns: 300 },
    );
  });
});
