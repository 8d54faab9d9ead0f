import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environment, temporaryFolder, trtDsl } from '../../../test/support/trt-dsl.ts';
import { headers } from './artifacts.ts';

describe('trt-dsl setup', () => {
  it('finds everything it installed before, and fetches nothing', async () => {
    const { exitCode, stdout, stderr } = await trtDsl('setup', '--no-addons', '--verify', '--json');
    const said = stderr.replace(/^waiting for another trt-dsl setup \(process \d+\)\n/, ''); // where two run these tests
    expect({ exitCode, said }).toEqual({ exitCode: 0, said: '' });
    const outcomes: { what: string; state: string }[] = JSON.parse(stdout).outcomes;
    expect(outcomes.map(({ what }) => what)).toEqual([
      ...headers.map(({ product }) => `${product} headers`),
      'tensorrt-rtx libraries',
    ]);
    for (const { state } of outcomes) expect(state).toBe('present');
  });

  it("leaves a user's own TensorRT alone", async () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'lib'));
    writeFileSync(join(root, 'lib', 'libnvinfer.so.10'), '');
    environment('TENSORRT_ROOT', root);
    const before = readdirSync(root, { recursive: true });
    const { stdout } = await trtDsl('setup', '--no-addons', '--product', 'tensorrt-10', '--json');
    const library = JSON.parse(stdout).outcomes.at(-1);
    expect(library).toEqual({
      what: 'tensorrt-10 libraries',
      state: 'yours',
      path: join(root, 'lib', 'libnvinfer.so.10'),
    });
    expect(readdirSync(root, { recursive: true })).toEqual(before);
  });
});
