import { bytesOf, type DataType, dataTypes, Weights } from '@trt-dsl/dsl';

/** Matrices `[rows, columns]` (or vectors) of one shape side by side: `[rows, n · columns]`, put together when read. */
export function mergedColumns<D extends DataType, R extends number>(parts: readonly Weights<D, R>[]): Weights<D, R> {
  const [first] = parts as readonly [Weights<D, R>, ...Weights<D, R>[]];
  const shape = first.shape as readonly number[];
  const width = (shape.at(-1) ?? 1) * dataTypes[first.dataType].bytes;
  const read = (): Uint8Array => {
    const sources = parts.map((part) => part.bytes());
    const merged = new Uint8Array(first.byteLength * parts.length);
    const rows = first.byteLength / width;
    for (let row = 0; row < rows; row++)
      sources.forEach((source, i) => {
        merged.set(source.subarray(row * width, (row + 1) * width), (row * parts.length + i) * width);
      });
    return bytesOf(merged);
  };
  const name = parts.map((part) => part.name).join('+');
  const merged = [...shape.slice(0, -1), (shape.at(-1) ?? 1) * parts.length];
  return Weights.from({ name, dataType: first.dataType, shape: merged, read }) as unknown as Weights<D, R>;
}
