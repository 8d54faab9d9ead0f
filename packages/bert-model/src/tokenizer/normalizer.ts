import { type AlignedText, AlignedTextBuilder, sameLength } from './aligned-text.ts';
import { codePointAt, Kind, kindOf, lowercase } from './unicode.ts';

/** Hugging Face's BertNormalizer: its four steps, in this order. */
export interface NormalizerOptions {
  /** Drop control characters, make every kind of whitespace a space. Default true. */
  readonly cleanText?: boolean;
  /** Put spaces around every CJK ideograph. Default true. */
  readonly handleChineseChars?: boolean;
  /** Take letters apart (NFD) and drop their accents. Default: as `lowercase`. */
  readonly stripAccents?: boolean | null;
  /** Lower case, one code point at a time. Default true. */
  readonly lowercase?: boolean;
}

/** {@link NormalizerOptions} with every default filled in. */
export interface NormalizerSteps {
  readonly cleanText: boolean;
  readonly handleChineseChars: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/** Fills in the defaults. */
export function normalizerSteps(options: NormalizerOptions = {}): NormalizerSteps {
  const lowercase = options.lowercase ?? true;
  return {
    cleanText: options.cleanText ?? true,
    handleChineseChars: options.handleChineseChars ?? true,
    stripAccents: options.stripAccents ?? lowercase,
    lowercase,
  };
}

const PLAIN = /^[\t\n\r -~]*$/;
const SPACE = 0x20;

/**
 * Normalizes a text as BERT's vocabulary expects it, keeping for every unit of the result the units of the original
 * that it was made from.
 *
 * @param base where `text` begins in the original: added to every position
 */
export function normalize(text: string, steps: NormalizerSteps, base = 0): AlignedText {
  if (PLAIN.test(text)) return sameLength(steps.lowercase ? text.toLowerCase() : text, base);
  const out = new AlignedTextBuilder(text.length + (text.length >> 3) + 16);
  const emit = steps.lowercase ? withLowercase(out) : out.add.bind(out);
  const marks = steps.stripAccents ? new MarkSorter(emit) : null;
  let end = 0;
  for (let at = 0; at < text.length; at = end) {
    let code = codePointAt(text, at);
    end = at + (code > 0xffff ? 2 : 1);
    const from = base + at;
    const to = base + end;
    const kind = kindOf(code);
    if (steps.cleanText) {
      if (kind & Kind.control) continue;
      if (kind & Kind.whitespace) code = SPACE;
    }
    const apart = steps.handleChineseChars && (kind & Kind.cjk) !== 0;
    if (apart) {
      marks?.flush();
      emit(SPACE, from, to);
    }
    if (marks) marks.add(code, kind, from, to);
    else emit(code, from, to);
    if (apart) {
      marks?.flush();
      emit(SPACE, from, to);
    }
  }
  marks?.flush();
  return out.finish();
}

type Emit = (codePoint: number, start: number, end: number) => void;

function withLowercase(out: AlignedTextBuilder): Emit {
  return (code, start, end) => {
    if (code < 0x80) {
      out.add(code >= 0x41 && code <= 0x5a ? code + 0x20 : code, start, end);
    } else {
      for (const letter of lowercase(code)) out.add(letter.codePointAt(0)!, start, end);
    }
  };
}

/** A combining code point that waits for its place. `origin` is null if it was split off the code point before it. */
interface Pending {
  readonly code: number;
  readonly origin: readonly [number, number] | null;
}

/**
 * Decomposes code points, sorts combining ones canonically and drops the accents, all as NFD does.
 *
 * Positions follow the `tokenizers` package: after sorting, the n-th code point of a run that is not a split-off part
 * takes the position of the n-th such code point before sorting.
 */
class MarkSorter {
  private readonly emit: Emit;
  private readonly pending: Pending[] = [];
  private start = 0;
  private end = 0;

  constructor(emit: Emit) {
    this.emit = emit;
  }

  add(code: number, kind: number, start: number, end: number): void {
    if (kind & Kind.decomposes) {
      let origin: readonly [number, number] | null = [start, end];
      for (const part of String.fromCodePoint(code).normalize('NFD')) {
        this.addPart(part.codePointAt(0)!, origin);
        origin = null;
      }
    } else {
      this.addPart(code, [start, end]);
    }
  }

  private addPart(code: number, origin: Pending['origin']): void {
    if (kindOf(code) & Kind.combining) {
      this.pending.push({ code, origin });
    } else {
      if (this.pending.length > 0) this.flush();
      this.put(code, origin);
    }
  }

  /** Writes the run of combining code points that waits. */
  flush(): void {
    if (this.pending.length === 0) return;
    const origins = this.pending.flatMap(({ origin }) => (origin ? [origin] : [])).values();
    for (const { code, origin } of sorted(this.pending)) this.put(code, origin && origins.next().value!);
    this.pending.length = 0;
  }

  private put(code: number, origin: Pending['origin']): void {
    if (origin) [this.start, this.end] = origin;
    if (!(kindOf(code) & Kind.mark)) this.emit(code, this.start, this.end);
  }
}

/**
 * A run of combining code points in canonical order: by class, those of one class in the order that they had. Not by NFD of
 * all of them, which takes the square of their number.
 */
function sorted(run: readonly Pending[]): readonly Pending[] {
  if (run.length < 2) return run;
  const codes = [...new Set(run.map(({ code }) => code))].sort((a, b) => Number(isAfter(a, b)) - Number(isAfter(b, a)));
  const ranks = new Map<number, number>();
  let rank = 0;
  codes.forEach((code, i) => {
    if (i > 0 && isAfter(code, codes[i - 1]!)) rank++;
    ranks.set(code, rank);
  });
  return run.toSorted((a, b) => ranks.get(a.code)! - ranks.get(b.code)!);
}

/** Whether a combining code point has a greater class than another, before which NFD does not leave it. */
function isAfter(code: number, other: number): boolean {
  const pair = String.fromCodePoint(code, other);
  return pair.normalize('NFD') !== pair;
}
