import { TrtDslError } from './errors.ts';

/** What an option may be: a boolean, a number, a text, one of some words; `other` is checked where it is used. */
export type OptionKind = 'boolean' | 'number' | 'string' | readonly string[] | 'other';

/** A kind for every option of T. */
export type OptionTable<T> = { readonly [K in keyof Required<T>]: OptionKind };

/**
 * Refuses options that are not there, and values of another kind, which JavaScript and JSON may bring: an option that is
 * passed over in silence is taken for one that works.
 * @param what whose options: the message begins with it
 * @param hints by the name of an option that people look for: what to do instead
 * @throws TrtDslError 'argument'
 */
export function checkOptions<T extends object>(
  what: string,
  options: T,
  table: OptionTable<T>,
  hints: Readonly<Record<string, string>> = {},
): void {
  const fail = (message: string): never => {
    throw new TrtDslError('argument', `${what}: ${message}`);
  };
  if (typeof options !== 'object' || options === null) fail(`options are an object, not ${String(options)}`);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(table, name)) {
      fail(noOption(name, Object.keys(table), hints));
    }
    const kind: OptionKind = table[name as keyof T];
    if (value === undefined || kind === 'other') continue;
    if (typeof kind === 'string') {
      if (typeof value !== kind) fail(`${name} is a ${kind}, not ${shown(value)}`);
    } else if (!kind.includes(value)) {
      fail(`${name} is ${kind.map((word) => `'${word}'`).join(' or ')}, not ${shown(value)}`);
    }
  }
}

/** What is said of an option that there is not: the hint for it, or which there are. */
export const noOption = (
  name: string,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): string =>
  `there is no option "${name}"${Object.hasOwn(hints, name) ? `: ${hints[name]}` : `; there are ${known.join(', ')}`}`;

const shown = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));
