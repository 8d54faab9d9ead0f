import type { Call, Mistake } from './lowering.ts';
import { other } from './other.ts';

/** What an argument is: one kind, or no telling. */
export type Kind = 'tensor' | 'tensors' | 'number' | 'numbers' | 'boolean' | 'word' | 'weights';
/** The kinds of a method's arguments. */
export type Seen = readonly (Kind | undefined)[];

interface Tensor {
  getName(): string;
}
interface Weights {
  readonly type: string;
  readonly data: Uint8Array;
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'getDimensions' in value && 'getName' in value;
const isWeights = (value: unknown): value is Weights =>
  typeof value === 'object' && value !== null && 'type' in value && 'data' in value;

export function kindOf(value: unknown): Kind | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return typeof value as 'number' | 'boolean';
  if (typeof value === 'string') return 'word';
  if (isTensor(value)) return 'tensor';
  if (isWeights(value)) return 'weights';
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return isTensor(value[0]) ? 'tensors' : 'numbers';
}

/** An argument as text: tensors by their names. */
export function textOf(value: unknown): string {
  if (isTensor(value)) return value.getName();
  if (isWeights(value)) return `${value.type} ${Buffer.from(value.data).toString('hex')}`;
  return Array.isArray(value) ? `[${value.map(textOf).join(', ')}]` : String(value);
}

/** What distinguishes an argument: the word itself; whether there are zeros and open sizes among numbers. */
export function varietyOf(value: unknown): string {
  if (typeof value === 'boolean' || kindOf(value) === 'word') return String(value);
  if (kindOf(value) !== 'numbers') return '';
  const numbers = value as readonly number[];
  return `${numbers.includes(0) ? 0 : ''}${numbers.some((one) => one < 0) ? '-' : ''}`;
}

/** What nvinfer1 calls the arguments of a method that are not tensors; of setters it is the setter's own name. */
const names: Readonly<Record<string, readonly string[]>> = {
  addActivation: ['', 'type'],
  addAttention: ['', '', '', 'normOp', 'causal'],
  addCast: ['', 'toType'],
  addConstant: ['dimensions', 'weights'],
  addConvolutionNd: ['', 'nbOutputMaps', 'kernelSize'],
  addCumulative: ['', '', 'operation', 'exclusive', 'reverse'],
  addDequantize: ['', '', 'outputType'],
  addElementWise: ['', '', 'op'],
  addFill: ['dimensions', 'op', 'outputType'],
  addGather: ['', '', 'axis'],
  addInput: ['name', 'type', 'dimensions'],
  addMatrixMultiply: ['', 'op0', '', 'op1'],
  addNormalization: ['', '', '', 'axesMask'],
  addPoolingNd: ['', 'type', 'windowSize'],
  addQuantize: ['', '', 'outputType'],
  addReduce: ['', 'operation', 'reduceAxes', 'keepDimensions'],
  addSlice: ['', 'start', 'size', 'stride'],
  addTopK: ['', 'op', 'k', 'reduceAxes'],
  addUnary: ['', 'operation'],
};
/** Numbers whose bits are axes. */
const masks = new Set(['axesMask', 'reduceAxes', 'setAxes']);

/** Words that are easily confused, by the method that takes them. */
const kin: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  addActivation: { RELU: 'GELU_ERF', SIGMOID: 'TANH', TANH: 'SIGMOID', GELU_ERF: 'GELU_TANH', GELU_TANH: 'GELU_ERF' },
  addAttention: { SOFTMAX: 'NONE' },
  addElementWise: {
    SUM: 'PROD',
    SUB: 'SUM',
    PROD: 'SUM',
    DIV: 'PROD',
    POW: 'PROD',
    MIN: 'MAX',
    MAX: 'MIN',
    EQUAL: 'LESS',
    LESS: 'GREATER',
    GREATER: 'LESS',
    AND: 'OR',
    OR: 'AND',
  },
  addFill: { LINSPACE: 'RANDOM_UNIFORM' },
  addMatrixMultiply: { NONE: 'TRANSPOSE', TRANSPOSE: 'NONE' },
  addPoolingNd: { MAX: 'AVERAGE', AVERAGE: 'MAX' },
  addReduce: { SUM: 'AVG', AVG: 'MAX', MAX: 'MIN', MIN: 'MAX', PROD: 'SUM' },
  addTopK: { MAX: 'MIN', MIN: 'MAX' },
  addUnary: {
    EXP: 'SQRT',
    LOG: 'EXP',
    SQRT: 'LOG',
    RECIP: 'NEG',
    ABS: 'NEG',
    NEG: 'ABS',
    ERF: 'NEG',
    NOT: 'ABS',
  },
};
/** Data types as near as can be: of one size where there is one. */
const nearTypes: Readonly<Record<string, string>> = {
  FLOAT: 'HALF',
  HALF: 'BF16',
  BF16: 'HALF',
  FP8: 'INT8',
  INT8: 'FP8',
  UINT8: 'INT8',
  INT32: 'INT64',
  INT64: 'INT32',
  BOOL: 'INT32',
};

