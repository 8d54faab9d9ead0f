import { type Dim, type Graph, isDataType, messageOf, parseDim, type TensorType, TrtDslError } from '@trt-dsl/dsl';
import type { ModelProto, StringStringEntryProto } from './proto/messages.ts';
import { readSizeChecks, sizeChecks } from './size-checks.ts';

const keys = { inputs: 'trt_dsl.inputs', outputs: 'trt_dsl.outputs', sizeChecks: 'trt_dsl.size_checks' } as const;

/** Types by name, as an engine has them. */
export type Bindings = ReadonlyMap<string, TensorType>;

/** What a model says of itself beyond ONNX. */
export interface Metadata {
  readonly inputs: Bindings;
  readonly outputs: Bindings;
  /** layers to check at each set of sizes, if any */
  readonly sizeChecks: Graph | undefined;
}

/** What ONNX cannot say: the DSL's types of inputs and outputs, computed sizes, and layers to check when it runs. */
export function metadataOf(graph: Graph): StringStringEntryProto[] {
  const checks = sizeChecks(graph);
  return [
    { key: keys.inputs, value: encode(graph.inputs) },
    { key: keys.outputs, value: encode(graph.outputs) },
    ...(checks ? [{ key: keys.sizeChecks, value: checks }] : []),
  ];
}

/** An engine's bindings, from a graph. */
export const bindingsOf = (tensors: ReadonlyMap<string, TensorType>): Bindings =>
  new Map([...tensors].map(([name, { dataType, shape }]) => [name, { dataType, shape: [...shape] }]));

const encode = (tensors: ReadonlyMap<string, TensorType>): string =>
  JSON.stringify([...tensors].map(([name, { dataType, shape }]) => ({ name, dataType, shape: shape.map(String) })));

/**
 * What `metadataOf` wrote.
 * @throws TrtDslError 'file' if the model has none, or it is damaged
 */
export function readMetadata(model: ModelProto, where: string): Metadata {
  const entry = (key: string): string | undefined => model.metadataProps?.find((prop) => prop.key === key)?.value;
  const read = <T>(key: string, parse: (text: string) => T, missing?: string): T => {
    const text = entry(key) ?? missing;
    if (text === undefined)
      throw new TrtDslError(
        'file',
        `${where}: no "${key}" in its metadata: not what serialize() wrote; try importOnnx`,
      );
    try {
      return parse(text);
    } catch (error) {
      throw new TrtDslError('file', `${where}: its "${key}" is damaged: ${messageOf(error)}`, { cause: error });
    }
  };
  return {
    inputs: read(keys.inputs, decode),
    outputs: read(keys.outputs, decode),
    sizeChecks: read(keys.sizeChecks, readSizeChecks, ''),
  };
}

interface Encoded {
  readonly name: string;
  readonly dataType: unknown;
  readonly shape: readonly string[];
}

function decode(text: string): Bindings {
  return new Map(
    (JSON.parse(text) as readonly Encoded[]).map(({ name, dataType, shape }) => {
      const dims: readonly Dim[] = shape.map(parseDim);
      if (!isDataType(dataType)) throw new TrtDslError('data-type', `there is no type ${String(dataType)}`);
      return [String(name), { dataType, shape: dims }] as const;
    }),
  );
}
