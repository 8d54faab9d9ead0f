import { describe, expect, test } from 'vitest';
import { commands } from './commands/index.ts';
import { bertSquad } from './test-support/bert-squad.ts';

const nameOf = (command: string): string => command.split(' ')[0]!;

describe('bert-squad', () => {
  test('lists every command', async () => {
    const { exitCode, stdout } = await bertSquad('--help');
    expect(exitCode).toBe(0);
    for (const { command } of commands) expect(stdout).toContain(`bert-squad ${nameOf(command)}`);
  });

  test.each(commands)('$command: --help shows --json and examples', async ({ command, examples }) => {
    const { exitCode, stdout, stderr } = await bertSquad(nameOf(command), '--help');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('--json');
    expect(examples.length).toBeGreaterThan(1);
    for (const [line] of examples) expect(stdout).toContain(line.replace('$0', 'bert-squad').slice(0, 40));
  });

  test.each(commands)('$command: refuses a flag it does not know, in one line', async ({ command, options }) => {
    const values = [...command.matchAll(/<(\w+)>/g)].map(([, name]) => name!);
    const needed = Object.entries(options).flatMap(([name, option]) => (option.demandOption ? [`--${name}`, 'x'] : []));
    const { exitCode, stdout, stderr } = await bertSquad(nameOf(command), ...values, ...needed, '--bogus');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^bert-squad: .*bogus.*--help.*\n$/i);
  });

  test.each([
    [[], /no command is given/],
    [['bulid'], /Did you mean build\?/],
    [['build', '-m', 'x'], /Missing required argument: output/],
    [['build', '-m', 'x', '-o', 'y', '--precision', 'int4'], /Choices: "fp32", "fp16", "bf16", "int8", "fp8"/],
  ])('%j: exit code 2 and one line', async (argv, message) => {
    const { exitCode, stderr } = await bertSquad(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});
