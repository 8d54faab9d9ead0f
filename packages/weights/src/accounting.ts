import { TrtDslError } from '@trt-dsl/dsl';

/** `*` stands for anything, also across `/`. */
export type Pattern = string | RegExp;

export function matches(pattern: Pattern, key: string): boolean {
  if (typeof pattern !== 'string') return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, '')).test(key);
  const parts = pattern.split('*').map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(key);
}

/** One thing that a model wanted and a file did not give. */
export interface Problem {
  /** the model's name */
  readonly name: string;
  readonly kind: 'missing' | 'mismatch';
  readonly message: string;
}

const most = 20;
const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0
    ? []
    : [
        `${title}:`,
        ...lines.slice(0, most).map((line) => `  ${line}`),
        ...(lines.length > most ? [`  … and ${lines.length - most} more`] : []),
      ];

/** Everything in which a file's weights and a model do not fit, together. */
export class WeightsError extends TrtDslError {
  /** the model's names of weights that the file lacks */
  readonly missing: readonly string[];
  /** the model's names of weights that the file has in another shape or kind of type */
  readonly mismatched: readonly string[];
  /** the file's keys that the model did not take */
  readonly unused: readonly string[];

  constructor(path: string, problems: readonly Problem[], unused: readonly string[], options?: ErrorOptions) {
    const of = (kind: Problem['kind']): readonly Problem[] => problems.filter((problem) => problem.kind === kind);
    const missing = of('missing');
    const mismatched = of('mismatch');
    const text = [
      `${path} does not fit the model: ${missing.length} missing, ${mismatched.length} of another shape or type, ${unused.length} unused`,
      ...section(
        'missing',
        missing.map(({ message }) => message),
      ),
      ...section(
        'another shape or type',
        mismatched.map(({ message }) => message),
      ),
      ...section('unused (let them be with allowUnused)', unused),
    ];
    super('weights', text.join('\n'), options);
    this.missing = missing.map(({ name }) => name);
    this.mismatched = mismatched.map(({ name }) => name);
    this.unused = unused;
  }
}
