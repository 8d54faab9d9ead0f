/** Times of several runs, in milliseconds. */
export interface Times {
  readonly runs: number;
  readonly average: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly least: number;
  readonly most: number;
}

/** The p-th percentile is the least value that p percent of the values do not exceed (nearest rank). */
export function timesOf(milliseconds: readonly number[]): Times {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const percentile = (p: number): number => sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)]!;
  return {
    runs: sorted.length,
    average: sorted.reduce((sum, each) => sum + each, 0) / sorted.length,
    median: percentile(50),
    p95: percentile(95),
    p99: percentile(99),
    least: sorted[0]!,
    most: sorted.at(-1)!,
  };
}
