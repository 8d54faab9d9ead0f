import type { DataType } from '../data-type.ts';
import { equalShapes } from '../dim.ts';
import { TrtDslError } from '../errors.ts';
import { Graph } from '../graph.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Plugin, PluginFields } from '../plugin.ts';
import { formatType, Tensor } from '../tensor.ts';
import { Weights } from '../weights.ts';
import { describe } from '../where.ts';
import { wrongArgument } from './checks.ts';

export interface PluginAttributes {
  /** the creator's name, version and namespace in TensorRT's plugin registry */
  readonly plugin: string;
  readonly version: string;
  readonly namespace: string;
  readonly fields: PluginFields;
  /** the same computation in ordinary layers: shape rule, fallback and reference at once */
  readonly body: Graph;
}

export const plugin = defineOp('plugin', [0, Number.POSITIVE_INFINITY], (inputs, attributes: PluginAttributes) => {
  const { plugin: name, version, namespace, fields, body } = attributes;
  for (const text of [name, version, namespace])
    if (typeof text !== 'string')
      wrongArgument(`a plugin's name, version and namespace are texts, not ${describe(text)}`);
  requireFields(fields);
  if (!(body instanceof Graph)) wrongArgument('a plugin needs a decomposition');
  const wanted = [...body.inputs.values()];
  if (inputs.length !== wanted.length) wrongArgument(`takes ${wanted.length} inputs, not ${inputs.length}`);
  inputs.forEach((type, i) => {
    if (type.dataType !== wanted[i]!.dataType || !equalShapes(type.shape, wanted[i]!.shape as never))
      wrongArgument(`input ${i} is ${formatType(type)}, not ${wanted[i]}`);
  });
  return [...body.outputs.values()].map(({ dataType, shape }) => ({ dataType, shape: shape as never }));
});

/** @throws TrtDslError 'argument' unless every field is a number, a text, true or false, or a list of numbers */
function requireFields(fields: unknown): void {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    wrongArgument(`the fields ${describe(fields)} are no object of name and value`);
  for (const [name, value] of Object.entries(fields)) {
    const plain = ['number', 'string', 'boolean'].includes(typeof value);
    if (!plain && !(Array.isArray(value) && value.every((part) => typeof part === 'number')))
      wrongArgument(`field "${name}" is ${describe(value)}: no number, text, true, false or list of numbers`);
  }
}

/**
 * A plugin as a layer, with everything given by hand (INetworkDefinition::addPluginV3). `definePlugin` returns a
 * function that calls this with the types of its own.
 * @param inputs tensors, or weights, which become constants of their own type
 * @throws TrtDslError what the decomposition's layers find, with the plugin's layer in front
 */
export function addPlugin<F extends PluginFields>(
  this: Network,
  definition: Plugin<F>,
  inputs: readonly (Tensor<DataType> | Weights)[],
  fields: F,
  options?: LayerOptions,
): readonly Tensor<DataType>[] {
  if (typeof definition?.body !== 'function')
    wrongArgument(`${describe(definition)} is no plugin: definePlugin makes one`);
  const { pluginName, version, namespace } = definition;
  if (!Array.isArray(inputs)) wrongArgument(`the inputs of plugin ${pluginName} are no list`);
  const tensors = inputs.map((value: Tensor | Weights) =>
    value instanceof Weights ? this.operand(value, value) : value,
  );
  for (const tensor of tensors)
    if (!(tensor instanceof Tensor)) wrongArgument(`${describe(tensor)} is no input of plugin ${pluginName}`);
  requireFields(fields);
  const attributes = { plugin: pluginName, version, namespace, fields, body: bodyOf(definition, tensors, fields) };
  return this.add(plugin, tensors, attributes, options, pluginName);
}

function bodyOf<F extends PluginFields>(definition: Plugin<F>, inputs: readonly Tensor[], fields: F): Graph {
  try {
    return definition.body(inputs, fields);
  } catch (error) {
    if (!(error instanceof TrtDslError)) throw error;
    const message = `in the decomposition of ${definition.pluginName}(${inputs.join(', ')}): ${error.message}`;
    throw new TrtDslError(error.code, message, { cause: error });
  }
}
