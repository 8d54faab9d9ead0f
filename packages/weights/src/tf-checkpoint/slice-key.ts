/** The order-preserving encoding under which a bundle keeps the slices of a partitioned variable; one character a byte. */

/** An unsigned integer: how many bytes, then the bytes, big-endian. */
function natural(value: number): string {
  let bytes = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes = String.fromCharCode(rest % 256) + bytes;
  return String.fromCharCode(bytes.length) + bytes;
}

/** A byte string: zeros and 255s escaped, closed by 0 1. */
const text = (bytes: string): string =>
  `${bytes.replaceAll(/[\0\xff]/g, (byte) => (byte === '\0' ? '\0\xff' : '\xff\0'))}\0\x01`;

/**
 * A signed integer: n bytes hold 7n − 1 bits and the sign; as many leading ones as there are bytes (inverted below
 * zero) say how many.
 */
function integer(value: number): string {
  const magnitude = value < 0 ? ~BigInt(value) : BigInt(value);
  let length = 1;
  while (magnitude >> BigInt(7 * length - 1) !== 0n) length++;
  const bits = BigInt(8 * length);
  const ones = ((1n << BigInt(length)) - 1n) << (bits - BigInt(length));
  const coded = (BigInt.asUintN(Number(bits), BigInt(value)) ^ ones) & ((1n << bits) - 1n);
  let out = '';
  for (let i = length - 1; i >= 0; i--) out += String.fromCharCode(Number((coded >> BigInt(8 * i)) & 255n));
  return out;
}

/**
 * The key of one slice of the tensor `name`: 0, the name, the rank, then start and length along each axis (length −1
 * where it is the whole axis).
 * @param name UTF-8, one character a byte
 */
export const sliceKey = (name: string, extents: readonly (readonly [start: number, length: number])[]): string =>
  natural(0) +
  text(name) +
  natural(extents.length) +
  extents.map(([start, length]) => integer(start) + integer(length)).join('');
