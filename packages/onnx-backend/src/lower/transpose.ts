import type { Context } from './context.ts';

/** Exchanges the last two axes. */
export function transposeLast(tensor: string, rank: number, context: Context): string {
  const perm = [...Array(rank).keys()];
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return context.shared(`transposed ${tensor}`, () => context.step('transposed', 'Transpose', [tensor], { perm }));
}