/** The same bytes as numbers of another type. */
const sameSize: Readonly<Record<string, string>> = {
  FLOAT: 'INT32',
  INT32: 'FLOAT',
  HALF: 'BF16',
  BF16: 'HALF',
  FP8: 'INT8',
  INT8: 'FP8',
  UINT8: 'INT8',
  BOOL: 'INT8',
  INT64: 'INT32',
};
const sizes: Readonly<Record<string, number>> = { FLOAT: 4, INT32: 4, HALF: 2, BF16: 2, INT64: 8 };

/** Weights with their numbers in reverse order. */
function backwards({ type, data }: Weights): Weights {
  const size = sizes[type] ?? 1;
  const count = data.length / size;
  const reversed = new Uint8Array(data.length);
  for (let i = 0; i < count; i++) reversed.set(data.subarray(i * size, (i + 1) * size), (count - 1 - i) * size);
  return { type, data: reversed };
}

const otherMask = (bits: number): number => (bits === 1 ? 2 : bits >> 1);

const withArgument = ({ name, args }: Call, at: number, value: unknown): Call => ({
  name,
  args: args.map((arg, i) => (i === at ? value : arg)),
});

/** The mistakes that calls of a method can have: one at least of each argument, and that it is not called. */
export function mistakesOf(name: string, seen: Seen): readonly Mistake[] {
  const found: Mistake[] = [];
  const [adder, setter] = name.split('.') as [string, string?];
  const change = (at: number, what: string, changed: (value: never) => unknown): void =>
    void found.push({
      what,
      change: (call) =>
        call.args[at] === undefined || call.args[at] === null
          ? call
          : withArgument(call, at, changed(call.args[at] as never)),
    });

  const [first] = seen;
  if (setter) found.push({ what: 'skipped', change: () => undefined });
  else if (first === 'tensor' || first === 'tensors')
    found.push({
      what: 'skipped',
      change: ({ args: [input] }) => ({ name: 'addIdentity', args: [Array.isArray(input) ? input[0] : input] }),
    });

  const tensors = [...seen.keys()].filter((i) => seen[i] === 'tensor');
  tensors.slice(1).forEach((b, i) => {
    const a = tensors[i]!;
    found.push({
      what: `with tensors ${i + 1} and ${i + 2} swapped`,
      change: (call) => withArgument(withArgument(call, a, call.args[b]), b, call.args[a]),
    });
  });

  for (const [at, kind] of seen.entries()) {
    if (name.includes('setInput') || (name === 'addInput' && at === 0)) continue;
    const label = names[name]?.[at] ?? setter ?? `argument ${at}`;
    const what = setter ? 'with another value' : `with another ${label}`;
    if (kind === 'tensors') change(at, 'with its tensors reversed', (value: unknown[]) => [...value].reverse());
    if (kind === 'boolean') change(at, what, (value) => !value);
    if (kind === 'numbers') change(at, what, (value) => other(value, 0));
    if (kind === 'number')
      change(at, what, (value: number) => (masks.has(label) ? otherMask(value) : other(value, value + 1)));
    if (kind === 'word') change(at, what, (value: string) => kin[adder]?.[value] ?? nearTypes[value] ?? value);
    if (kind === 'weights') {
      change(at, 'with weights of another type', ({ type, data }: Weights) => ({ type: sameSize[type], data }));
      change(at, 'with its weights reversed', backwards);
    }
  }
  return found;
}
