import { crc32 } from 'node:zlib';
import { TrtDslError } from '@trt-dsl/dsl';
import { encodeModel } from '../proto/codec.ts';

const key = 'trt_dsl.crc32';
const sealOf = (checksum: number): Uint8Array =>
  encodeModel({ metadataProps: [{ key, value: checksum.toString(16).padStart(8, '0') }] });
const sealLength = sealOf(0).length;

/** An ONNX file with its checksum behind it, as one more field of the model, which other readers take as metadata. */
export function seal(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + sealLength);
  out.set(bytes);
  out.set(sealOf(crc32(bytes)), bytes.length);
  return out;
}

/**
 * Checks that the bytes are what `seal` gave: ONNX Runtime trusts what it reads.
 * @throws TrtDslError 'file'
 */
export function checkSeal(bytes: Uint8Array, where: string): void {
  const end = bytes.length - sealLength;
  const found = bytes.subarray(Math.max(end, 0));
  const expected = sealOf(end < 0 ? 0 : crc32(bytes.subarray(0, end)));
  if (end < 0 || Buffer.compare(found, expected) !== 0)
    throw new TrtDslError(
      'file',
      `${where}: ${bytes.length} bytes that are truncated, damaged or not what serialize() gave (no matching "${key}" at their end)`,
    );
}
