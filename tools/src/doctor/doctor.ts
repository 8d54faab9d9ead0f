import type { CommandContext, Report } from '../command.ts';
import { cacheSizes } from './cache-sizes.ts';
import type { Check, CheckName } from './check.ts';
import { lookForAll } from './checks.ts';

/** What the CPU path needs; without these the exit code is 1 even when nothing is required. */
const always: readonly CheckName[] = ['node', 'cpu'];

/** `trt-dsl doctor`: what was found, what is missing, and the command that repairs each gap. */
export async function doctor(
  { require: required }: { readonly require: readonly CheckName[] },
  _: CommandContext,
): Promise<Report> {
  const [checks, cache] = await Promise.all([lookForAll(), cacheSizes()]);
  const failed = checks.filter(({ name, ok }) => !ok && (always.includes(name) || required.includes(name)));
  const ok = failed.length === 0;
  return {
    json: { ok, failed: failed.map(({ name }) => name), checks, cache },
    text: [...checks.flatMap(lines), '', ...cacheLines(cache), '', verdict(failed)].join('\n'),
    exitCode: ok ? 0 : 1,
  };
}

const indent = ' '.repeat(24);

function lines({ name, ok, found, neededFor, repair }: Check): readonly string[] {
  const rest = { 'needed for': neededFor, repair };
  return [
    `${name.padEnd(14)}${(ok ? 'ok' : 'missing').padEnd(10)}${found}`,
    ...Object.entries(rest).flatMap(([what, text]) => (text ? [`${indent}${what}: ${text}`] : [])),
  ];
}

function cacheLines({ folder, parts }: Awaited<ReturnType<typeof cacheSizes>>): readonly string[] {
  const sizes = parts.map(({ name, bytes }) => `${(bytes / 1e6).toFixed(1).padStart(10)} MB  ${name}`);
  return [`cache: ${folder}${parts.length === 0 ? ' (empty)' : ''}`, ...sizes];
}

const verdict = (failed: readonly Check[]): string =>
  failed.length === 0
    ? 'The CPU path works, and so does everything that was required.'
    : `Not in order: ${failed.map(({ name }) => name).join(', ')}.`;
