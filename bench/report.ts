import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

/** Writes a benchmark's figures to `bench/results/<name>.json`, or to the folder $OUT, with command, commit, date and device, and prints them. */
export function report(name: string, figures: Readonly<Record<string, unknown>>, device = cpuName()): void {
  const result = {
    benchmark: name,
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
    commit: commit(),
    date: today(),
    device,
    figures,
  };
  const text = `${JSON.stringify(result, undefined, 2)}\n`;
  const folder = process.env['OUT'] ?? 'bench/results';
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), text);
  process.stdout.write(text);
}

const cpuName = (): string => `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`;
const today = (): string => new Date().toISOString().slice(0, 10);
/** The commit in hand; elsewhere the one that COMMIT names. */
function commit(): string {
  if (process.env['COMMIT']) return process.env['COMMIT'];
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return (
    git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? ' and changes' : '')
  );
}
