import { TrtDslError } from '../errors.ts';

/** Which products are quantized. */
export interface Recipe {
  /** linear layers (a product with constant weights): all, none, or all but those right behind an activation function */
  readonly linear: 'all' | 'none' | 'not-after-activation';
  /** products of two activations: in attention Q Kᵀ, and softmax times V */
  readonly attention: boolean;
  /** what a residual sum adds to a linear layer's output */
  readonly residual: boolean;
}

/** Recipes by name. */
export const recipes = {
  /** every linear layer: most of the time that quantizing saves; attention stays fused in the graph's own type */
  gemm: { linear: 'all', attention: false, residual: false },
  /**
   * The same but for the second product of each feed-forward block, whose input has the outliers. What it wins over float16
   * is small on TensorRT 10.6 (README.md): `gemm` of a smoothed graph is as exact and faster.
   */
  accurate: { linear: 'not-after-activation', attention: false, residual: false },
  /** every linear layer, and what residual sums add, so that tensors between layers are of the quantized type */
  residual: { linear: 'all', attention: false, residual: true },
  /** linear layers, both products of attention, residual sums */
  full: { linear: 'all', attention: true, residual: true },
} as const satisfies { readonly [name: string]: Recipe };

export type RecipeName = keyof typeof recipes;

/** @throws TrtDslError 'argument' for a name that no recipe has */
export function recipeOf(recipe: RecipeName | Recipe): Recipe {
  if (typeof recipe === 'object') return recipe;
  if (Object.hasOwn(recipes, recipe)) return recipes[recipe];
  throw new TrtDslError('argument', `no recipe is called "${recipe}": ${Object.keys(recipes).join(', ')}`);
}
