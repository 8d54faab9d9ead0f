import type { Graph } from '@trt-dsl/dsl';
import { serializeOnnx, toOnnx } from '@trt-dsl/onnx-backend';
import { type Call, type Lower, Lowering, type Mistake } from './lowering.ts';
import { other } from './other.ts';

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

/** Words that an attribute may be, so that one can stand for another. */
const words: Readonly<Record<string, readonly string[]>> = {
  approximate: ['none', 'tanh'],
};

type Attributes = Readonly<Record<string, unknown>>;
type Arguments = readonly [inputs: readonly string[], outputs: unknown, attributes: Attributes, label?: string];

interface Seen {
  readonly inputs: number;
  readonly attributes: Attributes;
}

interface ContextMethods {
  emit(opType: string, ...args: Arguments): unknown;
  integers(values: readonly number[]): unknown;
}

/** What lists of integers (axes, sizes, steps) are called among the calls. */
const integers = 'a list of integers';

/** The ONNX backend's table. Its calls are the ONNX nodes, and the lists of integers that these are given. */
export class OnnxLowering extends Lowering {
  /** Opens the built modules of packages/onnx-backend, the same that `@trt-dsl/onnx-backend` is made of. */
  static async open(): Promise<OnnxLowering> {
    const built = new URL('./lower/', import.meta.resolve('@trt-dsl/onnx-backend'));
    const { lowerings } = (await import(new URL('lowerings.js', built).href)) as { lowerings: Record<string, Lower> };
    const { Context } = (await import(new URL('context.js', built).href)) as { Context: { prototype: ContextMethods } };
    const lowering = new OnnxLowering();
    lowering.open(lowerings);
    const { prototype } = Context;
    const before = { emit: prototype.emit, integers: prototype.integers };
    prototype.emit = function (opType, inputs, outputs, attributes = {}, label) {
      return lowering.pass({ name: opType, args: [inputs, outputs, attributes, label] }, ({ name, args }) =>
        before.emit.call(this, name, ...(args as unknown as Arguments)),
      );
    };
    prototype.integers = function (values) {
      return lowering.pass({ name: integers, args: [values] }, ({ args }) =>
        before.integers.call(this, args[0] as readonly number[]),
      );
    };
    return lowering;
  }

  network(graph: Graph): string {
    return Buffer.from(serializeOnnx(toOnnx(graph, { target: 'cpu' }))).toString('latin1');
  }

  describe({ name, args }: Call, seen: Seen | undefined): Seen {
    if (name === integers) return { inputs: 0, attributes: {} };
    const [inputs, , attributes] = args as unknown as Arguments;
    return {
      inputs: Math.max(seen?.inputs ?? 0, inputs.length),
      attributes: { ...seen?.attributes, ...attributes },
    };
  }

  mistakes(name: string, seen: Seen): readonly Mistake[] {
    return name === integers
      ? [{ what: 'changed', change: (call) => ({ ...call, args: [other(call.args[0], 0)] }) }]
      : inEmission(name, seen);
  }
}

/** A change of an ONNX node: its type, its inputs, its attributes. */
type Change = (
  opType: string,
  inputs: readonly string[],
  attributes: Attributes,
) => readonly [string, readonly string[], Attributes];

function inEmission(opType: string, { inputs, attributes }: Seen): readonly Mistake[] {
  const found: Mistake[] = [];
  const add = (what: string, change: Change): void =>
    void found.push({
      what,
      change: ({ name, args }) => {
        const [from, outputs, given, label] = args as unknown as Arguments;
        const [type, changed, rest] = change(name, from, given);
        return { name: type, args: [changed, outputs, rest, label] };
      },
    });
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
  return found;
}
