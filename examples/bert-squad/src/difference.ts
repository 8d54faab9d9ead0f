/** How far one output is from the reference's. */
export interface Difference {
  readonly output: string;
  readonly shape: readonly number[];
  readonly maxAbs: number;
  /** ‖a − b‖ / ‖b‖ */
  readonly relativeL2: number;
  /** a · b / (‖a‖ ‖b‖) */
  readonly cosine: number;
  /** ‖a‖, of ours */
  readonly norm: number;
  /** ‖b‖, of the reference */
  readonly referenceNorm: number;
}

/** The relative L2 distance of `a` to `b`, and what goes with it. NaN anywhere makes each number NaN. */
export function difference(
  output: string,
  shape: readonly number[],
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): Difference {
  let squares = 0;
  let ours = 0;
  let theirs = 0;
  let product = 0;
  let maxAbs = 0;
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    squares += (x - y) ** 2;
    ours += x * x;
    theirs += y * y;
    product += x * y;
    maxAbs = Math.max(maxAbs, Math.abs(x - y));
  }
  return {
    output,
    shape,
    maxAbs,
    relativeL2: squares === 0 ? 0 : Math.sqrt(squares / theirs),
    cosine: product / Math.sqrt(ours * theirs),
    norm: Math.sqrt(ours),
    referenceNorm: Math.sqrt(theirs),
  };
}
