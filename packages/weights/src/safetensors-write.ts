import { TrtDslError } from '@trt-dsl/dsl';
import { writeFiles } from './atomic.ts';
import { safetensorsTypes } from './safetensors.ts';
import { listed, type NamedWeights, spelling, type WriteOptions, withProgress } from './write.ts';

const spelt = spelling(safetensorsTypes, 'safetensors');

export interface SafetensorsOptions extends WriteOptions {
  /** kept in the header as `__metadata__` */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a .safetensors file, tensor by tensor, in the order given; it appears under its name once it is complete.
 * @throws TrtDslError 'name' for a key given twice, 'file' if it cannot be written
 */
export function writeSafetensors(path: string, tensors: NamedWeights, options: SafetensorsOptions = {}): void {
  const list = listed(tensors, path);
  // a Map of entries, as an object would put keys such as "10" first
  const fields: string[] = [];
  const put = (key: string, value: unknown): number => fields.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  if (options.metadata) put('__metadata__', options.metadata);
  let at = 0;
  for (const [key, weights] of list) {
    if (key === '__metadata__')
      throw new TrtDslError('name', `${path}: "${key}" is no name for a tensor in safetensors`);
    const end = at + weights.byteLength;
    put(key, { dtype: spelt(weights.dataType, key), shape: weights.shape, data_offsets: [at, end] });
    at = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20); // spaces keep the data aligned
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  writeFiles([path], (file) => {
    file!.write(header);
    for (const [, weights] of withProgress(list, options)) file!.write(weights.bytes());
  });
}
