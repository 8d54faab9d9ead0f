import type { DataType } from '../data-type.ts';
import { equalShapes } from '../dim.ts';
import type { Graph } from '../graph.ts';
import type { LayerOptions, Network } from '../network.ts';
import { defineOp } from '../op.ts';
import type { Plugin, PluginFields } from '../plugin.ts';
import { formatType, type Tensor } from '../tensor.ts';
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

export const plugin = defineOp('plugin', (inputs, { body }: PluginAttributes) => {
  const wanted = [...body.inputs.values()];
  if (inputs.length !== wanted.length) wrongArgument(`takes ${wanted.length} inputs, not ${inputs.length}`);
  inputs.forEach((type, i) => {
    if (type.dataType !== wanted[i]!.dataType || !equalShapes(type.shape, wanted[i]!.shape as never))
      wrongArgument(`input ${i} is ${formatType(type)}, not ${wanted[i]}`);
  });
  return [...body.outputs.values()].map(({ dataType, shape }) => ({ dataType, shape: shape as never }));
});

/**
 * A plugin as a layer, with everything given by hand (INetworkDefinition::addPluginV3). `definePlugin` returns a
 * function that calls this with the types of its own.
 */
export function addPlugin<F extends PluginFields>(
  this: Network,
  definition: Plugin<F>,
  inputs: readonly Tensor<DataType>[],
  fields: F,
  options?: LayerOptions,
): readonly Tensor<DataType>[] {
  const body = definition.body(inputs, fields);
  const { pluginName, version, namespace } = definition;
  return this.add(plugin, inputs, { plugin: pluginName, version, namespace, fields, body }, options, pluginName);
}
