import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Writes a benchmark's figures to `bench/results/<name>.json`, with command, commit, date and device, and prints them. */
export function report(name: string, figures: Readonly<Record<string, unknown>>, device = cpuName()): void {
  const result = {
    benchmark: name,
    command: `npm run bench -- ${name}`,
    commit: commit(),
    date: today(),
    device,
    figures,
  };
  const text = `${JSON.stringify(result, undefined, 2)}\n`;
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(`bench/results/${name}.json`, text);
  process.stdout.write(text);
}

const cpuName = (): string => `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`;
const today = (): string => new Date().toISOString().slice(0, 10);
function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return (
    git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? ' and changes' : '')
  );
}
