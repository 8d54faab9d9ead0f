import { TrtDslError } from './errors.ts';
import type * as layers from './layers/index.ts';
import { noOption } from './options.ts';

type Layers = typeof layers;
type Method = keyof { [K in keyof Layers as K extends `add${string}` ? K : never]: true };
type Last<F> = F extends (...args: infer A) => unknown
  ? Required<A> extends readonly [...unknown[], infer L]
    ? L
    : never
  : never;
/** The options of a method, without `name`, which every layer but an input takes. */
type Own<K extends Method> =
  Last<Layers[K]> extends infer L ? (L extends readonly unknown[] ? never : Exclude<keyof L, 'name'>) : never;
type Need<K extends Method, N> = N extends keyof Last<Layers[K]>
  ? Record<never, never> extends Pick<Last<Layers[K]>, N>
    ? 'optional'
    : 'required'
  : never;
type Table = {
  readonly [K in Method as [Own<K>] extends [never] ? never : K]: { readonly [N in Own<K>]: Need<K, N> };
};

/** What each layer takes by name besides `name`; the compiler holds it against the methods. */
export const layerOptions: Table = {
  addArgmax: { axis: 'required' },
  addAttention: { mask: 'optional', scale: 'optional' },
  addCast: { dataType: 'required' },
  addConcatenation: { axis: 'required' },
  addConv2d: { stride: 'optional', padding: 'optional', dilation: 'optional', groups: 'optional' },
  addCumulativeSum: { axis: 'required', exclusive: 'optional', reverse: 'optional' },
  addDequantize: { dataType: 'required', axis: 'optional' },
  addExpand: { shape: 'required' },
  addGELU: { approximate: 'optional' },
  addGather: { axis: 'required' },
  addLayerNorm: { epsilon: 'optional' },
  addLinear: { transposeKernel: 'optional' },
  addMatMul: { transposeA: 'optional', transposeB: 'optional' },
  addPooling: {
    operation: 'required',
    window: 'required',
    stride: 'optional',
    padding: 'optional',
    includePadding: 'optional',
  },
  addQuantize: { dataType: 'required', axis: 'optional' },
  addRMSNorm: { epsilon: 'optional' },
  addRange: { dataType: 'required', start: 'optional', step: 'optional' },
  addReduce: { operation: 'required', axes: 'required', keepDimensions: 'optional' },
  addScale: { scale: 'optional', shift: 'optional', power: 'optional' },
  addShuffle: { firstTranspose: 'optional', reshape: 'optional', secondTranspose: 'optional' },
  addSlice: { start: 'required', size: 'required', stride: 'optional' },
  addSoftmax: { axis: 'required' },
  addSplit: { axis: 'required', sizes: 'required' },
  addSqueeze: { axes: 'required' },
  addTopK: { k: 'required', axis: 'required', largest: 'optional' },
  addTranspose: { permutation: 'required' },
  addUnsqueeze: { axes: 'required' },
};

/**
 * Refuses options that a layer does not have, which JavaScript and variables bring past the compiler, and the lack of
 * those that it needs.
 * @throws TrtDslError 'argument'
 */
export function checkLayerOptions(method: string, options: object): void {
  const own = (layerOptions as Readonly<Record<string, Readonly<Record<string, string>>>>)[method] ?? {};
  const names = Object.keys(own);
  for (const name of Object.keys(options))
    if (name !== 'name' && !Object.hasOwn(own, name))
      throw new TrtDslError('argument', noOption(name, [...names, 'name']));
  for (const name of names)
    if (own[name] === 'required' && (options as Readonly<Record<string, unknown>>)[name] === undefined)
      throw new TrtDslError('argument', `the option ${name} is missing: { ${name}: … }`);
}
