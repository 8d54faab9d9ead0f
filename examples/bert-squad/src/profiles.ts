import { TrtDslError } from '@trt-dsl/dsl';

/** Smallest, usual and largest size. */
export type Range = readonly [min: number, opt: number, max: number];

/** The sizes that an engine takes: one optimization profile. */
export interface BertProfile {
  readonly batch: Range;
  readonly seq: Range;
}

/** Sizes of one run. */
export interface Sizes {
  readonly batch: number;
  readonly seq: number;
}

/**
 * One profile for each batch size × sequence length.
 * @param batchSizes `8` takes 1 to 8 at once and is tuned for 8; `1:8:32` names smallest, usual and largest
 * @param sequenceLengths `128` takes 128 tokens only, as the demo's engines do; `16:128:384` is a range
 * @throws TrtDslError 'argument'
 */
export function profilesOf(batchSizes: readonly string[], sequenceLengths: readonly string[]): BertProfile[] {
  const batches = unique(batchSizes.map((text) => parseRange('--batch-size', text, (n) => [1, n, n])));
  const lengths = unique(sequenceLengths.map((text) => parseRange('--sequence-length', text, (n) => [n, n, n])));
  return batches.flatMap((batch) => lengths.map((seq) => ({ batch, seq })));
}

/** A profile for exactly one batch size and length. */
export const staticProfile = ({ batch, seq }: Sizes): BertProfile => ({
  batch: [batch, batch, batch],
  seq: [seq, seq, seq],
});

function parseRange(flag: string, text: string, single: (n: number) => Range): Range {
  const parts = text.split(':').map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  const [min, opt, max] = parts.length === 1 ? single(parts[0]!) : (parts as unknown as Range);
  const good = (parts.length === 1 || parts.length === 3) && min >= 1 && min <= opt && opt <= max;
  if (good && Number.isSafeInteger(max)) return [min, opt, max];
  throw new TrtDslError(
    'argument',
    `${flag} ${JSON.stringify(text)}: expected a whole number from 1, or smallest:usual:largest such as 1:8:32`,
  );
}

const unique = (ranges: readonly Range[]): Range[] =>
  [...new Map(ranges.map((range) => [range.join(), range])).values()].sort((a, b) => a[1] - b[1] || a[2] - b[2]);

/**
 * The sizes to pad a run to: the least work among the profiles that take it.
 * @throws TrtDslError 'shape' that lists what the engine takes
 */
export function fit(profiles: readonly BertProfile[], { batch, seq }: Sizes): Sizes {
  const padded = profiles
    .filter((profile) => batch <= profile.batch[2] && seq <= profile.seq[2])
    .map((profile) => ({ batch: Math.max(batch, profile.batch[0]), seq: Math.max(seq, profile.seq[0]) }))
    .sort((a, b) => a.batch * a.seq - b.batch * b.seq);
  if (padded[0]) return padded[0];
  throw new TrtDslError(
    'shape',
    `no profile of the engine takes batch ${batch} × sequence ${seq}; it takes ${formatProfiles(profiles)}`,
  );
}

/** Whether a profile takes exactly these sizes. */
export const takes = ({ batch, seq }: BertProfile, sizes: Sizes): boolean =>
  sizes.batch >= batch[0] && sizes.batch <= batch[2] && sizes.seq >= seq[0] && sizes.seq <= seq[2];

/**
 * Refuses sizes that no profile takes without padding.
 * @throws TrtDslError 'shape'
 */
export function requireSizes(profiles: readonly BertProfile[], sizes: Sizes): void {
  if (profiles.some((profile) => takes(profile, sizes))) return;
  throw new TrtDslError(
    'shape',
    `no profile of the engine takes batch ${sizes.batch} × sequence ${sizes.seq}; it takes ${formatProfiles(profiles)}`,
  );
}

/** The smallest sizes that any profile takes. */
export const smallestSizes = (profiles: readonly BertProfile[]): Sizes =>
  profiles
    .map(({ batch, seq }) => ({ batch: batch[0], seq: seq[0] }))
    .reduce((a, b) => (b.batch * b.seq < a.batch * a.seq ? b : a));

/** `batch 8 × sequence 128` */
export const formatSizes = ({ batch, seq }: Sizes): string => `batch ${batch} × sequence ${seq}`;

/** Padded tokens of a usual run, of the profile that has the fewest. */
export const usualTokens = (profiles: readonly BertProfile[]): number =>
  Math.min(...profiles.map(({ batch, seq }) => batch[1] * seq[1]));

const formatRange = ([min, , max]: Range): string => (min === max ? `${max}` : `${min} to ${max}`);

/** `batch 1 to 8 × sequence 128, batch …` */
export const formatProfiles = (profiles: readonly BertProfile[]): string =>
  profiles.map(({ batch, seq }) => `batch ${formatRange(batch)} × sequence ${formatRange(seq)}`).join(', ');

/** The longest sequence of any profile. */
export const longestSequence = (profiles: readonly BertProfile[]): number =>
  Math.max(...profiles.map(({ seq }) => seq[2]));

/** The largest batch of the profiles that take a sequence length. */
export const largestBatch = (profiles: readonly BertProfile[], seq: number): number =>
  Math.max(1, ...profiles.filter((profile) => seq <= profile.seq[2]).map(({ batch }) => batch[2]));
