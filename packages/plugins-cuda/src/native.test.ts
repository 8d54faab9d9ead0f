import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pluginLibrary } from './library.ts';

const folder = resolve(fileURLToPath(import.meta.url), '../..');
const headers = resolve(folder, '../../.cache/tensorrt/headers');
const work = mkdtempSync(join(tmpdir(), 'trt-dsl-plugins-'));
afterAll(() => rmSync(work, { recursive: true }));

const passed = async (command: string, args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(command, args, { maxBuffer: 1 << 26 })).stdout;

test('the kernels are right on a CPU: every type, schedule, head size, tile size and mask', async () => {
  const output = await passed('bash', [join(folder, 'harness/emulate/run.sh'), join(work, 'emulate')]);
  expect(output.match(/^\d{3} passed, 0 failed/gm)).toHaveLength(2); // the LayerNorm family, attention
}, 1_200_000); // it took 80 s on two cores that did other things besides

test('a library that is not built is named, with the command that builds it', () => {
  const before = process.env['TRT_DSL_PLUGINS'];
  process.env['TRT_DSL_PLUGINS'] = join(work, 'nowhere.so');
  try {
    expect(pluginLibrary).toThrow(/nowhere\.so does not exist: build it with/);
  } finally {
    if (before === undefined) delete process.env['TRT_DSL_PLUGINS'];
    else process.env['TRT_DSL_PLUGINS'] = before;
  }
});

describe('the library', () => {
  // What `scripts/build.mjs` made; where it did not run, the same for one architecture, in a minute the first time.
  const built = process.env['TRT_DSL_PLUGINS'] ?? join(folder, 'build/libtrt_dsl_plugins.so');
  let library = built;
  beforeAll(async () => {
    if (existsSync(built)) return;
    const options = ['--architectures', '90-real', '--build', resolve(folder, '../../.cache/plugins-cuda')];
    library = (await passed(process.execPath, [join(folder, 'scripts/build.mjs'), ...options]))
      .trim()
      .split('\n')
      .at(-1)!;
  }, 1_200_000);

  test.each(['10.16', '11.4'])('is what TensorRT %s looks for', async (version) => {
    const include = join(headers, `TRT-Enterprise-${version}`);
    const program = join(work, `library_test-${version}`);
    const source = join(folder, 'native/library_test.cc');
    await passed('g++', ['-std=c++17', `-I${include}`, `-I${headers}`, source, '-ldl', '-o', program]);
    expect(await passed(program, [library])).toMatch(/^\d+ passed, 0 failed/m);
  });
});
