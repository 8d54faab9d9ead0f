import { TrtDslError } from '@trt-dsl/dsl';
import type { Options } from 'yargs';
import type { OptionTable } from './command.ts';

/** The command line itself was wrong. */
export class UsageError extends TrtDslError {
  constructor(message: string) {
    super('argument', message);
  }
}

type Value = boolean | number | string;

/** One value as its option's type has it, or what is wrong with it. */
const kinds = {
  boolean: (value: Value) => (typeof value === 'boolean' ? { value } : { wrong: 'is a switch, and takes no value' }),
  string: (value: Value) => (typeof value === 'string' ? { value } : { wrong: 'needs a value' }),
  number(value: Value) {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? { value: number } : { wrong: 'needs a number' };
  },
} as const satisfies Record<string, (value: Value) => { readonly value: Value } | { readonly wrong: string }>;

const kindOf = ({ type }: Options): keyof typeof kinds => (type === 'number' || type === 'boolean' ? type : 'string');

const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/**
 * An option as yargs is to take it. A number is left as it was written, since yargs makes 0 of an empty word, and 2 of
 * `--count 1 --count 1`; and no option but a switch may be last on the line. One with a `coerce` sees to all of that itself.
 */
export function asWritten(option: Options): Options {
  const { type, choices, nargs, describe } = option;
  if (option.coerce || type === 'boolean') return option;
  if (type !== 'number') return { ...option, ...(nargs === undefined && { requiresArg: true }) };
  const { type: _, ...untyped } = option;
  return {
    ...untyped,
    requiresArg: true,
    describe: `${describe} [number]`,
    ...(choices && { choices: choices.map(String) }),
  };
}

/**
 * The arguments by the types of their options, once checked: that an option which is not `array` is given once, and that
 * each value is what the option takes.
 * @param args by the options' names, their aliases, and `warm-up` also as `warmUp`
 * @throws UsageError that names the option
 */
export function checkArguments(options: OptionTable, args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const checked = { ...args };
  for (const [name, option] of Object.entries(options)) {
    const given = args[name] as Value | readonly Value[] | undefined;
    if (given === undefined || option.coerce) continue;
    const refuse = (what: string): never => {
      throw new UsageError(`--${name} ${what}`);
    };
    if (Array.isArray(given) && !option.array) refuse('is given twice');
    const kind = kindOf(option);
    if (given === '' && kind === 'string') refuse('needs a value');
    const values = [given].flat().map((each) => {
      const read = kinds[kind](each as Value);
      return 'wrong' in read ? refuse(read.wrong) : read.value;
    });
    for (const key of [name, camel(name), ...[option.alias ?? []].flat()])
      checked[key] = option.array ? values : values[0];
  }
  return checked;
}
