import { bytesOf, dataTypes, type FloatType, fromNumbers, Weights } from '@trt-dsl/dsl';
import type { Parameters } from '@trt-dsl/weights';

/** A small, fast, seeded generator (xorshift32), 0 ≤ x < 1. */
export function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const blockSize = 1 << 20;
/** A block of normal-like values of deviation 0.02, BERT's initializer, of which every weight takes pieces; by type. */
const blocks = new Map<FloatType, Uint8Array>();
function blockOf(dataType: FloatType): Uint8Array {
  const known = blocks.get(dataType);
  if (known) return known;
  const next = random(7);
  const values = Float32Array.from({ length: blockSize }, () => (next() + next() + next() + next() - 2) * 0.0346);
  const block = bytesOf(fromNumbers(dataType, values));
  blocks.set(dataType, block);
  return block;
}

/** A place in the block that depends on the name. */
const beginning = (name: string): number =>
  [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0, 0x811c9dc5) % blockSize;

/** Weights of any name and shape: kernels as BERT initialises them, gamma 1, beta and bias 0. Random weights serve for speed. */
export const randomParameters = <D extends FloatType>(dataType: D, path = ''): Parameters<D> => ({
  dataType,
  scope: (name) => randomParameters(dataType, `${path}${name}/`),
  get(name, shape) {
    const count = shape.reduce((a, b) => a * b, 1);
    const read = (): Uint8Array => {
      if (name === 'gamma') return bytesOf(fromNumbers(dataType, new Float32Array(count).fill(1)));
      if (name === 'beta' || name.endsWith('bias')) return bytesOf(fromNumbers(dataType, new Float32Array(count)));
      // Every weight begins elsewhere in the block: TensorRT keeps equal constants once, and a GPU's cache would hold them.
      const block = blockOf(dataType);
      const { bytes } = dataTypes[dataType];
      const out = new Uint8Array(count * bytes);
      for (let at = 0, from = beginning(`${path}${name}`) * bytes; at < out.length; from = 0) {
        const piece = block.subarray(from, Math.min(block.length, from + out.length - at));
        out.set(piece, at);
        at += piece.length;
      }
      return out;
    };
    return Weights.from({ name: `${path}${name}`, dataType, shape, read });
  },
});
