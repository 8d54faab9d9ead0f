import { TrtDslError } from '@trt-dsl/dsl';

/** Any view of bytes as a Uint8Array over the same memory. */
export function bytesView(bytes: Uint8Array): Uint8Array {
  if (!ArrayBuffer.isView(bytes)) throw new TrtDslError('argument', 'a serialized engine is a Uint8Array');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
