/** Types indexed by rank, 0 to 8; beyond that, and where the rank is not known to the compiler, they are lenient. */

/** The tuple of R elements of T. */
export interface Tuples<T> {
  0: readonly [];
  1: readonly [T];
  2: readonly [T, T];
  3: readonly [T, T, T];
  4: readonly [T, T, T, T];
  5: readonly [T, T, T, T, T];
  6: readonly [T, T, T, T, T, T];
  7: readonly [T, T, T, T, T, T, T];
  8: readonly [T, T, T, T, T, T, T, T];
  [rank: number]: readonly T[];
}

interface Below {
  0: never;
  1: 0;
  2: 0 | 1;
  3: 0 | 1 | 2;
  4: 0 | 1 | 2 | 3;
  5: 0 | 1 | 2 | 3 | 4;
  6: 0 | 1 | 2 | 3 | 4 | 5;
  7: 0 | 1 | 2 | 3 | 4 | 5 | 6;
  8: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
  [rank: number]: number;
}

interface Negative {
  0: never;
  1: -1;
  2: -1 | -2;
  3: -1 | -2 | -3;
  4: -1 | -2 | -3 | -4;
  5: -1 | -2 | -3 | -4 | -5;
  6: -1 | -2 | -3 | -4 | -5 | -6;
  7: -1 | -2 | -3 | -4 | -5 | -6 | -7;
  8: -1 | -2 | -3 | -4 | -5 | -6 | -7 | -8;
  [rank: number]: number;
}

/** An axis of a rank-R tensor; negative ones count from the end. */
export type Axis<R extends number> = Below[R] | Negative[R];
/** R or any rank below it: what broadcasts to rank R. */
export type UpTo<R extends number> = R | Below[R];

interface Permutations {
  0: readonly [];
  1: readonly [0];
  2: Permute<0 | 1>;
  3: Permute<0 | 1 | 2>;
  4: Permute<0 | 1 | 2 | 3>;
  5: Permute<0 | 1 | 2 | 3 | 4>;
  [rank: number]: readonly number[];
}
type Permute<U extends number, T extends number = U> = [U] extends [never]
  ? readonly []
  : T extends U
    ? readonly [T, ...Permute<Exclude<U, T>>]
    : never;
interface Nothing {
  [rank: number]: never;
}
/** The order of axes of a rank-R tensor: element i says which source axis becomes axis i. */
export type Permutation<R extends number> = Permutations[R] | Nothing[R];

/** A + B for ranks; `number` where the compiler does not know one of them. */
export type Plus<A extends number, B extends number> = number extends A | B
  ? number
  : [...Tuples<0>[A], ...Tuples<0>[B]]['length'] & number;
/** A − B for ranks, A ≥ B. */
export type Minus<A extends number, B extends number> = number extends A | B
  ? number
  : Tuples<0>[A] extends readonly [...Tuples<0>[B], ...infer Rest]
    ? Rest['length']
    : number;
