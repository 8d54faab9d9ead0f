/**
 * A normalized text that remembers where it came from: its UTF-16 unit `i` was made from the units
 * `start(i)` … `end(i)` (exclusive) of the original.
 */
export interface AlignedText {
  readonly text: string;
  start(unit: number): number;
  end(unit: number): number;
}

/** A text of which every unit stands for one unit of the original, which begins at `base`. */
export const sameLength = (text: string, base: number): AlignedText => ({
  text,
  start: (unit) => base + unit,
  end: (unit) => base + unit + 1,
});

/** Writes an {@link AlignedText} one code point at a time. */
export class AlignedTextBuilder {
  private units: Uint16Array;
  private starts: Int32Array;
  private ends: Int32Array;
  private length = 0;

  constructor(capacity: number) {
    this.units = new Uint16Array(capacity);
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
  }

  add(codePoint: number, start: number, end: number): void {
    if (this.length + 2 > this.units.length) this.grow();
    if (codePoint < 0x10000) {
      this.addUnit(codePoint, start, end);
    } else {
      this.addUnit(0xd800 + ((codePoint - 0x10000) >> 10), start, end);
      this.addUnit(0xdc00 + (codePoint & 0x3ff), start, end);
    }
  }

  private addUnit(unit: number, start: number, end: number): void {
    this.units[this.length] = unit;
    this.starts[this.length] = start;
    this.ends[this.length] = end;
    this.length++;
  }

  private grow(): void {
    const capacity = 2 * this.units.length + 16;
    const units = new Uint16Array(capacity);
    const starts = new Int32Array(capacity);
    const ends = new Int32Array(capacity);
    units.set(this.units);
    starts.set(this.starts);
    ends.set(this.ends);
    this.units = units;
    this.starts = starts;
    this.ends = ends;
  }

  /** The text so far. The builder is not used after it. */
  finish(): AlignedText {
    const { units, starts, ends, length } = this;
    let text = '';
    for (let at = 0; at < length; at += 8192) {
      text += String.fromCharCode(...units.subarray(at, Math.min(at + 8192, length)));
    }
    return { text, start: (unit) => starts[unit]!, end: (unit) => ends[unit]! };
  }
}
