import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';

const source = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
);
const out = mkdtempSync(join(tmpdir(), 'trt-dsl-modules-'));
const built = (file: string): string => join(out, file.replace(/\.ts$/, '.mjs'));

beforeAll(() => {
  for (const fileName of files) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, fileName), 'utf8'), {
      fileName,
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    ts.sys.writeFile(built(fileName), outputText.replaceAll(/(['"]\.[^'"]*)\.ts(['"])/g, '$1.mjs$2'));
  }
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** Imports a file in a thread that has loaded nothing else. */
const importAlone = (file: string): Promise<string> =>
  new Promise((resolve) => {
    const worker = new Worker(built(file));
    worker.once('error', (error) => resolve(`${file}: ${String(error)}`));
    worker.once('exit', () => resolve(''));
  });

test('each file can be the first that is imported: no cycle of modules needs what is not there yet', async () => {
  const failures: string[] = [];
  for (const file of files) failures.push(await importAlone(file));
  expect(files.length).toBeGreaterThan(50);
  expect(failures.filter(Boolean)).toEqual([]);
});

test('layers import the network as a type only', () => {
  for (const file of files.filter((name) => name.startsWith('layers')))
    expect(readFileSync(built(file), 'utf8'), file).not.toMatch(/from '\.\.\/(network|plugin)\.mjs'/);
});

test('every add… function has a declared result', () => {
  for (const name of files.filter((file) => file.startsWith('layers'))) {
    const file = ts.createSourceFile(name, readFileSync(join(source, name), 'utf8'), ts.ScriptTarget.ES2022, true);
    for (const statement of file.statements) {
      const functions = ts.isFunctionDeclaration(statement) ? [statement] : [];
      const constants = ts.isVariableStatement(statement) ? [...statement.declarationList.declarations] : [];
      for (const declaration of [...functions, ...constants])
        if (declaration.name?.getText().startsWith('add'))
          expect(declaration.type, declaration.name.getText()).toBeDefined();
    }
  }
});
