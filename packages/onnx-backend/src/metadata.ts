import {
  type DataType,
  type Dim,
  formatType,
  type Graph,
  isDataType,
  parseDim,
  type TensorType,
  TrtDslError,
} from '@trt-dsl/dsl';
import type { ModelProto, StringStringEntryProto } from './proto/messages.ts';

const keys = { inputs: 'trt_dsl.inputs', outputs: 'trt_dsl.outputs' } as const;

/** Types by name, as an engine has them. */
export type Bindings = ReadonlyMap<string, TensorType>;

/** What ONNX cannot say about inputs and outputs: their types in the DSL and computed sizes. */
export const metadataOf = (graph: Graph): StringStringEntryProto[] => [
  { key: keys.inputs, value: encode(graph.inputs) },
  { key: keys.outputs, value: encode(graph.outputs) },
];

/** An engine's bindings, from a graph. */
export const bindingsOf = (tensors: ReadonlyMap<string, TensorType>): Bindings =>
  new Map([...tensors].map(([name, { dataType, shape }]) => [name, { dataType, shape: [...shape] }]));

const encode = (tensors: ReadonlyMap<string, TensorType>): string =>
  JSON.stringify([...tensors].map(([name, { dataType, shape }]) => ({ name, dataType, shape: shape.map(String) })));

/**
 * The inputs and outputs that `metadataOf` wrote.
 * @throws TrtDslError 'file' if the model has none, or they are not what was written
 */
export function readMetadata(
  model: ModelProto,
  where: string,
): { readonly inputs: Bindings; readonly outputs: Bindings } {
  const read = (key: string): Bindings => {
    const text = model.metadataProps?.find((entry) => entry.key === key)?.value;
    if (text === undefined)
      throw new TrtDslError(
        'file',
        `${where}: an ONNX model that trt-dsl did not write (no "${key}"); importOnnx reads it`,
      );
    try {
      return decode(JSON.parse(text));
    } catch (error) {
      throw new TrtDslError('file', `${where}: its "${key}" is damaged: ${text.slice(0, 100)}`, { cause: error });
    }
  };
  return { inputs: read(keys.inputs), outputs: read(keys.outputs) };
}

function decode(json: { name: string; dataType: DataType; shape: string[] }[]): Bindings {
  return new Map(
    json.map(({ name, dataType, shape }) => {
      const dims: readonly Dim[] = shape.map(parseDim);
      if (!isDataType(dataType)) throw new TrtDslError('data-type', `no type ${formatType({ dataType, shape: dims })}`);
      return [String(name), { dataType, shape: dims }] as const;
    }),
  );
}
