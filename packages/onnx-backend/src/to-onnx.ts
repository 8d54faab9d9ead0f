import {
  bareName,
  type Dim,
  type Graph,
  type Lowerings,
  type Node,
  type OpName,
  type Tensor,
  type TensorType,
  withoutPlugins,
} from '@trt-dsl/dsl';
import { Context } from './lower/context.ts';
import type { OnnxTarget } from './lower/kernels.ts';
import { lowerings } from './lower/lowerings.ts';
import { metadataOf } from './metadata.ts';
import type { OnnxModel } from './model.ts';
import { onnxTypes } from './onnx-types.ts';
import type { ValueInfoProto } from './proto/messages.ts';

/** The operator set and the file format that models are written in; ONNX Runtime ≥ 1.18 and onnx ≥ 1.16 read them. */
export const opset = 21;
export const irVersion = 10;

/** How a graph is lowered. */
export interface ToOnnxOptions {
  /**
   * `portable` (the default) is plain ONNX, for other tools and TensorRT's parser; `cpu` computes in float32 between
   * casts what ONNX Runtime's CPU has no kernel for, and feeds bfloat16 and float8 as float32
   */
  readonly target?: OnnxTarget;
}

/** Types that onnxruntime-node cannot hold, and what stands for them at the borders of a model for the CPU. */
export const borderTypes: { readonly [type: string]: 'float32' } = { bfloat16: 'float32', float8: 'float32' };

/**
 * The graph as an ONNX model, opset 21. Weights stay references. Names of nodes and tensors are the DSL's paths; a
 * named dim is a dim_param, and other sizes known at run time only are computed once from the inputs' shapes.
 * @throws TrtDslError 'unsupported'
 */
export function toOnnx(graph: Graph, { target = 'portable' }: ToOnnxOptions = {}): OnnxModel {
  const plain = withoutPlugins(graph);
  const bordered = ({ dataType }: TensorType): boolean => target === 'cpu' && borderTypes[dataType] !== undefined;
  const border = ({ dataType, shape }: TensorType): TensorType => ({
    dataType: (target === 'cpu' ? borderTypes[dataType] : undefined) ?? dataType,
    shape,
  });
  // ONNX Runtime 1.30 pulls a quantization before a transpose, and an output between them with it: outputs stand apart.
  const used = new Set(plain.nodes.flatMap(({ inputs }) => inputs));
  const names = tensorNames(plain, (tensor) => bordered(tensor) || (target === 'cpu' && used.has(tensor)));
  const context = new Context(target, (tensor) => names.get(tensor) ?? tensor.name, plain.outputs.keys());
  findSizes(plain, context);

  const values = new Map<Tensor, string>();
  for (const [name, tensor] of plain.inputs) {
    context.enter({ name, outputs: [] });
    const fed = context.declare(name, border(tensor).dataType);
    values.set(tensor, context.cast(fed, tensor.dataType));
  }
  for (const node of plain.nodes) {
    if (node.op === 'input') continue;
    context.enter(node);
    const inputs = node.inputs.map((input) => values.get(input)!);
    const outputs = (lowerings as LoweringTable)[node.op](node, inputs, context);
    node.outputs.forEach((output, i) => {
      values.set(output, outputs[i]!);
    });
  }
  for (const [name, tensor] of plain.outputs) {
    const value = values.get(tensor)!;
    const { dataType } = border(tensor);
    if (value === name || plain.inputs.has(name)) continue;
    const cast = bordered(tensor);
    const attributes = cast ? { to: onnxTypes[dataType] } : {};
    context.emit(cast ? 'Cast' : 'Identity', [value], [{ name, dataType }], attributes, `${name}:output`);
  }
  const info = (tensors: ReadonlyMap<string, Tensor>): ValueInfoProto[] =>
    [...tensors].map(([name, tensor]) => valueInfo(name, border(tensor)));
  return {
    proto: {
      irVersion,
      producerName: 'trt-dsl',
      opsetImport: [{ domain: '', version: opset }],
      metadataProps: metadataOf(plain),
      graph: { name: plain.name, node: context.nodes, input: info(plain.inputs), output: info(plain.outputs) },
    },
    initializers: context.initializers,
  };
}

type LoweringTable = Lowerings<Context, string> & {
  readonly [Name in OpName]: (node: Node, inputs: readonly string[], context: Context) => readonly string[];
};

/**
 * The tensors whose ONNX name is not their own: a layer's result that is an output bears the output's name (unless it
 * stays `apart`), and a tensor gives way where an output has its name.
 */
function tensorNames(graph: Graph, apart: (tensor: Tensor) => boolean): ReadonlyMap<Tensor, string> {
  const names = new Map<Tensor, string>();
  const made = new Set(graph.nodes.flatMap(({ op, outputs }) => (op === 'input' || op === 'constant' ? [] : outputs)));
  for (const [name, tensor] of graph.outputs)
    if (made.has(tensor) && !apart(tensor) && (!names.has(tensor) || name === tensor.name)) names.set(tensor, name);
  for (const { op, outputs } of graph.nodes)
    for (const tensor of outputs)
      if (op !== 'input' && !names.has(tensor) && graph.outputs.has(tensor.name))
        names.set(tensor, `${tensor.name}:inner`);
  return names;
}

/** Finds, for each named dim, the first input axis that is bare that dim. */
function findSizes(graph: Graph, context: Context): void {
  for (const [input, tensor] of graph.inputs)
    (tensor.shape as readonly Dim[]).forEach((size, axis) => {
      const name = bareName(size);
      if (name !== undefined && !context.sizeSources.has(name)) context.sizeSources.set(name, { input, axis });
    });
}

const valueInfo = (name: string, { dataType, shape }: TensorType): ValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: onnxTypes[dataType],
      shape: { dim: shape.map(dimension) },
    },
  },
});

function dimension(size: Dim): { dimValue?: number; dimParam?: string } {
  if (typeof size === 'number') return { dimValue: size };
  const name = bareName(size);
  return name === undefined ? {} : { dimParam: name };
}
