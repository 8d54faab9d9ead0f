import { type Dim, formatShape, type Graph, type Lowerings, type Node, type Tensor, TrtDslError } from '@trt-dsl/dsl';
import type { INetworkDefinition, ITensor, TensorRT } from '../types.ts';
import { Context, type LoweringOptions } from './context.ts';
import { nvDataTypes } from './data-types.ts';
import { lowerings } from './layers.ts';
import type { Value } from './value.ts';

/**
 * Adds a graph to an empty network, layer by layer; layers and tensors bear the DSL's paths. After each layer
 * TensorRT's own idea of its outputs' types and shapes is held against the graph's.
 * @throws TrtDslError 'backend' or TensorRTError that names the layer
 */
export function lowerGraph(
  graph: Graph,
  tensorrt: TensorRT,
  network: INetworkDefinition,
  options: LoweringOptions = {},
): void {
  const context = new Context(tensorrt, network, graph, options);
  const values = new Map<Tensor, Value>();
  // A layer's size may be that of an input which the graph has only after it.
  const isInput = ({ op }: Node): boolean => op === 'input';
  for (const node of [...graph.nodes.filter(isInput), ...graph.nodes.filter((one) => !isInput(one))]) {
    const inputs = node.inputs.map((input) => values.get(input)!);
    const outputs = lowerNode(node, inputs, context);
    node.outputs.forEach((output, i) => {
      const value = outputs[i]!;
      if (!value.weights && !value.wide) compare(node, output, value.at(value.rank));
      values.set(output, value);
    });
  }
  markOutputs(graph, values, network);
}

function lowerNode(node: Node, inputs: readonly Value[], context: Context): readonly Value[] {
  const lower = lowerings[node.op] as Lowerings<Context, Value>['input'];
  try {
    return lower(node as Node<'input'>, inputs, context);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message.includes(node.name)) throw error;
    const types = node.inputs.map(String).join(', ');
    throw new TrtDslError('backend', `${node.name}: ${node.op}(${types}): ${message}`, { cause: error });
  }
}

/** Throws where TensorRT inferred another type or size than the graph has. */
function compare(node: Node, output: Tensor, tensor: ITensor): void {
  const shape = output.shape as readonly Dim[];
  const found = tensor.getDimensions();
  const type = tensor.getType();
  const fits =
    found.length === shape.length &&
    shape.every((size, i) => typeof size !== 'number' || found[i] === size || found[i] === -1);
  if (!fits || type !== nvDataTypes[output.dataType])
    throw new TrtDslError(
      'backend',
      `${node.name}: TensorRT makes ${type}${formatShape(found)} of what is ${output} here; please report this`,
    );
}

/** Names and marks the outputs. A tensor that is an input, a constant or an output already gets a layer of its own. */
function markOutputs(graph: Graph, values: ReadonlyMap<Tensor, Value>, network: INetworkDefinition): void {
  for (const [name, output] of graph.outputs) {
    const value = values.get(output)!;
    const tensor = value.at(value.rank);
    const shared = value.weights !== undefined || tensor.isNetworkInput() || tensor.isNetworkOutput();
    const marked = shared ? network.addIdentity(tensor).getOutput(0) : tensor;
    marked.setName(name);
    network.markOutput(marked);
  }
}
