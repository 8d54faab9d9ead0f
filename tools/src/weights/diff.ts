import { toNumbers, type Weights } from '@trt-dsl/dsl';
import type { CommandContext, Report } from '../command.ts';
import { short, table } from '../table.ts';
import { bertTensors } from './bert-tensors.ts';
import { keysOf, openTensors } from './open.ts';

interface DiffArguments {
  readonly a: string;
  readonly b: string;
  readonly only?: string | undefined;
  readonly tolerance: number;
  readonly bert: boolean;
}

/** Tensors of both files that are not the same. */
interface Changed {
  readonly name: string;
  /** type and shape in each file */
  readonly a: string;
  readonly b: string;
  /** largest |a − b|, and how many values are apart; absent where the shapes differ */
  readonly maxAbs?: number;
  readonly values?: number;
}

type Tensors = ReadonlyMap<string, Weights>;

/** `trt-dsl weights diff`: exit code 1 where the files differ. */
export async function diffWeights(args: DiffArguments, { progress, signal }: CommandContext): Promise<Report> {
  using fileA = openTensors(args.a, { aliases: args.bert });
  using fileB = openTensors(args.b, { aliases: args.bert });
  const named = (file: typeof fileA): Tensors =>
    args.bert ? bertTensors(file, args.only) : new Map(keysOf(file, args.only).map((key) => [key, file.get(key)]));
  const [a, b] = [named(fileA), named(fileB)];
  const missing = [...a.keys()].filter((key) => !b.has(key));
  const extra = [...b.keys()].filter((key) => !a.has(key));
  const both = [...a].filter(([key]) => b.has(key));
  const bytes = both.reduce((sum, [, weights]) => sum + weights.byteLength, 0);
  let done = 0;
  const changed = both.flatMap(([name, one]): Changed[] => {
    signal.throwIfAborted();
    const change = compare(name, one, b.get(name)!, args.tolerance);
    done += one.byteLength;
    progress.bytes('comparing', done, bytes);
    return change ? [change] : [];
  });
  const same = both.length - changed.length;
  const differs = missing.length + extra.length + changed.length > 0;
  return {
    json: { a: args.a, b: args.b, same, missing, extra, changed },
    text: [
      ...section(`only in ${args.a}`, missing),
      ...section(`only in ${args.b}`, extra),
      ...(changed.length > 0 ? ['different:', indent(table(changed.map(row)))] : []),
      `${same} the same, ${changed.length} different, ${missing.length} only in ${args.a}, ${extra.length} only in ${args.b}`,
    ].join('\n'),
    exitCode: differs ? 1 : 0,
  };
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');
const section = (title: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${title}:`, ...names.map((name) => `  ${name}`)];

const row = ({ name, a, b, maxAbs, values }: Changed): string[] => [
  name,
  a === b ? a : `${a} → ${b}`,
  maxAbs === undefined ? '' : `max abs ${short(maxAbs)} in ${values} values`,
];

/** What two tensors of one name differ in, if anything: type, shape or values. Values are compared as numbers. */
function compare(name: string, a: Weights, b: Weights, tolerance: number): Changed | undefined {
  const types = { name, a: typeOf(a), b: typeOf(b) };
  if (String(a.shape) !== String(b.shape)) return types;
  const [bytesA, bytesB] = [a.bytes(), b.bytes()];
  const sameType = a.dataType === b.dataType;
  if (sameType && Buffer.compare(bytesA, bytesB) === 0) return undefined;
  const distance = distances(a, b);
  let [maxAbs, values] = [0, 0];
  for (let i = 0; i < a.size; i++) {
    const apart = distance(i);
    if (apart <= tolerance) continue;
    values++;
    maxAbs = Math.max(maxAbs, apart);
  }
  if (values === 0 && (sameType || tolerance > 0)) return undefined;
  return { ...types, maxAbs, values };
}

/** |a − b| by element: exactly for int64, infinite where one of the two is no number, 0 where both are. */
function distances(a: Weights, b: Weights): (i: number) => number {
  const [rawA, rawB] = [a.array(), b.array()];
  if (rawA instanceof BigInt64Array && rawB instanceof BigInt64Array)
    return (i) => Math.abs(Number(rawA[i]! - rawB[i]!));
  const [x, y] = [toNumbers(a.dataType, rawA), toNumbers(b.dataType, rawB)];
  return (i) => {
    if (Object.is(x[i], y[i])) return 0;
    const apart = Math.abs(x[i]! - y[i]!);
    return Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
  };
}

/** `float32[768, 768]`, without the name. */
const typeOf = ({ dataType, shape }: Weights): string => `${dataType}[${(shape as readonly number[]).join(', ')}]`;
