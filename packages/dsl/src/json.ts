import { Buffer } from 'node:buffer';
import { isDataType } from './data-type.ts';
import { parseDim, SymbolicDim } from './dim.ts';
import { messageOf, TrtDslError } from './errors.ts';
import { Graph } from './graph.ts';
import { Network } from './network.ts';
import type { Attributes, OpName } from './node.ts';
import type { Op } from './op.ts';
import { ops } from './ops.ts';
import type { Tensor } from './tensor.ts';
import { Weights } from './weights.ts';

const format = 'trt-dsl graph 1';

/** How a graph's weights are written: their bytes in base64, or their name only, for a file of weights beside it. */
export interface JsonOptions {
  readonly weights?: 'inline' | 'reference';
}

interface JsonNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly number[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * The graph as a JSON text: nodes in order, inputs by the number of the tensor. Dims are `{"dim": "2*seq"}`, weights
 * `{"weights": name, "dataType", "shape"}` with `"base64"` where they are inline; a plugin's body is a graph in it.
 * With `reference`, weights are named after their constant's path, which is unique: see `weightsByName`.
 */
export const toJson = (graph: Graph, { weights = 'inline' }: JsonOptions = {}): string =>
  `${JSON.stringify(encodeGraph(graph, weights), undefined, 1)}\n`;

/** Every constant's weights under the name by which `toJson(graph, { weights: 'reference' })` calls them. */
export const weightsByName = (graph: Graph): ReadonlyMap<string, Weights> =>
  new Map(
    graph.nodes.flatMap((node) => (node.op === 'constant' ? [[node.name, node.attributes.weights] as const] : [])),
  );

function encodeGraph(graph: Graph, weights: 'inline' | 'reference'): unknown {
  const numbers = new Map<Tensor, number>();
  const nodes = graph.nodes.map(({ op, name, inputs, outputs, attributes }) => {
    for (const output of outputs) numbers.set(output, numbers.size);
    const encoded = Object.entries(attributes).map(([key, value]) => [key, encode(value, name, weights)] as const);
    return { op, name, inputs: inputs.map((input) => numbers.get(input)!), attributes: Object.fromEntries(encoded) };
  });
  const outputs = Object.fromEntries([...graph.outputs].map(([name, tensor]) => [name, numbers.get(tensor)!]));
  return { format, name: graph.name, nodes, outputs };
}

function encode(value: unknown, node: string, weights: 'inline' | 'reference'): unknown {
  if (value instanceof SymbolicDim) return { dim: String(value) };
  if (value instanceof Graph) return { graph: encodeGraph(value, weights === 'inline' ? weights : 'inline') };
  if (value instanceof Weights) {
    const { name, dataType, shape } = value;
    if (weights === 'reference') return { weights: node, dataType, shape };
    return { weights: name, dataType, shape, base64: Buffer.from(value.bytes()).toString('base64') };
  }
  if (Array.isArray(value)) return value.map((part) => encode(part, node, weights));
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { number: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value === 'object' && value !== null)
    return {
      fields: Object.fromEntries(Object.entries(value).map(([key, part]) => [key, encode(part, node, weights)])),
    };
  return value;
}

/**
 * The graph that `toJson` wrote. Every layer is checked again as if it were written by hand.
 * @param find brings the weights of a JSON that only names them
 * @throws TrtDslError 'file' if the text is no such JSON, names an unknown op, or does not pass the layers' checks
 */
export function fromJson(text: string, find?: (name: string) => Weights): Graph {
  try {
    return decodeGraph(JSON.parse(text), find);
  } catch (error) {
    throw new TrtDslError('file', `no graph in this JSON: ${messageOf(error)}`, { cause: error });
  }
}

function decodeGraph(json: unknown, find: ((name: string) => Weights) | undefined, body = false): Graph {
  const source = json as { format: unknown; name: string; nodes: readonly JsonNode[]; outputs: Record<string, number> };
  if (source?.format !== format || !Array.isArray(source.nodes))
    throw new TrtDslError('file', `"format" is ${JSON.stringify(source?.format)}, not "${format}"`);
  const net = new Network(String(source.name));
  const tensors: Tensor[] = [];
  const tensor = (number: number, user: string): Tensor => {
    const found = tensors[number];
    if (!found) throw new TrtDslError('file', `${user} uses tensor ${number}, which no layer before it makes`);
    return found;
  };
  for (const { op, name, inputs, attributes } of source.nodes) {
    if (!Object.hasOwn(ops, op)) throw new TrtDslError('unsupported', `layer "${name}": there is no op "${op}"`);
    const decoded = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, decode(value, find)]));
    const from = (inputs as readonly number[]).map((number) => tensor(number, `layer "${name}"`));
    const definition = ops[op as OpName] as unknown as Op<OpName, Attributes[OpName]>;
    tensors.push(...net.add(definition, from, decoded as unknown as Attributes[OpName], { name }));
  }
  for (const [name, number] of Object.entries(source.outputs)) net.markOutput(tensor(number, `output "${name}"`), name);
  return body ? net.body() : net.graph();
}

function decode(value: unknown, find: ((name: string) => Weights) | undefined): unknown {
  if (Array.isArray(value)) return value.map((part) => decode(part, find));
  if (typeof value !== 'object' || value === null) return value;
  const json = value as Record<string, unknown>;
  if (typeof json['dim'] === 'string') return parseDim(json['dim']);
  if (typeof json['number'] === 'string') return Number(json['number']);
  if ('graph' in json) return decodeGraph(json['graph'], find, true);
  if (typeof json['weights'] === 'string') return decodeWeights(json as never, find);
  const fields = json['fields'] as Record<string, unknown>;
  return Object.fromEntries(Object.entries(fields).map(([key, part]) => [key, decode(part, find)]));
}

function decodeWeights(
  json: { weights: string; dataType: unknown; shape: readonly number[]; base64?: string },
  find: ((name: string) => Weights) | undefined,
): Weights {
  const { weights: name, dataType, shape, base64 } = json;
  if (!isDataType(dataType))
    throw new TrtDslError('data-type', `weights "${name}": there is no type ${String(dataType)}`);
  if (base64 !== undefined) {
    const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
    const weights = Weights.from({ name, dataType, shape, read: () => bytes });
    weights.bytes();
    return weights;
  }
  const found = find?.(name);
  if (!found)
    throw new TrtDslError('weights', `weights "${name}" are not in the JSON, and nothing was given that has them`);
  if (String(found.shape) !== String(shape))
    throw new TrtDslError('shape', `weights "${name}" are ${found}, not [${shape.join(', ')}]`);
  return found.as(dataType);
}
