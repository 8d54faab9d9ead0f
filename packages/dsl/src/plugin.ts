import { TrtDslError } from './errors.ts';
import type { Graph } from './graph.ts';
import { type LayerOptions, Network } from './network.ts';
import { Tensor } from './tensor.ts';
import type { Weights } from './weights.ts';
import { describe } from './where.ts';

/** What a plugin is configured with when it is created (nvinfer1::PluginField): numbers, lists of numbers, text. */
export type PluginFields = { readonly [name: string]: number | string | boolean | readonly number[] };

type Inputs = readonly (Tensor | Weights)[];
type Outputs = Tensor | readonly Tensor[];
// biome-ignore lint/suspicious/noExplicitAny: the only type to which every decompose is assignable
type Decompose = (net: Network, inputs: any, fields: any) => Outputs;

/** A plugin's definition; `decompose` computes the same with ordinary layers. */
export interface PluginDefinition<F extends Decompose> {
  /** the creator's name in TensorRT's plugin registry */
  readonly name: string;
  readonly version: string;
  /** the creator's namespace, '' by default */
  readonly namespace?: string;
  readonly decompose: F;
}

/** The untyped side of a defined plugin, which `Network.addPlugin` takes. */
export interface Plugin<F extends PluginFields = PluginFields> {
  readonly pluginName: string;
  readonly version: string;
  readonly namespace: string;
  /** the decomposition for inputs of these types */
  body(inputs: readonly Tensor[], fields: F): Graph;
}

type FieldsOf<F extends Decompose> = Parameters<F>[2] extends PluginFields ? Parameters<F>[2] : PluginFields;

/**
 * Defines a plugin: a module that also has a kernel. The result is called like a module, with `decompose`'s own
 * signature, `layerNorm(net, [x, gamma, beta], { epsilon })`, and adds one plugin layer. A backend that has the kernel
 * uses it; every other uses the decomposition, and the tests hold the kernel against it.
 */
export function definePlugin<F extends Decompose>(definition: PluginDefinition<F>): F & Plugin<FieldsOf<F>> {
  const { name, version, namespace = '', decompose } = definition;
  if (![name, version, namespace].every((text) => typeof text === 'string') || name === '' || version === '')
    throw new TrtDslError('argument', 'a plugin needs a name and a version, both texts and not empty');
  if (typeof decompose !== 'function')
    throw new TrtDslError('argument', `plugin ${name} needs decompose, a function that computes the same with layers`);
  const body = (inputs: readonly Tensor[], fields: FieldsOf<F>): Graph => {
    const inner = new Network(name);
    const result = decompose(
      inner,
      inputs.map(({ dataType, shape }, i) => inner.addInput(`input_${i}`, dataType, shape as never)),
      fields,
    );
    if (!(result instanceof Tensor) && !Array.isArray(result))
      throw new TrtDslError('argument', `decompose returned ${describe(result)}, no tensor and no list of tensors`);
    outputsOf(result).forEach((tensor, i) => {
      inner.markOutput(tensor, `output_${i}`);
    });
    return inner.body();
  };
  const call = (net: Network, inputs: Inputs, fields: FieldsOf<F>, options?: LayerOptions): Outputs => {
    if (!(net instanceof Network))
      throw new TrtDslError('argument', `plugin ${name}: the first argument is no network: ${name}(net, [x], fields)`);
    const outputs = net.addPlugin(
      plugin,
      inputs,
      fields ?? ({} as FieldsOf<F>),
      ...(options === undefined ? [] : [options]),
    );
    return outputs.length === 1 ? outputs[0]! : outputs;
  };
  const plugin: Plugin<FieldsOf<F>> = Object.assign(call, { pluginName: name, version, namespace, body });
  return plugin as unknown as F & Plugin<FieldsOf<F>>;
}

const outputsOf = (result: Outputs): readonly Tensor[] => (result instanceof Tensor ? [result] : result);
