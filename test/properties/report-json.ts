import type { Report } from './suite.ts';

/** What a result file says besides the report. */
export interface ReportContext {
  /** first seed; the others follow it */
  readonly first: number;
  readonly device: string;
  readonly commit?: string;
  readonly command?: string;
}

const round = (value: number): number => Number(value.toPrecision(3));

/** A report as a result file: how many agreed, and the largest errors of each op in each type. */
export function reportToJson(report: Report, context: ReportContext): string {
  const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(
    {
      backend: report.backend,
      ...context,
      graphs: report.cases,
      agreed: report.agreed,
      outputs: report.outputs,
      seconds: { total: round(report.seconds.total), backend: round(report.seconds.backend) },
      failures: report.failures.slice(0, 20).map(({ case: { seed }, run, message }) => ({ seed, run, message })),
      worst: Object.fromEntries(
        sorted(report.worst).map(([key, { outputs, ulps, ofBound }]) => [
          key,
          { outputs, ulps: round(ulps), ofBound: round(ofBound) },
        ]),
      ),
      coverage: Object.fromEntries(sorted(report.coverage)),
    },
    undefined,
    1,
  )}\n`;
}
