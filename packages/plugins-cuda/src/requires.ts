// What a kernel wants of its inputs and fields. The decompositions alone would take more: they broadcast, and mix types.
import {
  type DataType,
  type Dim,
  equalShapes,
  type FloatType,
  floatTypes,
  formatShape,
  type Operand,
  Tensor,
  TrtDslError,
} from '@trt-dsl/dsl';

/** An input by its name. */
export type Named = Readonly<Record<string, Operand<DataType, number> | undefined>>;

/**
 * Refuses inputs of another type than the kernel takes. In a decomposition all inputs are tensors.
 * @throws TrtDslError 'data-type' that names input and types
 */
export function requireTypes(plugin: string, inputs: Named, types: readonly DataType[]): void {
  for (const [name, x] of Object.entries(inputs))
    if (x instanceof Tensor && !types.includes(x.dataType))
      throw new TrtDslError('data-type', `${plugin}: ${name} is ${x.dataType}; expected ${types.join(' or ')}`);
}

/**
 * Refuses inputs of another shape, also where a decomposition could broadcast them.
 * @throws TrtDslError 'shape' that names input and shapes
 */
export function requireShape(plugin: string, inputs: Named, shape: readonly Dim[]): void {
  for (const [name, x] of Object.entries(inputs))
    if (x instanceof Tensor && !equalShapes(x.shape, shape))
      throw new TrtDslError('shape', `${plugin}: ${name} is ${formatShape(x.shape)}; expected ${formatShape(shape)}`);
}

/** Refuses gamma and beta that are not `[hidden]`, or of another type than float32 or the activations', both of one. */
export function requireScaleAndShift(
  plugin: string,
  gamma: Operand<FloatType, 1>,
  beta: Operand<FloatType, 1>,
  { dataType, hidden }: { readonly dataType: DataType; readonly hidden: Dim },
): void {
  requireTypes(plugin, { gamma }, [...new Set<DataType>(['float32', dataType])]);
  requireTypes(plugin, { beta }, gamma instanceof Tensor ? [gamma.dataType] : floatTypes);
  requireShape(plugin, { gamma, beta }, [hidden]);
}

/** @throws TrtDslError 'argument' for what is no finite number from 0 */
export function requireEpsilon(plugin: string, epsilon: number): void {
  if (!(typeof epsilon === 'number' && epsilon >= 0 && epsilon < Infinity))
    throw new TrtDslError('argument', `${plugin}: epsilon is ${epsilon}; expected a number from 0`);
}

/** @throws TrtDslError 'argument' for a word that is none of the table's */
export function requireWord(plugin: string, field: string, word: string, words: readonly string[]): void {
  if (!words.includes(word))
    throw new TrtDslError('argument', `${plugin}: ${field} is ${JSON.stringify(word)}; expected ${words.join(', ')}`);
}
