import { attributeTypes, type NodeProto, type TensorProto, toNumber } from '../proto/messages.ts';
import type { ModelFile } from './model-file.ts';
import { knownOf, stored } from './values.ts';

/** What the patterns ask about a graph. */
interface Nodes {
  /** the node that makes a tensor, if it is of this op */
  readonly maker: (name: string | undefined, opType: string) => NodeProto | undefined;
  /** the number that a constant tensor consists of */
  readonly number: (name: string | undefined) => number | undefined;
  /** whether a tensor is a constant list of several elements, as gamma and beta are */
  readonly isVector: (name: string | undefined) => boolean;
}

/**
 * The nodes, with what older exporters spell out in elementary ops replaced by the op: layer normalization (before opset
 * 17) and GELU by erf (before opset 20). The nodes in between stay, and fall away where nothing else needs them.
 */
export function recognize(nodes: readonly NodeProto[], file: ModelFile): readonly NodeProto[] {
  const makers = new Map(nodes.flatMap((node) => (node.output ?? []).map((output) => [output, node] as const)));
  const initializers = new Map(
    (file.model.graph?.initializer ?? []).map((tensor) => [tensor.name ?? '', tensor] as const),
  );
  const constant = (name: string | undefined): TensorProto | undefined => {
    const node = makers.get(name ?? '');
    if (node?.opType === 'Constant') return node.attribute?.find((attribute) => attribute.name === 'value')?.t;
    return initializers.get(name ?? '');
  };
  const graph: Nodes = {
    maker: (name, opType) => {
      const node = makers.get(name ?? '');
      return node?.opType === opType ? node : undefined;
    },
    number: (name) => {
      const tensor = constant(name);
      const values = tensor && knownOf(stored(file.weightsOf(tensor)))?.values;
      return values?.length === 1 && typeof values[0] === 'number' ? values[0] : undefined;
    },
    isVector: (name) => {
      const { dims = [] } = constant(name) ?? {};
      return dims.length === 1 && toNumber(dims[0]) > 1;
    },
  };
  return nodes.map((node) => layerNorm(node, graph) ?? gelu(node, graph) ?? node);
}

/** The two inputs in either order. */
const orders = ({ input = [] }: NodeProto): readonly (readonly [string | undefined, string | undefined])[] => [
  [input[0], input[1]],
  [input[1], input[0]],
];

const near = (value: number | undefined, wanted: number): boolean =>
  value !== undefined && Math.abs(value - wanted) <= 1e-3 * Math.abs(wanted);

/** The operand beside a constant near `wanted`. */
function besideNumber(node: NodeProto | undefined, wanted: number, graph: Nodes): string | undefined {
  if (!node) return undefined;
  return orders(node).find(([, other]) => near(graph.number(other), wanted))?.[0];
}

/** The tensor whose mean over the last axis `name` is. */
function meanOf(name: string | undefined, graph: Nodes): string | undefined {
  const node = graph.maker(name, 'ReduceMean');
  const attribute = (key: string): number | undefined => {
    const found = node?.attribute?.find((a) => a.name === key);
    return found && toNumber(found.ints?.[0] ?? found.i);
  };
  const axis = attribute('axes') ?? graph.number(node?.input?.[1]);
  return axis === -1 && attribute('keepdims') !== 0 ? node?.input?.[0] : undefined;
}

/** x, if `name` is x minus its mean. */
function centred(name: string | undefined, graph: Nodes): string | undefined {
  const [x, mean] = graph.maker(name, 'Sub')?.input ?? [];
  return x !== undefined && meanOf(mean, graph) === x ? x : undefined;
}

/** (x − mean) / √(mean of squares + ε) · gamma + beta */
function layerNorm(node: NodeProto, graph: Nodes): NodeProto | undefined {
  if (node.opType !== 'Add') return undefined;
  for (const [scaled, beta] of orders(node)) {
    const product = graph.isVector(beta) ? graph.maker(scaled, 'Mul') : undefined;
    for (const [normal, gamma] of product ? orders(product) : []) {
      const [difference, deviation] = (graph.isVector(gamma) && graph.maker(normal, 'Div')?.input) || [];
      const x = centred(difference, graph);
      const variance = graph.maker(graph.maker(deviation, 'Sqrt')?.input?.[0], 'Add');
      for (const [mean, epsilon] of x !== undefined && variance ? orders(variance) : []) {
        const small = graph.number(epsilon);
        if (small === undefined || squared(meanOf(mean, graph), graph) !== x) continue;
        const attribute = [
          { name: 'axis', type: attributeTypes.int, i: -1 },
          { name: 'epsilon', type: attributeTypes.float, f: small },
        ];
        return {
          ...node,
          opType: 'LayerNormalization',
          input: [x!, gamma!, beta!],
          attribute,
          name: named(node, 'layerNorm'),
        };
      }
    }
  }
  return undefined;
}

/** x, if `name` is the square of x minus its mean. */
function squared(name: string | undefined, graph: Nodes): string | undefined {
  const power = graph.maker(name, 'Pow');
  if (power && graph.number(power.input?.[1]) === 2) return centred(power.input?.[0], graph);
  const [a, b] = graph.maker(name, 'Mul')?.input ?? [];
  return a !== undefined && a === b ? centred(a, graph) : undefined;
}

/** x · (erf(x / √2) + 1) · ½, the half at either place */
function gelu(node: NodeProto, graph: Nodes): NodeProto | undefined {
  if (node.opType !== 'Mul') return undefined;
  const halved = besideNumber(node, 0.5, graph);
  const products = halved === undefined ? orders(node) : orders(graph.maker(halved, 'Mul') ?? {});
  for (const [first, second] of products) {
    const x = halved === undefined ? besideNumber(graph.maker(first, 'Mul'), 0.5, graph) : first;
    if (x === undefined) continue;
    const inside = graph.maker(besideNumber(graph.maker(second, 'Add'), 1, graph), 'Erf')?.input?.[0];
    const quotient = graph.maker(inside, 'Div');
    const divided = near(graph.number(quotient?.input?.[1]), Math.SQRT2) ? quotient?.input?.[0] : undefined;
    if ((divided ?? besideNumber(graph.maker(inside, 'Mul'), Math.SQRT1_2, graph)) !== x) continue;
    return { ...node, opType: 'Gelu', input: [x], attribute: [], name: named(node, 'gelu') };
  }
  return undefined;
}

/** The scope of a node with another last name. */
const named = ({ name = '' }: NodeProto, last: string): string => `${name.slice(0, name.lastIndexOf('/') + 1)}${last}`;
