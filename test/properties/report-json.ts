import type { Failure, Report } from './suite.ts';

/** What a result file says besides the report. */
export interface ReportContext {
  /** first seed; the others follow it */
  readonly first: number;
  readonly device: string;
  readonly commit?: string;
  readonly command?: string;
  /** how many graphs were to be run, where that may be more than were */
  readonly asked?: number;
}

/** Failing graphs that a file names, of each process. */
const named = 100;

const round = (value: number): number => Number(value.toPrecision(3));

/** The first failure of each graph. */
const firstOfEach = (failures: readonly Failure[]): readonly Failure[] =>
  failures.filter((one, i) => failures.findIndex(({ case: graph }) => graph === one.case) === i);

/** A report as a result file: how many agreed, the first failure of each graph, and the largest errors of each op in each type. */
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
      failures: firstOfEach(report.failures)
        .slice(0, named)
        .map(({ case: { seed }, run, message }) => ({ seed, run, message })),
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

interface Written {
  readonly asked: number;
  readonly graphs: number;
  readonly agreed: number;
  readonly outputs: number;
  readonly seconds: { readonly total: number; readonly backend: number };
  readonly failures: readonly unknown[];
  readonly worst: Readonly<
    Record<string, { readonly outputs: number; readonly ulps: number; readonly ofBound: number }>
  >;
  readonly coverage: Readonly<Record<string, number>>;
}

/** Result files of processes that shared the graphs, as one. */
export interface Merged {
  readonly text: string;
  readonly asked: number;
  readonly graphs: number;
  readonly agreed: number;
}

/**
 * Puts result files of processes that shared the graphs together: counts added, the largest errors of all.
 * @param cut which processes did not come to their end, in words
 * @param lost how many graphs those had that wrote no file
 */
export function mergeReports(
  texts: readonly string[],
  command: string,
  { cut, lost }: { readonly cut: readonly string[]; readonly lost: number },
): Merged {
  const all = texts.map((text) => JSON.parse(text) as Written);
  const keys = (of: (one: Written) => object): readonly string[] =>
    [...new Set(all.flatMap((one) => Object.keys(of(one))))].sort();
  const add = (of: (one: Written) => number): number => all.reduce((total, one) => total + of(one), 0);
  const most = (of: (one: Written) => number): number => Math.max(...all.map(of));
  const [asked, graphs, agreed] = [lost + add((one) => one.asked), add((one) => one.graphs), add((one) => one.agreed)];
  const merged = {
    ...all[0],
    command,
    asked,
    ...(cut.length > 0 && { cut }),
    graphs,
    agreed,
    outputs: add(({ outputs }) => outputs),
    seconds: { total: most(({ seconds }) => seconds.total), backend: most(({ seconds }) => seconds.backend) },
    failures: all.flatMap(({ failures }) => failures),
    worst: Object.fromEntries(
      keys(({ worst }) => worst).map((key) => [
        key,
        {
          outputs: add(({ worst }) => worst[key]?.outputs ?? 0),
          ulps: most(({ worst }) => worst[key]?.ulps ?? 0),
          ofBound: most(({ worst }) => worst[key]?.ofBound ?? 0),
        },
      ]),
    ),
    coverage: Object.fromEntries(
      keys(({ coverage }) => coverage).map((key) => [key, add(({ coverage }) => coverage[key] ?? 0)]),
    ),
  };
  return { text: `${JSON.stringify(merged, undefined, 1)}\n`, asked, graphs, agreed };
}
