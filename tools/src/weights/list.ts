import { createHash } from 'node:crypto';
import { TrtDslError } from '@trt-dsl/dsl';
import type { TensorInfo, WeightsFile } from '@trt-dsl/weights';
import type { CommandContext, Report } from '../command.ts';
import { size, table } from '../table.ts';
import { keysOf, openTensors } from './open.ts';

/** One tensor of a listing. */
interface Listed extends TensorInfo {
  readonly name: string;
  /** the first 16 digits of the SHA-256 of the elements, row-major, little-endian, in the type they are read in */
  readonly sha256?: string | undefined;
}

interface ListArguments {
  readonly file: string;
  readonly only?: string | undefined;
  readonly checksum: boolean;
}

/** `trt-dsl weights list` */
export async function listWeights(args: ListArguments, { progress, signal }: CommandContext): Promise<Report> {
  using file = openTensors(args.file);
  const keys = keysOf(file, args.only);
  const bytes = keys.reduce((sum, key) => sum + (file.info(key).byteLength ?? 0), 0);
  let done = 0;
  const tensors = keys.map((name): Listed => {
    signal.throwIfAborted();
    const info = file.info(name);
    const sha256 = args.checksum ? checksum(file, name) : undefined;
    done += info.byteLength ?? 0;
    progress.bytes('reading', done, bytes);
    return { name, ...info, ...(sha256 !== undefined && { sha256 }) };
  });
  return {
    json: { file: args.file, format: file.format, tensors, count: tensors.length, bytes },
    text: [
      table([
        ['name', 'type', 'shape', 'bytes', ...(args.checksum ? ['sha256'] : [])],
        ...tensors.map(({ name, type, shape, byteLength, sha256 }) => [
          name,
          type,
          `[${shape.join(', ')}]`,
          byteLength ?? '?',
          ...(args.checksum ? [sha256 ?? 'not read'] : []),
        ]),
      ]),
      `${tensors.length} tensors, ${size(bytes)} (${file.format})`,
    ].join('\n'),
  };
}

/** The checksum of a tensor; undefined for types that are listed, but not read. */
function checksum(file: WeightsFile, key: string): string | undefined {
  try {
    return createHash('sha256').update(file.get(key).bytes()).digest('hex').slice(0, 16);
  } catch (error) {
    if (error instanceof TrtDslError && error.code === 'unsupported') return undefined;
    throw error;
  }
}
