import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One process of several that share the graphs. */
export interface Share {
  /** its first seed, and how many graphs it has */
  readonly first: number;
  readonly count: number;
}

/** What became of a share. */
export interface Outcome {
  readonly share: Share;
  /** the last report that it wrote; nothing if it wrote none */
  readonly text: string | undefined;
  /** why it did not come to its end by itself, if so */
  readonly cut: string | undefined;
}

/** When processes that have not ended are killed, and on what they run. */
export interface Limits {
  /** GPUs, of which each process sees one; all that there are by default */
  readonly gpus?: number | undefined;
  /** seconds that a process gives itself; no limit by default */
  readonly budget?: number | undefined;
  /** seconds that it may take beyond that; 20 by default */
  readonly grace?: number;
}

/** Graphs in as many shares, with gaps between their seeds: a share passes over seeds that its backend cannot have. */
export const sharesOf = (first: number, count: number, jobs: number): readonly Share[] => {
  const each = Math.ceil(count / jobs);
  return Array.from({ length: jobs }, (_, i) => ({ first: first + 10 * i * each, count: each }));
};

/**
 * Runs a script once for each share, all at a time, with --from, --count and --out besides its own arguments. Each process
 * writes its report as it grows, so that nothing is lost of one that crashes, or overruns the budget and is killed, or when
 * this process is told to end.
 * @param command the script, and arguments of all
 */
export async function runShares(
  command: readonly string[],
  shares: readonly Share[],
  { budget, gpus, grace = 20 }: Limits = {},
): Promise<readonly Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-parts-'));
  const running = new Map<ChildProcess, string | undefined>();
  const end = (why: string): void => {
    for (const child of running.keys()) {
      running.set(child, why);
      child.kill('SIGKILL');
    }
  };
  const late = (): void => end(`was killed ${grace} s after its budget of ${budget} s`);
  const timer = budget === undefined ? undefined : setTimeout(late, (budget + grace) * 1000);
  const onSignal = (signal: NodeJS.Signals): void => end(`was killed because this process got ${signal}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, onSignal);
  const outcomes = await Promise.all(
    shares.map((share, i) => {
      const out = join(folder, `${i}.json`);
      const own = ['--jobs', '1', '--from', String(share.first), '--count', String(share.count), '--out', out];
      const env = { ...process.env, ...(gpus && { CUDA_VISIBLE_DEVICES: String(i % gpus) }) };
      const child = spawn(process.execPath, [...command, ...own], { stdio: 'inherit', env });
      running.set(child, undefined);
      return new Promise<Outcome>((resolve) =>
        child.on('close', (status, signal) => {
          const killed = running.get(child);
          running.delete(child);
          const text = existsSync(out) ? readFileSync(out, 'utf8') : undefined;
          // 1 is the status of a process with graphs that disagree.
          const crash =
            status === 0 || (status === 1 && text !== undefined) ? undefined : `ended with ${signal ?? status}`;
          resolve({ share, text, cut: killed ?? crash });
        }),
      );
    }),
  );
  clearTimeout(timer);
  rmSync(folder, { recursive: true, force: true });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.removeListener(signal, onSignal);
  return outcomes;
}
