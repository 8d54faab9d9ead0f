declare module 'snappyjs' {
  /** @param maxLength refused beyond it, before anything is allocated */
  export function uncompress(compressed: Uint8Array, maxLength?: number): Uint8Array;
  export function compress(bytes: Uint8Array): Uint8Array;
  const snappy: { readonly uncompress: typeof uncompress; readonly compress: typeof compress };
  export default snappy;
}
