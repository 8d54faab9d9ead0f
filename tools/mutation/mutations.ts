import type { Node } from '@trt-dsl/dsl';
import { type Row, rowOf, wrap } from './observe.ts';
import type { OnnxAttributes, OnnxLowering } from './onnx-lowering.ts';

/** One deliberate mistake in a lowering. */
export interface Mutation {
  /** the row of the lowering table */
  readonly row: string;
  readonly op: string;
  /** the ONNX op that the mistake is in, if it is in one */
  readonly opType?: string;
  /** what is wrong: `attribute axis changed`, `Transpose skipped` */
  readonly what: string;
  /** puts the mistake in force; the result takes it back */
  readonly apply: (lowering: OnnxLowering) => () => void;
}

/** Operations that are easily confused. */
const kin: Readonly<Record<string, string>> = {
  Add: 'Sub',
  Sub: 'Add',
  Mul: 'Add',
  Div: 'Mul',
  Pow: 'Mul',
  Min: 'Max',
  Max: 'Min',
  Equal: 'Less',
  Less: 'Greater',
  Greater: 'Less',
  And: 'Or',
  Or: 'And',
  Exp: 'Sqrt',
  Log: 'Exp',
  Sqrt: 'Log',
  Reciprocal: 'Neg',
  Abs: 'Neg',
  Neg: 'Abs',
  Erf: 'Tanh',
  Relu: 'Gelu',
  Sigmoid: 'Tanh',
  Tanh: 'Sigmoid',
  Gelu: 'Relu',
  ReduceSum: 'ReduceMean',
  ReduceMean: 'ReduceMax',
  ReduceMax: 'ReduceMin',
  ReduceMin: 'ReduceMax',
  ReduceProd: 'ReduceSum',
  Softmax: 'LogSoftmax',
  MaxPool: 'AveragePool',
  AveragePool: 'MaxPool',
};

/** Another value of the same kind, as near as a mistake would be. */
function other(value: unknown, rank: number): unknown {
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) {
    const reversed = [...value].reverse();
    if (String(reversed) !== String(value)) return reversed;
    return value.map((part) => (typeof part === 'number' ? part + 1 : part));
  }
  if (typeof value === 'object' && value !== null && 'float' in value) return { float: Number(value.float) * 2 + 1e-3 };
  if (value === 0 || value === 1) return 1 - value;
  if (Number.isInteger(value)) return (value as number) + (value === rank - 1 ? -1 : 1);
  if (typeof value === 'number') return value * 2 + 1e-3;
  return value;
}

/** Words that an attribute may be, so that one can stand for another. */
const words: Readonly<Record<string, readonly string[]>> = {
  approximate: ['none', 'tanh'],
};

type Emit = (
  opType: string,
  inputs: readonly string[],
  attributes: OnnxAttributes,
) => readonly [string, readonly string[], OnnxAttributes];

/** A mistake in the ONNX nodes that a row emits. */
const inEmission = (row: string, op: string, opType: string, what: string, change: Emit): Mutation => ({
  row,
  op,
  opType,
  what,
  apply: (lowering) => {
    let inside = false;
    const unwrap = wrap(lowering, (node, lower) => {
      inside = rowOf(node) === row;
      const outputs = lower();
      inside = false;
      return outputs;
    });
    const { context } = lowering;
    const { emit } = context;
    context.emit = function (opType, inputs, outputs, attributes = {}, name) {
      const [type, from, with_] = inside ? change(opType, inputs, attributes) : [opType, inputs, attributes];
      return emit.call(this, type, from, outputs, with_, name);
    };
    return () => {
      context.emit = emit;
      unwrap();
    };
  },
});

/** A mistake in the lists of integers that a row makes: axes, sizes, steps. */
const inIntegers = (row: string, op: string): Mutation => ({
  row,
  op,
  what: 'a list of integers changed',
  apply: (lowering) => {
    let inside = false;
    const unwrap = wrap(lowering, (node, lower) => {
      inside = rowOf(node) === row;
      const outputs = lower();
      inside = false;
      return outputs;
    });
    const { context } = lowering;
    const { integers } = context;
    context.integers = function (values) {
      return integers.call(this, inside ? (other(values, 0) as readonly number[]) : values);
    };
    return () => {
      context.integers = integers;
      unwrap();
    };
  },
});

