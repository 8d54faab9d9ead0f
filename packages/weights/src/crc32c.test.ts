import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from './crc32c.ts';

/** The definition, one bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let register = ~0;
  for (const byte of bytes) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit++) register = register & 1 ? (register >>> 1) ^ 0x82f63b78 : register >>> 1;
  }
  return ~register >>> 0;
}

function noise(length: number, seed: number): Uint8Array {
  let state = seed | 1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return state >>> 24;
  });
}

describe('crc32c', () => {
  it('gives the check value of the catalogue and the vectors of RFC 3720', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new Uint8Array())).toBe(0);
  });

  it('equals the bitwise definition at every length and offset, folded or not', () => {
    const data = noise(900_000, 7);
    const lengths = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 200_000, max: 600_000 }));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), lengths, (offset, length) => {
        const bytes = data.subarray(offset, offset + length);
        expect(crc32c(bytes)).toBe(bitwise(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it('goes on from the CRC of what came before', () => {
    const data = noise(700_000, 3);
    for (const cut of [0, 1, 100, 254_000, 350_001])
      expect(crc32c(data.subarray(cut), crc32c(data.subarray(0, cut)))).toBe(bitwise(data));
  });

  it('notices every single flipped bit of a folded input that is tried', () => {
    const data = noise(400_000, 5);
    const right = crc32c(data);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: data.length * 8 - 1 }), (bit) => {
        data[bit >>> 3]! ^= 1 << (bit & 7);
        const wrong = crc32c(data);
        data[bit >>> 3]! ^= 1 << (bit & 7);
        expect(wrong).not.toBe(right);
      }),
    );
  });

  it('leaves its input as it was, also a Buffer that is a view', () => {
    const data = Buffer.from(noise(400_003, 9));
    const view = data.subarray(3);
    const before = Buffer.from(data);
    expect(crc32c(view)).toBe(bitwise(new Uint8Array(view)));
    expect(Buffer.compare(data, before)).toBe(0);
  });

  it('masks as LevelDB does', () => {
    expect(maskedCrc32c(new TextEncoder().encode('foo'))).not.toBe(crc32c(new TextEncoder().encode('foo')));
    expect(maskedCrc32c(new Uint8Array())).toBe(0xa282ead8);
  });
});
