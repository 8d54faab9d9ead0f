import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from './test-support/bert-squad.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The lines of a README's shell blocks. */
const commandsOf = (readme: string): string[] =>
  [...readFileSync(join(root, readme), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
    block!.split('\n').filter(Boolean),
  );

test.each([
  ['examples/bert-squad/README.md', 24],
  ['examples/fill-mask/README.md', 2],
])(
  'every command of %s works',
  async (readme, least) => {
    const folder = temporaryFolder();
    symlinkSync(join(root, 'examples'), join(folder, 'examples'));
    // What `npx` runs, from a folder that has no node_modules.
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const [name, place] of [
      ['bert-squad', 'examples/bert-squad'],
      ['fill-mask', 'examples/fill-mask'],
      ['trt-dsl', 'tools'],
    ] as const)
      symlinkSync(join(root, place, 'bin', `${name}.js`), join(bin, name));
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };

    const commands = commandsOf(readme);
    expect(commands.length).toBeGreaterThanOrEqual(least);
    for (const command of commands) {
      expect(command).toMatch(/^npx (bert-squad|fill-mask|trt-dsl) /);
      const { stdout } = await promisify(execFile)('bash', ['-c', command.replace(/^npx /, '')], { cwd: folder, env });
      if (command.includes('"What is TensorRT?"')) {
        expect(stdout).toContain('Answer:   a high performance deep learning inference platform');
        expect(stdout).toContain('characters 12 to 63');
      }
      if (command.includes('--reference-f1 100')) expect(stdout).toMatch(/f1 +100/);
      if (command.includes('Eiffel Tower')) expect(stdout).toMatch(/^ *\d\d\.\d\d % {2}paris$/m);
    }
  },
  240_000,
);