/** A mistake in how a row reads the node: an attribute taken for another. */
const inNode = (row: string, op: string, what: string, change: (node: Node) => Node): Mutation => ({
  row,
  op,
  what,
  apply: (lowering) =>
    wrap(
      lowering,
      (_, lower) => lower(),
      (node) => (rowOf(node) === row ? change(node) : node),
    ),
});

const withAttribute = (node: Node, key: string, value: unknown): Node =>
  ({ ...node, attributes: { ...node.attributes, [key]: value } }) as unknown as Node;

/** Every mutation of a row: of each attribute it reads, each node it emits, each attribute and input of that. */
export function mutationsOf(name: string, row: Row): readonly Mutation[] {
  const { op } = row;
  const found: Mutation[] = [];
  for (const [key, values] of row.attributes) {
    if (['operation', 'type', 'weights', 'shape'].includes(key) && op !== 'expand') continue;
    if (op === 'input' || op === 'plugin') continue;
    const ranked = (node: Node): number => node.inputs[0]?.rank ?? 0;
    if (key === 'dataType') {
      const types = [...new Set(values as string[])];
      found.push(
        inNode(name, op, `attribute ${key} taken for another`, (node) => {
          const type = (node.attributes as { dataType: string }).dataType;
          return withAttribute(node, key, types[(types.indexOf(type) + 1) % types.length]);
        }),
      );
    } else
      found.push(
        inNode(name, op, `attribute ${key} changed`, (node) =>
          withAttribute(node, key, other((node.attributes as unknown as Record<string, unknown>)[key], ranked(node))),
        ),
      );
    if (key === 'reshape' || key === 'firstTranspose' || key === 'secondTranspose' || key === 'axis')
      found.push(inNode(name, op, `attribute ${key} left out`, (node) => withAttribute(node, key, undefined)));
  }
  if (row.attributes.has('firstTranspose'))
    found.push(
      inNode(name, op, 'transposes swapped', (node) => {
        const { firstTranspose, secondTranspose } = node.attributes as Record<string, unknown>;
        return withAttribute(withAttribute(node, 'firstTranspose', secondTranspose), 'secondTranspose', firstTranspose);
      }),
    );
  for (const { opType, inputs, attributes } of row.emissions.values()) {
    const only =
      (change: Emit): Emit =>
      (type, from, given) =>
        type === opType ? change(type, from, given) : [type, from, given];
    const add = (what: string, change: Emit): void =>
      void found.push(inEmission(name, op, opType, `${opType} ${what}`, only(change)));
    if (opType !== 'Identity') add('skipped', (_, from) => ['Identity', from.slice(0, 1), {}]);
    if (kin[opType]) add(`became ${kin[opType]}`, (_, from, given) => [kin[opType]!, from, given]);
    if (inputs >= 2)
      add('with its first two inputs swapped', (type, [a, b, ...more], given) => [
        type,
        b === undefined ? [a!] : [b, a!, ...more],
        given,
      ]);
    if (inputs >= 3)
      add('without its last input', (type, from, given) => [
        type,
        from.length === inputs ? from.slice(0, -1) : from,
        given,
      ]);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === undefined) continue;
      add(`without ${key}`, (type, from, { [key]: _, ...rest }) => [type, from, rest]);
      const listed = words[key];
      if (typeof value === 'string' && !listed) continue;
      add(`with another ${key}`, (type, from, given) => {
        const old = given[key];
        const changed = listed ? listed[(listed.indexOf(String(old)) + 1) % listed.length] : other(old, 0);
        return [type, from, old === undefined ? given : { ...given, [key]: changed }];
      });
    }
  }
  if (row.integers) found.push(inIntegers(name, op));
  return found;
}
