import { describe, expect, it } from 'vitest';
import type { Options } from 'yargs';
import { trtDsl } from '../../test/support/trt-dsl.ts';
import type { Command } from './command.ts';
import { commands } from './commands/index.ts';
import { json } from './options.ts';

/** The command with a word for each of its `<argument>`s. */
const lineOf = ({ command }: Command): string[] => command.split(' ').map((word) => word.replace(/[<>]/g, ''));

/** A value that an option takes. */
const wordFor = ({ choices, type }: Options): string =>
  choices ? String(choices[0]) : type === 'number' ? '1' : 'word';

type Case = readonly [line: string, argv: readonly string[], message: string];

/** For each option of each command, command lines that are wrong in that option alone. */
const cases = commands.flatMap((command): Case[] =>
  Object.entries<Options>({ ...command.options, ...json }).flatMap(([name, option]): Case[] => {
    const flag = `--${name}`;
    const value = wordFor(option);
    const wrong: (readonly [argv: readonly string[], message: string])[] = [];
    if (option.type === 'boolean') wrong.push([[`${flag}.deep`, 'true'], `${name}.deep`]);
    else {
      wrong.push([[`${flag}.deep`, value], `${name}.deep`]);
      if (!option.array) wrong.push([[flag], name]);
      wrong.push([[`--no-${name}`], option.choices ? `${name}` : `${flag} needs a`]);
      if (!option.array) wrong.push([[flag, value, flag, value], `${flag} is given twice`]);
      if (!option.array && option.alias)
        wrong.push([[`-${option.alias}`, value, flag, value], `${flag} is given twice`]);
      if (!option.array && !option.choices) wrong.push([[`${flag}=`], `${flag} needs a`]);
    }
    if (option.type === 'number')
      for (const text of ['many', '1,5', '', 'Infinity', '0x']) wrong.push([[flag, text], `${flag} needs a number`]);
    return wrong.map(([argv, message]) => [
      [...lineOf(command), ...argv].join(' '),
      [...lineOf(command), ...argv],
      message,
    ]);
  }),
);

describe('every option of every command', () => {
  it.each(cases)('%s: exit code 2 and one line', async (_line, argv, message) => {
    const { exitCode, stdout, stderr } = await trtDsl(...argv);
    expect({ exitCode, stdout, lines: stderr.trimEnd().split('\n').length }, stderr).toEqual({
      exitCode: 2,
      stdout: '',
      lines: 1,
    });
    expect(stderr).toContain(message);
  });

  it('covers switches, numbers, choices and words', () => {
    expect(cases.length).toBeGreaterThan(100);
  });
});
