// The packages as `npm pack` writes them, unpacked where nothing else of the repository is: what a program elsewhere gets.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const elsewhere = mkdtempSync(join(tmpdir(), 'trt-dsl-packed-'));
const modules = join(elsewhere, 'node_modules');
const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { cwd: elsewhere, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const packing = 'npm pack -w packages -w tools --pack-destination';

/** The installed packages that are not ours, `name` or `@scope/name`. */
const foreign = readdirSync(join(root, 'node_modules')).flatMap((name) => {
  if (name.startsWith('.') || name === '@trt-dsl') return [];
  return name.startsWith('@') ? readdirSync(join(root, 'node_modules', name)).map((one) => `${name}/${one}`) : [name];
});

beforeAll(() => {
  const [npm, ...args] = packing.split(' ') as [string, ...string[]];
  execFileSync(npm, [...args, elsewhere], { cwd: root, stdio: 'ignore' });
  for (const name of foreign) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const file of readdirSync(elsewhere).filter((name) => name.endsWith('.tgz'))) {
    const folder = join(modules, '@trt-dsl', /^trt-dsl-(.*)-\d+\.\d+\.\d+\.tgz$/.exec(file)![1]!);
    mkdirSync(folder, { recursive: true });
    run('tar', 'xzf', file, '-C', folder, '--strip-components=1');
  }
  writeFileSync(join(elsewhere, 'package.json'), '{ "type": "module" }');
}, 120_000);
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

test('each package is packed, with what it is made of and without tests', () => {
  const ours = [...readdirSync(join(root, 'packages')), 'tools'].sort();
  expect(readdirSync(join(modules, '@trt-dsl')).sort()).toEqual(ours);
  for (const name of ours) {
    const files = readdirSync(join(modules, '@trt-dsl', name), { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining([join('dist', 'index.js'), join('dist', 'index.d.ts'), 'README.md']));
    expect(files.filter((file) => /\.test\.|test-support/.test(file))).toEqual([]);
  }
});

test('a program elsewhere type-checks and runs with them', () => {
  const example = join(root, 'examples/hand-authored-mlp');
  copyFileSync(join(example, 'src/main.ts'), join(elsewhere, 'main.ts'));
  copyFileSync(join(root, 'tsconfig.base.json'), join(elsewhere, 'tsconfig.base.json'));
  const options = { skipLibCheck: false, noEmit: true, composite: false, incremental: false, types: ['node'] };
  const config = { extends: './tsconfig.base.json', compilerOptions: options, files: ['main.ts'] };
  writeFileSync(join(elsewhere, 'tsconfig.json'), JSON.stringify(config));
  run(process.execPath, join(modules, 'typescript/bin/tsc'), '--project', elsewhere);
  copyFileSync(join(example, 'dist/main.js'), join(elsewhere, 'main.js'));
  expect(run(process.execPath, 'main.js')).toContain('output probs = %6');
});

test('the command answers, and each package opens', () => {
  const command = (...args: readonly string[]): string =>
    run(process.execPath, join(modules, '@trt-dsl/tools/bin/trt-dsl.js'), ...args);
  expect(command('--help')).toContain('trt-dsl setup');
  expect(command('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  const names = readdirSync(join(modules, '@trt-dsl'));
  const opening = names.map((name) => `console.log(Object.keys(await import('@trt-dsl/${name}')).length > 0)`);
  expect(run(process.execPath, '--input-type=module', '-e', opening.join(';'))).toBe('true\n'.repeat(names.length));
});

test('the README packs them so', () => {
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`    ${packing} `);
});
