import { bytesOf, type FloatType, fromNumbers, Weights } from '@trt-dsl/dsl';
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

/** A block of normal-like values of deviation 0.02, BERT's initializer, of which every weight takes a piece. */
let drawn: Float32Array | undefined;
function pool(): Float32Array {
  if (drawn) return drawn;
  const next = random(7);
  drawn = Float32Array.from({ length: 1 << 20 }, () => (next() + next() + next() + next() - 2) * 0.0346);
  return drawn;
}

/** Weights of any name and shape: kernels as BERT initialises them, gamma 1, beta and bias 0. Random weights serve for speed. */
export const randomParameters = <D extends FloatType>(dataType: D, path = ''): Parameters<D> => ({
  dataType,
  scope: (name) => randomParameters(dataType, `${path}${name}/`),
  get(name, shape) {
    const count = shape.reduce((a, b) => a * b, 1);
    const read = (): Uint8Array => {
      if (name === 'gamma') return bytesOf(fromNumbers(dataType, new Float32Array(count).fill(1)));
      if (name === 'beta' || name.endsWith('bias')) return bytesOf(fromNumbers(dataType, new Float32Array(count)));
      const values = new Float32Array(count);
      const block = pool();
      for (let at = 0; at < count; at += block.length)
        values.set(block.subarray(0, Math.min(block.length, count - at)), at);
      return bytesOf(fromNumbers(dataType, values));
    };
    return Weights.from({ name: `${path}${name}`, dataType, shape, read });
  },
});
