/** Reads LevelDB's integers out of bytes; `undefined` beyond the end is for the caller to name. */
export class ByteCursor {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** An unsigned integer, seven bits a byte; undefined if it does not end here or is beyond 2^53. */
  varint(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 56; shift += 7) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) return undefined;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return Number.isSafeInteger(value) ? value : undefined;
    }
    return undefined;
  }

  /** The next `length` bytes, without a copy; undefined if there are fewer. */
  take(length: number): Uint8Array | undefined {
    if (this.at + length > this.bytes.length) return undefined;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** An unsigned integer as varint bytes. */
export function varint(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...out, rest];
    out.push((rest % 128) | 128);
  }
}
