import type { DataType, Dim, Graph, Tensor } from '@trt-dsl/dsl';
import { type ITensor, loadTensorRT } from '@trt-dsl/trt-bindings';
import { nvDataTypes } from '../../packages/trt-bindings/src/lowering/data-types.ts';
import { lowerGraph } from '../../packages/trt-bindings/src/lowering/lower.ts';

/** What TensorRT-RTX infers for every tensor of a lowered graph, without a GPU: `HALF[-1, 3]` by name. */
function inferred(graph: Graph): ReadonlyMap<string, string> {
  const tensorrt = loadTensorRT({ product: 'rtx' });
  using builder = tensorrt.createInferBuilder();
  using network = builder.createNetworkV2([]);
  lowerGraph(graph, tensorrt, network);
  const found = new Map<string, string>();
  const note = (tensor: ITensor): unknown =>
    found.set(tensor.getName(), `${tensor.getType()}[${tensor.getDimensions().join(', ')}]`);
  for (let i = 0; i < network.getNbInputs(); i++) note(network.getInput(i));
  for (let i = 0; i < network.getNbLayers(); i++) {
    const layer = network.getLayer(i);
    for (let j = 0; j < layer.getNbOutputs(); j++) note(layer.getOutput(j));
  }
  return found;
}

/** What the DSL says of the same: sizes that are known at run time only are −1. */
const due = ({ shape }: Tensor, dataType: DataType): string =>
  `${nvDataTypes[dataType]}[${(shape as readonly Dim[]).map((size) => (typeof size === 'number' ? size : -1)).join(', ')}]`;

/**
 * Every tensor of a graph, constants apart, of which TensorRT infers another type or shape than the DSL: static sizes equal,
 * named ones −1.
 */
export function disagreements(graph: Graph): readonly string[] {
  const found = inferred(graph);
  const outputs = new Map([...graph.outputs].map(([name, tensor]) => [tensor, name]));
  const tensors = graph.nodes.filter(({ op }) => op !== 'constant').flatMap((node) => node.outputs);
  return tensors.flatMap((tensor) => {
    // what TensorRT computes with an axis more than the one there is bears the path, and then loses that axis
    const lowered = (tensor.shape as readonly Dim[]).length === 1 ? `${tensor.name}:rank_1` : undefined;
    const names = [outputs.get(tensor), lowered, tensor.name];
    const theirs = names.map((name) => found.get(name ?? '')).find(Boolean);
    const ours = due(tensor, tensor.dataType);
    // a sum that only LayerNorm takes is never rounded
    if (!theirs && found.get(`${tensor.name}:float32`) === due(tensor, 'float32')) return [];
    // nor is one added of which only the shape is taken, which the inputs give
    const users = graph.nodes.filter(({ inputs }) => inputs.includes(tensor));
    if (!theirs && !outputs.has(tensor) && users.every(({ op }) => op === 'shape')) return [];
    return theirs === ours ? [] : [`${tensor.name}: ${ours} here, ${theirs ?? 'nothing'} there`];
  });
}
