import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Network } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { findPython } from '../../../test/support/python.ts';
import { rmsNorm, rmsNormLibrary } from './rms-norm.ts';

const folder = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8');
const readme = read('README.md');
const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text!);

test('the README shows code that is in the sources', () => {
  const sources = {
    cpp: ['native/rms_norm.cu', 'native/plugin.cc'].map(read).join(),
    ts: ['src/rms-norm.ts', 'src/main.ts'].map(read).join(),
  };
  for (const language of ['cpp', 'ts'] as const) {
    expect(blocks(language).length).toBeGreaterThan(2);
    for (const block of blocks(language)) expect(sources[language]).toContain(block);
  }
});

test('the program prints what the README says', async () => {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...parts) => lines.push(parts.join(' ')));
  try {
    await import('./main.ts');
  } finally {
    log.mockRestore();
  }
  expect(
    lines
      .join('\n')
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  ).toContain(blocks('text')[0]!.trimEnd());
});

test('the README’s command builds a library that TensorRT can register', async () => {
  const [, command] = /^ {4}node (examples\/custom-plugin\/build\.mjs)$/m.exec(readme)!;
  const root = fileURLToPath(new URL('../../', folder));
  execFileSync(process.execPath, [command!], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const script = `import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
count = ctypes.c_int32()
library.getCreators.restype = ctypes.c_void_p
print(bool(library.getCreators(ctypes.byref(count))), count.value, hasattr(library, 'setLoggerFinder'))`;
  const found = execFileSync(await findPython(), ['-c', script, rmsNormLibrary()], { encoding: 'utf8' });
  expect(found.trim()).toBe('True 1 True');
}, 1_200_000); // the compiler may have to be fetched

test.each([
  [
    'no program',
    fileURLToPath(new URL('README.md', folder)),
    /^custom-plugin: .*README\.md cannot be run: .*EACCES\n$/,
  ],
  ['failing', '/bin/false', /^custom-plugin: \/bin\/false ended with status 1; what is wrong stands above\n$/],
])('a compiler that is %s is one line', (_, compiler, message) => {
  const script = fileURLToPath(new URL('build.mjs', folder));
  const env = { ...process.env, CUDACXX: compiler };
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env });
  expect(stderr).toMatch(message);
  expect(status).toBe(1);
});

test('the decomposition is the formula', async () => {
  const [hidden, epsilon] = [5, 1e-3];
  const net = new Network('test');
  const x = net.addInput('x', 'float32', [1, 2, hidden]);
  const gamma = net.addInput('gamma', 'float32', [hidden]);
  const graph = net.graph({ inputs: { x, gamma }, outputs: { y: rmsNorm(net, [x, gamma], { epsilon }) } });
  using engine = await onnxBackend({ threads: 1 }).compile(graph);
  const floats = (length: number) =>
    fc.float32Array({ minLength: length, maxLength: length, min: -100, max: 100, noNaN: true });
  await fc.assert(
    fc.asyncProperty(floats(2 * hidden), floats(hidden), async (x, gamma) => {
      const y = (await engine.run({ x, gamma })).y.data;
      y.forEach((value, i) => {
        const row = x.subarray(i - (i % hidden), i - (i % hidden) + hidden);
        const mean = row.reduce((sum, each) => sum + each * each, 0) / hidden;
        const expected = (x[i]! / Math.sqrt(mean + epsilon)) * gamma[i % hidden]!;
        expect(Math.abs(value - expected)).toBeLessThan(1e-5 * (1 + Math.abs(expected)));
      });
    }),
  );
});
