import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Graph, messageOf, TrtDslError, type Weights } from '@trt-dsl/dsl';
import { largestFile, modelPieces, type OnnxModel, type Place } from './model.ts';
import { type ToOnnxOptions, toOnnx } from './to-onnx.ts';

/** Where weights are written. */
export interface WriteOnnxOptions extends ToOnnxOptions {
  /** `external`: into `<path>.data` beside the model; by default only where the file would exceed 2 GB */
  readonly weights?: 'inline' | 'external';
}

/** Smaller tensors stay in the model itself: shapes, axes, scalars, which other tools want to see there. */
const smallest = 1024;
/** ONNX's recommendation, so that the data can be mapped into memory. */
const alignment = 4096;

/** Where each larger initializer lies in the data file. */
function externalPlaces(initializers: ReadonlyMap<string, Weights>): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  let end = 0;
  for (const [name, { byteLength }] of initializers) {
    if (byteLength < smallest) continue;
    const offset = Math.ceil(end / alignment) * alignment;
    places.set(name, { offset, length: byteLength });
    end = offset + byteLength;
  }
  return places;
}

/**
 * Writes a graph as an ONNX file, tensor by tensor, so that no more than one is in memory; the weights lie in it or in
 * `<path>.data` beside it. Each file appears only when it is complete.
 * @returns the paths written
 * @throws TrtDslError 'unsupported' if the weights are to be inline and exceed 2 GB, 'file' if a file cannot be written
 */
export async function writeOnnx(
  graph: Graph | OnnxModel,
  path: string,
  options: WriteOnnxOptions = {},
): Promise<readonly string[]> {
  const model = graph instanceof Graph ? toOnnx(graph, options) : graph;
  const inline = modelPieces(model);
  if (options.weights === 'inline' && inline.byteLength > largestFile)
    throw new TrtDslError('unsupported', `${path}: ${inline.byteLength} bytes exceed the 2 GB of one ONNX file`);
  if (options.weights !== 'external' && inline.byteLength <= largestFile) {
    await writeFile(path, inline.pieces);
    return [path];
  }
  const places = externalPlaces(model.initializers);
  const data = `${basename(path)}.data`;
  const dataPath = join(dirname(path), data);
  await writeFile(dataPath, dataPieces(model, places));
  await writeFile(path, modelPieces(model, places, data).pieces);
  return [path, dataPath];
}

function* dataPieces({ initializers }: OnnxModel, places: ReadonlyMap<string, Place>): Iterable<Uint8Array> {
  let end = 0;
  for (const [name, { offset, length }] of places) {
    if (offset > end) yield new Uint8Array(offset - end);
    yield initializers.get(name)!.bytes();
    end = offset + length;
  }
}

/** Writes beside the path first, and renames. */
async function writeFile(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.unfinished`;
  try {
    const file = await open(unfinished, 'wx');
    try {
      for (const piece of pieces) {
        let at = 0;
        while (at < piece.length)
          at += (await file.write(piece, at, Math.min(piece.length - at, 2 ** 30))).bytesWritten;
      }
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    if (existsSync(unfinished)) await rm(unfinished);
    if (error instanceof TrtDslError) throw error;
    throw new TrtDslError('file', `${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}
