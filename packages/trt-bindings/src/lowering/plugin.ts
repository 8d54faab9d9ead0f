import { fromNumbers, type Node, type PluginFields, TrtDslError } from '@trt-dsl/dsl';
import type { PluginFieldType } from '../enums.ts';
import type { IPluginCreator, IPluginRegistry, ITensor, PluginField } from '../types.ts';
import type { Context } from './context.ts';
import type { Value } from './value.ts';

/** How a field's declared type is made from the DSL's numbers. */
const encoders: { readonly [T in PluginFieldType]?: (values: readonly number[]) => ArrayBufferView } = {
  FLOAT32: (values) => Float32Array.from(values),
  FLOAT64: (values) => Float64Array.from(values),
  FLOAT16: (values) => fromNumbers('float16', values),
  INT8: (values) => Int8Array.from(values),
  INT16: (values) => Int16Array.from(values),
  INT32: (values) => Int32Array.from(values),
  INT64: (values) => BigInt64Array.from(values.map(BigInt)),
};

/** The bits of what an integer field holds, without its sign. */
const integerBits: { readonly [T in PluginFieldType]?: number } = { INT8: 7, INT16: 15, INT32: 31, INT64: 63 };

/** The registry's creator of a plugin layer, if a loaded library has it. */
export const creatorOf = (registry: IPluginRegistry, { attributes }: Node<'plugin'>): IPluginCreator | null =>
  registry.getCreator(attributes.plugin, attributes.version, attributes.namespace);

/** IPluginV3 from the registry, fields in the types that the creator declares. */
export function lowerPlugin(node: Node<'plugin'>, inputs: readonly Value[], context: Context): readonly ITensor[] {
  const { plugin: name, version, fields } = node.attributes;
  const creator = creatorOf(context.tensorrt.getPluginRegistry(), node);
  if (!creator)
    throw new TrtDslError('unsupported', `${node.name}: no loaded library has the plugin ${name} version ${version}`);
  const plugin = creator.createPlugin(node.name, encodeFields(node.name, creator, fields));
  if (plugin.interfaceKind !== 'V3')
    throw new TrtDslError(
      'unsupported',
      `${node.name}: plugin ${name} is an IPluginV2, which TensorRT 11 has not; write IPluginV3`,
    );
  const layer = context.network.addPluginV3(
    inputs.map((input) => input.at(input.rank)),
    [],
    plugin,
  );
  layer.setName(node.name);
  return node.outputs.map((output, i) => context.nameTensor(layer.getOutput(i), output.name));
}

/**
 * A plugin's fields in the types that its creator declares.
 * @throws TrtDslError 'argument' for a field that it does not have, or a number that the field's type does not hold
 */
export function encodeFields(
  layer: string,
  creator: Pick<IPluginCreator, 'name' | 'getFieldNames'>,
  fields: PluginFields,
): PluginField[] {
  const declared = creator.getFieldNames();
  return Object.entries(fields).map(([name, value]) => {
    const field = declared.find((candidate) => candidate.name === name);
    if (!field)
      throw new TrtDslError(
        'argument',
        `${layer}: plugin ${creator.name} has no field "${name}"; it has ${declared.map((f) => f.name).join(', ')}`,
      );
    if (typeof value === 'string') return { name, type: 'CHAR' as const, data: new TextEncoder().encode(value) };
    const encode = encoders[field.type];
    if (!encode)
      throw new TrtDslError('unsupported', `${layer}: field "${name}" is ${field.type}, which numbers cannot fill`);
    const values = Array.isArray(value) ? value : [Number(value)];
    const bits = integerBits[field.type];
    const wrong = values.find((x) => bits && !(Number.isSafeInteger(x) && x >= -(2 ** bits) && x < 2 ** bits));
    if (wrong !== undefined)
      throw new TrtDslError('argument', `${layer}: field "${name}" is ${field.type}, which does not hold ${wrong}`);
    return { name, type: field.type, data: encode(values) };
  });
}
