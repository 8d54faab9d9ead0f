import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../type-tests/', import.meta.url));
const host: ts.ParseConfigFileHost = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
const { options } = ts.getParsedCommandLineOfConfigFile(`${folder}tsconfig.json`, {}, host)!;

interface Compiled {
  /** the errors by the number of their line */
  readonly errors: ReadonlyMap<number, string>;
  readonly instantiations: number;
}

/** Checks one file; of what it imports only the types that it needs. */
function compile(file: string): Compiled {
  const program = ts.createProgram([`${folder}${file}`], options);
  const source = program.getSourceFile(`${folder}${file}`)!;
  const errors = new Map<number, string>();
  for (const { start, messageText } of [
    ...program.getSyntacticDiagnostics(),
    ...program.getSemanticDiagnostics(source),
  ]) {
    const line = source.getLineAndCharacterOfPosition(start ?? 0).line + 1;
    errors.set(line, `${errors.get(line) ?? ''}${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  }
  return {
    errors,
    instantiations: (program as unknown as { getInstantiationCount(): number }).getInstantiationCount(),
  };
}

describe('types', () => {
  test('right programs compile, and their types are what they should be', () => {
    expect([...compile('right.ts').errors.entries()]).toEqual([]);
  });

  test('wrong programs do not, and the compiler says why', () => {
    const lines = readFileSync(`${folder}wrong.ts`, 'utf8').split('\n');
    const { errors } = compile('wrong.ts');
    const expected = new Map<number, string>();
    lines.forEach((line, i) => {
      const text = /^\s*\/\/! (.+)$/.exec(line)?.[1];
      // the formatter may have broken the call over lines
      if (text) expected.set([i + 2, i + 3, i + 4].find((at) => errors.has(at)) ?? i + 2, text);
    });
    expect(expected.size).toBeGreaterThan(60);
    expect([...errors.keys()].sort((a, b) => a - b)).toEqual([...expected.keys()].sort((a, b) => a - b));
    for (const [line, text] of expected) expect(errors.get(line), `line ${line}`).toContain(text);
  });

  /** Measured with TypeScript 6.0.3: 8,650, of which the declarations it touches are the larger part. */
  test('a BERT of 24 layers and a hundred mixed calls is cheap to check', () => {
    const { errors, instantiations } = compile('budget.ts');
    expect([...errors]).toEqual([]);
    expect(instantiations).toBeLessThan(10_000);
    expect(instantiations).toBeGreaterThan(5_000);
  });
});
