import { describe, expect, it } from 'vitest';
import { trtDsl } from '../../test/support/trt-dsl.ts';
import { commands, groups } from './commands/index.ts';

/** The words of a command before its arguments: `weights list`. */
const wordsOf = (command: string): string[] => command.split(' ').filter((word) => /^\w+$/.test(word));

describe('trt-dsl', () => {
  it('lists every command', async () => {
    const { exitCode, stdout } = await trtDsl('--help');
    expect(exitCode).toBe(0);
    for (const { command, describe } of commands) {
      const [first = '', second] = wordsOf(command);
      const help = second === undefined ? stdout : (await trtDsl(first, '--help')).stdout;
      expect(stdout).toContain(`trt-dsl ${first}`);
      expect(help).toContain(`trt-dsl ${wordsOf(command).join(' ')}`);
      expect(help).toContain(describe.slice(0, 40));
    }
    for (const about of Object.values(groups)) expect(stdout).toContain(about);
  });

  it.each(commands)('$command: --help shows --json and examples', async ({ command, examples }) => {
    const { exitCode, stdout, stderr } = await trtDsl(...wordsOf(command), '--help');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('--json');
    expect(examples.length).toBeGreaterThan(0);
    for (const [line] of examples) expect(stdout).toContain(line.replace('$0', 'trt-dsl').slice(0, 40));
  });

  it.each(commands)('$command: refuses a flag it does not know, in one line', async ({ command }) => {
    const values = [...command.matchAll(/<(\w+)>/g)].map(([, name]) => name!);
    const { exitCode, stdout, stderr } = await trtDsl(...wordsOf(command), ...values, '--bogus');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^trt-dsl: .*bogus.*--help.*\n$/i);
  });

  it.each([
    [[], /no command is given; `trt-dsl --help`/],
    [['no-such-command'], /no-such-command/],
    [['docter'], /Did you mean doctor\?/],
    [['setup', '--product', 'tensorrt-9'], /product, Given: "tensorrt-9", Choices: "tensorrt-rtx", "tensorrt-10"/],
    [['run', 'model', '--runs', 'many'], /--runs needs a number/],
    [['weights', 'convert', 'a.npz'], /something is missing: weights convert <from> <to>/],
    [['compare', 'a.onnx'], /something is missing: compare <model> <against>/],
    [['doctor', '--require', 'luck'], /require, Given: "luck", Choices: "node"/],
  ])('%j: exit code 2 and one line', async (argv, message) => {
    const { exitCode, stderr } = await trtDsl(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it('prints an error as JSON where JSON was asked for', async () => {
    const { exitCode, stdout } = await trtDsl('setup', '--json', '--bogus');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'argument', message: expect.stringContaining('bogus') },
    });
  });

  it('tells its version', async () => {
    expect((await trtDsl('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
