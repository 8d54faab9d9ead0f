import {
  type Dim,
  dimsNamed,
  type Graph,
  messageOf,
  Network,
  type Tensor,
  TrtDslError,
  type Weights,
} from '@trt-dsl/dsl';
import { readMetadata } from '../metadata.ts';
import { dataTypeOf, onnxTypeName } from '../onnx-types.ts';
import { type ModelProto, type NodeProto, toNumber, type ValueInfoProto } from '../proto/messages.ts';
import { type ModelFile, openModel } from './model-file.ts';
import { arithmetic } from './ops/arithmetic.ts';
import { layers } from './ops/layers.ts';
import { shapes } from './ops/shapes.ts';
import { prune } from './prune.ts';
import { pathOf, type Read, Reader } from './reader.ts';
import { recognize } from './recognize.ts';
import { ofTensor, stored, type Value } from './values.ts';

const reads: { readonly [opType: string]: Read } = { ...arithmetic, ...shapes, ...layers };

/** The ONNX ops that `importOnnx` takes. */
export const importedOps: readonly string[] = Object.keys(reads).sort();

/** The opsets whose ops are read as they were meant. */
const opsets = { oldest: 9, newest: 25 } as const;

/**
 * An ONNX model as a graph of the DSL's layers. Named dims (dim_param) keep their names; arithmetic on shapes is done
 * here, on names, so that no layer is left of it; layers that no output needs are left out, as are Dropout and Identity.
 * Weights stay in the file until they are needed, and keep the initializers' names; layers are named after the nodes.
 * @param source a path, or the bytes of a model that has its weights inside
 * @throws TrtDslError 'file' for what is no ONNX model; 'unsupported' for an op or a form of it that the DSL lacks, 'shape' or
 * 'data-type' for tensors that do not go together, each with the node's name and op
 */
export function importOnnx(source: string | Uint8Array): Graph {
  const file = openModel(source);
  try {
    return read(file);
  } catch (error) {
    if (error instanceof TrtDslError && error.message.startsWith(file.where)) throw error;
    const code = error instanceof TrtDslError ? error.code : 'file';
    throw new TrtDslError(code, `${file.where}: ${messageOf(error)}`, { cause: error });
  }
}

function read(file: ModelFile): Graph {
  const { model, where } = file;
  const { graph } = model;
  const net = new Network(graph?.name || 'onnx');
  const values = new Map<string, Value>();
  for (const tensor of graph?.initializer ?? []) values.set(tensor.name ?? '', stored(file.weightsOf(tensor)));
  const graphInputs = addInputs(file, net, values);
  const opset = opsetOf(model, where);
  const constants = new Map<Weights, Tensor>();
  for (const node of recognize(graph?.node ?? [], file)) {
    const label = `${where}: node "${node.name || node.output?.[0]}" (${node.domain ? `${node.domain}.` : ''}${node.opType})`;
    try {
      const inputs = (node.input ?? []).map((name) => (name === '' ? undefined : find(values, name)));
      const reader = new Reader({ net, node, opset, weightsOf: file.weightsOf, inputs, constants, graphInputs });
      const made = readOf(node)(reader);
      const outputs = Array.isArray(made) ? (made as readonly Value[]) : [made as Value];
      node.output?.forEach((name, i) => {
        if (name === '') return;
        const value = outputs[i];
        if (!value) throw new TrtDslError('unsupported', `its output ${i} is not in the DSL`);
        values.set(name, value);
      });
    } catch (error) {
      const code = error instanceof TrtDslError ? error.code : 'file';
      throw new TrtDslError(code, `${label}: ${messageOf(error)}`, { cause: error });
    }
  }
  for (const { name = '' } of graph?.output ?? []) {
    const node: NodeProto = { name, opType: 'Output' };
    const reader = new Reader({ net, node, opset, weightsOf: file.weightsOf, inputs: [], constants, graphInputs });
    net.markOutput(reader.materialize(find(values, name)), name);
  }
  return prune(net.graph());
}

function readOf({ opType = '', domain = '' }: NodeProto): Read {
  const read = domain === '' || domain === 'ai.onnx' || opType === 'Gelu' ? reads[opType] : undefined;
  if (!read) throw new TrtDslError('unsupported', 'the DSL has no such op');
  return read;
}

function find(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (!value) throw new TrtDslError('file', `tensor "${name}" is made by no node before it`);
  return value;
}

function opsetOf(model: ModelProto, where: string): number {
  const version = toNumber(
    model.opsetImport?.find(({ domain = '' }) => domain === '' || domain === 'ai.onnx')?.version,
  );
  if (version < opsets.oldest || version > opsets.newest)
    throw new TrtDslError(
      'unsupported',
      `${where}: opset ${version}; supported are ${opsets.oldest} to ${opsets.newest}`,
    );
  return version;
}

/** Adds the graph's inputs to the network; an initializer that is listed as an input, as in old files, is none. */
function addInputs({ model, where }: ModelFile, net: Network, values: Map<string, Value>): readonly Tensor[] {
  const ours = model.metadataProps?.some(({ key }) => key === 'trt_dsl.inputs')
    ? readMetadata(model, where).inputs
    : undefined;
  const inputs = (model.graph?.input ?? []).filter(({ name = '' }) => !values.has(name));
  const named = dimsNamed(inputs.flatMap((info) => sizesOf(info).filter((size) => typeof size === 'string')));
  const dimsOf = (info: ValueInfoProto): readonly Dim[] => {
    if (!info.type?.tensorType?.shape)
      throw new TrtDslError('unsupported', `${where}: input "${info.name}" has no shape, so its rank is not known`);
    return sizesOf(info).map((size) => (typeof size === 'string' ? named.get(size)! : size));
  };
  return inputs.map((info) => {
    const { name = '' } = info;
    const elemType = info.type?.tensorType?.elemType;
    const dataType = ours?.get(name)?.dataType ?? dataTypeOf(elemType);
    if (!dataType)
      throw new TrtDslError(
        'unsupported',
        `${where}: input "${name}" is ${onnxTypeName(elemType)}, which the DSL lacks`,
      );
    const input = net.addInput(pathOf(name), dataType, ours?.get(name)?.shape ?? dimsOf(info)) as Tensor;
    const border = dataTypeOf(elemType);
    // A model for the CPU is fed float32 where the graph has a type that onnxruntime-node lacks.
    values.set(name, ofTensor(border && border !== dataType ? net.addCast(input, { dataType: border }) : input));
    return input;
  });
}

/**
 * The sizes of an input: numbers, or what the file calls them. One that has no name is called after input and axis: it has
 * neither field of its own (protobufjs gives the fields' defaults), or a negative number.
 */
const sizesOf = ({ name = '', type }: ValueInfoProto): readonly (number | string)[] =>
  (type?.tensorType?.shape?.dim ?? []).map((size, axis) => {
    const number = Object.hasOwn(size, 'dimValue') ? toNumber(size.dimValue) : -1;
    return size.dimParam || (number >= 0 ? number : `${name} ${axis}`);
  });
