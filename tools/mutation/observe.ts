import type { Graph, Node } from '@trt-dsl/dsl';
import { toOnnx } from '@trt-dsl/onnx-backend';
import type { Lower, OnnxAttributes, OnnxLowering } from './onnx-lowering.ts';

/** `softmax`, `elementwise sum`, `activation relu`: a row of a lowering table. */
export function rowOf({ op, attributes }: Node): string {
  const { operation, type } = attributes as { operation?: string; type?: string };
  return operation ? `${op} ${operation}` : type ? `${op} ${type}` : op;
}

/** What a lowering hands to the context, once: an ONNX node, or a list of integers. */
export interface Emission {
  readonly opType: string;
  readonly inputs: number;
  readonly attributes: OnnxAttributes;
}

/** What a row of the table was seen to do. */
export interface Row {
  readonly op: string;
  /** values of each attribute of the DSL's nodes */
  readonly attributes: Map<string, unknown[]>;
  /** most inputs that a node had */
  inputs: number;
  readonly emissions: Map<string, Emission>;
  /** whether it makes lists of integers */
  integers: boolean;
}

/** A hook around the lowering of one node. */
export type Around = (node: Node, lower: () => readonly string[]) => readonly string[];

/** Wraps every entry of the table; the result puts the table back. */
export function wrap(
  { lowerings }: OnnxLowering,
  around: Around,
  change: (node: Node) => Node = (node) => node,
): () => void {
  const before = { ...lowerings };
  for (const [op, lower] of Object.entries(before))
    lowerings[op] = ((node, inputs, context) =>
      around(node, () => lower(change(node), inputs, context))) satisfies Lower;
  return () => void Object.assign(lowerings, before);
}

/** What lowering graphs showed. */
export interface Observed {
  readonly rows: ReadonlyMap<string, Row>;
  /** for each graph the rows it uses, and `row opType` for what they emit */
  readonly uses: readonly ReadonlySet<string>[];
}

/** Lowers graphs and notes what each row of the table emits: what there is to break. */
export function observe(lowering: OnnxLowering, graphs: readonly Graph[]): Observed {
  const rows = new Map<string, Row>();
  const uses = graphs.map(() => new Set<string>());
  let graph = 0;
  let name = '';
  let row: Row | undefined;
  const unwrap = wrap(lowering, (node, lower) => {
    name = rowOf(node);
    uses[graph]!.add(name);
    const known: Row = rows.get(name) ?? {
      op: node.op,
      attributes: new Map(),
      inputs: 0,
      emissions: new Map(),
      integers: false,
    };
    rows.set(name, known);
    row = known;
    for (const [key, value] of Object.entries(node.attributes))
      known.attributes.set(key, [...(known.attributes.get(key) ?? []), value]);
    known.inputs = Math.max(known.inputs, node.inputs.length);
    const outputs = lower();
    row = undefined;
    return outputs;
  });
  const { context } = lowering;
  const { emit, integers } = context;
  context.emit = function (opType, inputs, outputs, attributes = {}, label) {
    const seen = row?.emissions.get(opType);
    if (row) uses[graph]!.add(`${name} ${opType}`);
    row?.emissions.set(opType, {
      opType,
      inputs: Math.max(seen?.inputs ?? 0, inputs.length),
      attributes: { ...seen?.attributes, ...attributes },
    });
    return emit.call(this, opType, inputs, outputs, attributes, label);
  };
  context.integers = function (values) {
    if (row) row.integers = true;
    return integers.call(this, values);
  };
  try {
    for (const [at, one] of graphs.entries()) {
      graph = at;
      toOnnx(one, { target: 'cpu' });
    }
  } finally {
    Object.assign(context, { emit, integers });
    unwrap();
  }
  return { rows, uses };
}
