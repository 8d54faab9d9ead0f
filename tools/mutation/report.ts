import type { Mutation } from './mutations.ts';
import type { Ending } from './pool.ts';
import type { Target } from './targets.ts';

/** A mutation and how it ended; undefined if it was not reached. */
export interface Result {
  readonly mutation: Mutation;
  readonly ending: Ending | undefined;
}

/** What a report says besides the results. */
export interface Circumstances {
  readonly target: Target;
  readonly command: string;
  /** how many graphs each mutation was tried on at most */
  readonly most: number;
  /** why what survived shows nowhere, by `row: mistake` */
  readonly explanations: Readonly<Record<string, string>>;
  /** graphs that fail as they are */
  readonly failing: readonly string[];
  /** where it ran */
  readonly device?: string;
}

export interface Report {
  readonly summary: string;
  readonly text: string;
  /** survivors without an explanation */
  readonly open: number;
}

type Way = 'numbers' | 'refusal' | 'end' | 'survived' | 'missed';

const wayOf = (ending: Ending | undefined): Way =>
  ending === undefined ? 'missed' : 'ended' in ending ? 'end' : (ending.verdict?.by ?? 'survived');

const brief = (message: string): string => message.replaceAll(/\s+/g, ' ').replaceAll('|', '/').slice(0, 110);

/** How a mutation was caught, in a few words. */
export const caughtBy = (ending: Ending | undefined): string | undefined =>
  ending === undefined
    ? undefined
    : 'ended' in ending
      ? ending.ended
      : ending.verdict?.text && brief(ending.verdict.text);

export const nameOf = ({ row, what }: Mutation): string => `${row}: ${what}`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${head.join(' | ')} |`,
  `|${'---|'.repeat(head.length)}`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
];

const section = (title: string, lines: readonly string[]): readonly string[] => ['', `## ${title}`, '', ...lines];

/** The results as Markdown. */
export function report(results: readonly Result[], circumstances: Circumstances): Report {
  const { target, command, most, explanations, failing, device } = circumstances;
  const by = (...ways: Way[]): readonly Result[] => results.filter(({ ending }) => ways.includes(wayOf(ending)));
  const caught = by('numbers', 'refusal', 'end');
  const [lived, missed] = [by('survived'), by('missed')];
  const explained = lived.filter(({ mutation }) => explanations[nameOf(mutation)]);
  const why = (mutation: Mutation, ending: Ending | undefined): string => {
    const { shown, tried } = (ending && 'verdict' in ending && ending.verdict) || { shown: 0, tried: 0 };
    const unexplained = shown === 0 ? 'no small graph does this' : tried === 0 ? 'changes no network' : 'not explained';
    return explanations[nameOf(mutation)] ?? `**${unexplained}**`;
  };
  const summary = [
    `${results.length} mistakes, generated from the lowering table (${target.table}):`,
    `${caught.length} caught (${by('numbers').length} by their numbers, ${by('refusal').length} because no engine came of them,`,
    `${by('end').length} because the process ended), ${lived.length} survived, ${explained.length} of these explained.`,
    ...(missed.length > 0 ? [`${missed.length} were not reached.`] : []),
    ...(target.runs ? [] : ['Engines were built here but not run: what survived is for numbers to show.']),
    `At most ${most} small graphs each.`,
  ].join(' ');
  const text = [
    `# Mutations of the ${target.title} lowerings`,
    '',
    summary,
    `Made by \`${command}\`${device ? ` on ${device}` : ''}.`,
    ...section(
      'Survivors',
      table(
        ['row', 'mistake', 'why nothing shows it'],
        lived.map(({ mutation, ending }) => [mutation.row, mutation.what, why(mutation, ending)]),
      ),
    ),
    ...(missed.length > 0
      ? section(
          'Not reached',
          missed.map(({ mutation }) => `- ${nameOf(mutation)}`),
        )
      : []),
    ...(failing.length > 0
      ? section(
          'Graphs that fail as they are, and were left out',
          failing.map((one) => `- ${brief(one)}`),
        )
      : []),
    ...section(
      'Caught',
      table(
        ['row', 'mistake', 'caught by'],
        caught.map(({ mutation, ending }) => [mutation.row, mutation.what, caughtBy(ending)!]),
      ),
    ),
    '',
  ].join('\n');
  return { summary, text, open: lived.length - explained.length };
}
