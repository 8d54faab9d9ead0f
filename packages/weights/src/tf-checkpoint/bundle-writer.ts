import { TrtDslError } from '@trt-dsl/dsl';
import { writeFiles } from '../atomic.ts';
import { maskedCrc32c } from '../crc32c.ts';
import { listed, type NamedWeights, spelling, type WriteOptions, withProgress } from '../write.ts';
import { shardPath } from './bundle.ts';
import { entryMessage, headerMessage, tensorflowTypes } from './messages.ts';
import { writeTable } from './table-writer.ts';

const spelt = spelling(tensorflowTypes, 'a TensorFlow checkpoint');

/**
 * Writes a TensorFlow V2 checkpoint in one data file, `prefix.index` and `prefix.data-00000-of-00001`; both appear once
 * they are complete, the index last.
 * @throws TrtDslError 'name' for a key that is empty or begins with a zero byte, which bundles keep for themselves
 */
export function writeTensorflowBundle(prefix: string, tensors: NamedWeights, options: WriteOptions = {}): void {
  const list = listed(tensors, prefix);
  const entries = new Map<string, Uint8Array>();
  entries.set('', headerMessage.encode({ numShards: 1, endianness: 0, version: { producer: 1 } }));
  writeFiles([shardPath(prefix, 0, 1), `${prefix}.index`], (data, index) => {
    for (const [key, weights] of withProgress(list, options)) {
      if (key === '' || key.startsWith('\0'))
        throw new TrtDslError('name', `${prefix}: ${JSON.stringify(key)} is no name for a tensor in a checkpoint`);
      const bytes = weights.bytes();
      const entry = entryMessage.encode({
        dtype: Number(spelt(weights.dataType, key)),
        shape: { dim: (weights.shape as readonly number[]).map((size) => ({ size })) },
        shardId: 0,
        offset: data!.size,
        size: bytes.length,
        crc32c: maskedCrc32c(bytes),
        slices: [],
      });
      entries.set(Buffer.from(key, 'utf8').toString('latin1'), entry);
      data!.write(bytes);
    }
    writeTable(
      index!,
      [...entries].sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  });
}
