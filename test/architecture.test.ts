import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The way of the data, as ARCHITECTURE.md draws it: what each package may know of ours. */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  dsl: [],
  weights: ['dsl'],
  'onnx-backend': ['dsl'],
  'trt-bindings': ['dsl'],
  'plugins-cuda': ['dsl'],
  'bert-model': ['dsl', 'weights'],
};
const packages = readdirSync(join(root, 'packages')).sort();

interface Import {
  readonly file: string;
  readonly from: string;
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ts$/.test(file))
    .map((file) => join(root, folder, 'src', file));
}

/** Sources that ship: neither tests nor what supports them. */
const shipped = (file: string): boolean => !/\.test\.ts$|[/-]test-support\/|\.bench\.ts$/.test(file);

const importsOf = (file: string): readonly Import[] =>
  ts
    .preProcessFile(readFileSync(file, 'utf8'), true, true)
    .importedFiles.map(({ fileName }) => ({ file, from: fileName }));

const ours = (from: string): string | undefined => /^@trt-dsl\/([^/]+)/.exec(from)?.[1];
const packageOf = (from: string): string => /^(@[^/]+\/[^/]+|[^/]+)/.exec(from)![1]!;
const show = ({ file, from }: Import): string => `${relative(root, file)} imports ${from}`;

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

test('every package has its place in the picture', () => {
  expect(packages).toEqual(Object.keys(mayUse).sort());
});

describe.each(packages)('packages/%s', (name) => {
  const folder = `packages/${name}`;
  const imports = sourcesIn(folder).filter(shipped).flatMap(importsOf);

  test('imports nothing of ours but what the arrows allow', () => {
    const wrong = imports.filter(({ from }) => {
      const used = ours(from);
      return used !== undefined && used !== name && !mayUse[name]!.includes(used);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  test('declares what it imports, and nothing of ours that it must not', () => {
    const { dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifestOf(folder);
    const declared = new Set([dependencies, peerDependencies, optionalDependencies].flatMap(Object.keys));
    const missing = imports.filter(
      ({ from }) => !/^[./]/.test(from) && !isBuiltin(from) && !declared.has(packageOf(from)),
    );
    expect(missing.map(show)).toEqual([]);
    expect(
      [...declared].flatMap((dependency) => ours(dependency) ?? []).filter((used) => !mayUse[name]!.includes(used)),
    ).toEqual([]);
  });
});

const workspaces = [
  ...packages.map((name) => `packages/${name}`),
  ...readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `examples/${name}`),
  'tools',
];

describe.each(workspaces)('%s', (folder) => {
  test('reaches into no other package by a path', () => {
    const home = join(root, folder);
    // tests may use what tests share, and what fetches models
    const shared = [join(root, 'test'), join(root, 'tools/src')];
    const wrong = sourcesIn(folder)
      .flatMap((file) => importsOf(file))
      .filter(({ file, from }) => {
        if (!from.startsWith('.')) return false;
        const target = resolve(dirname(file), from);
        const allowed = shipped(file) ? [home] : [home, ...shared];
        return !allowed.some((base) => target === base || target.startsWith(`${base}/`));
      });
    expect(wrong.map(show)).toEqual([]);
  });

  test('writes relative imports with their ending', () => {
    const wrong = sourcesIn(folder)
      .flatMap((file) => importsOf(file))
      .filter(({ from }) => from.startsWith('.') && !/\.(ts|js|mjs|json|node)$/.test(from));
    expect(wrong.map(show)).toEqual([]);
  });
});
