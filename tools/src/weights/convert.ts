import { existsSync } from 'node:fs';
import { dataTypes, TrtDslError, type Weights } from '@trt-dsl/dsl';
import {
  type NamedWeights,
  type WriteOptions,
  writeNpyFolder,
  writeNpz,
  writeSafetensors,
  writeTensorflowBundle,
} from '@trt-dsl/weights';
import type { CommandContext, Report } from '../command.ts';
import { size } from '../table.ts';
import type { Format } from './formats.ts';
import { keysOf, openTensors } from './open.ts';

interface ConvertArguments {
  readonly from: string;
  readonly to: string;
  readonly format?: Format | undefined;
  readonly type?: 'float32' | 'float16' | 'bfloat16' | undefined;
  readonly only?: string | undefined;
  readonly force: boolean;
}

/** How each format is written, what a name of it looks like, and the file whose being there says that it is taken. */
const writers: {
  readonly [F in Format]: {
    readonly write: (path: string, tensors: NamedWeights, options: WriteOptions) => void;
    readonly ending: RegExp;
    readonly file: (path: string) => string;
  };
} = {
  safetensors: { write: writeSafetensors, ending: /\.safetensors$/, file: (path) => path },
  npz: { write: writeNpz, ending: /\.npz$/, file: (path) => path },
  npy: {
    write: (path, tensors, options) => writeNpyFolder(path.replace(/\/+$/, ''), tensors, options),
    ending: /\/$/,
    file: (path) => path,
  },
  tensorflow: { write: writeTensorflowBundle, ending: /\.ckpt(-\d+)?$/, file: (path) => `${path}.index` },
};

/** `trt-dsl weights convert` */
export async function convertWeights(args: ConvertArguments, { progress, signal }: CommandContext): Promise<Report> {
  const format = args.format ?? formatOf(args.to);
  const writer = writers[format];
  const there = writer.file(args.to);
  if (existsSync(there) && (!args.force || format === 'npy'))
    throw new TrtDslError(
      'file',
      `${there} exists already; ${format === 'npy' ? 'name a new folder' : 'name another, or --force'}`,
    );
  using file = openTensors(args.from);
  const losses: Loss[] = [];
  const tensors = keysOf(file, args.only).map((key): readonly [string, Weights] => [
    key,
    inType(file.get(key), args.type, losses),
  ]);
  const bytes = tensors.reduce((sum, [, weights]) => sum + weights.byteLength, 0);
  let done = 0;
  writer.write(args.to, tensors, {
    onTensor: (tensor) => {
      signal.throwIfAborted();
      progress.bytes('writing', done, bytes);
      done += tensor.bytes;
    },
  });
  return {
    json: { from: args.from, to: args.to, format, count: tensors.length, bytes, losses },
    text: [
      `${args.to}: ${tensors.length} tensors, ${size(bytes)} (${format})`,
      ...losses.map(
        ({ name, to, count, overflowed, underflowed }) =>
          `${name}: of ${count} values ${overflowed} overflow ${to}, ${underflowed} become subnormal or zero`,
      ),
    ].join('\n'),
  };
}

interface Loss {
  readonly name: string;
  readonly to: string;
  readonly count: number;
  readonly overflowed: number;
  readonly underflowed: number;
}

function inType(weights: Weights, type: ConvertArguments['type'], losses: Loss[]): Weights {
  if (!type || dataTypes[weights.dataType].kind !== 'float') return weights;
  return weights.as(type, ({ name, to, count, overflowed, underflowed }) =>
    losses.push({ name, to, count, overflowed, underflowed }),
  );
}

function formatOf(path: string): Format {
  const found = Object.entries(writers).find(([, { ending }]) => ending.test(path));
  if (found) return found[0] as Format;
  throw new TrtDslError(
    'argument',
    `${path}: no ending of a format (.safetensors, .npz, .ckpt, / for a folder of .npy); say it with --format`,
  );
}
