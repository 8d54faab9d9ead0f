/** A small generator of random numbers (splitmix32), so that one 32-bit seed brings back a whole graph anywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An independent generator, chosen by a text: the same text, the same numbers. */
  fork(text: string): Random {
    let hash = this.#state ^ 0x9e3779b9;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return new Random(hash);
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** A real number in [low, high). */
  real(low: number, high: number): number {
    return low + (this.#next() / 2 ** 32) * (high - low);
  }

  /** An integer from low to high, both included. */
  int(low: number, high: number): number {
    return Math.min(high, Math.floor(this.real(low, high + 1)));
  }

  chance(probability: number): boolean {
    return this.real(0, 1) < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }
}
