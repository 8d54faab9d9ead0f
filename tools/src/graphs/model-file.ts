import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { fromJson, type Graph, messageOf, TrtDslError, type Weights } from '@trt-dsl/dsl';
import { importOnnx } from '@trt-dsl/onnx-backend';
import { splitNotes } from '@trt-dsl/trt-bindings';
import { openWeights } from '@trt-dsl/weights';
import { type Product, products } from '../tensorrt/products.ts';

/** What a model's file can be. */
export type ModelKind = 'graph' | 'onnx' | 'onnx-engine' | 'plan';

/** A graph that a file holds: as the DSL's JSON, or as ONNX. */
export interface GraphFile {
  readonly kind: 'graph' | 'onnx';
  readonly graph: Graph;
}

/** A serialized engine; `backend` is undefined for a plan that some other program wrote. */
export interface EngineFile {
  readonly kind: 'engine';
  readonly backend: 'onnx' | Product | undefined;
  /** TensorRT's version, where the file says it */
  readonly version: string | undefined;
  readonly bytes: Uint8Array;
}

const known = "known are a graph's JSON (toJson), an ONNX file, and an engine that `trt-dsl build` or serialize() made";
const ends = { plan: 'trt-dsl plan notes', sealedOnnx: 'trt_dsl.crc32' };

/**
 * What a file is, by its first and last bytes.
 * @throws TrtDslError 'file' if there is none, or it is none of these
 */
export function kindOf(path: string): ModelKind {
  if (!existsSync(path)) throw new TrtDslError('file', `${path}: there is no such file`);
  const { head, tail } = edges(path);
  if (tail.includes(ends.plan) || /^[a-z]trt/.test(head)) return 'plan';
  if (/^\s*\{/.test(head)) return 'graph';
  if (tail.includes(ends.sealedOnnx)) return 'onnx-engine';
  if (head.charCodeAt(0) === 0x08 || path.endsWith('.onnx')) return 'onnx';
  throw new TrtDslError('file', `${path}: begins like no model; ${known}`);
}

function edges(path: string): { readonly head: string; readonly tail: string } {
  const file = openSync(path, 'r');
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw new TrtDslError('file', `${path} is no file; ${known}`);
    const read = (from: number, length: number): string => {
      const bytes = new Uint8Array(length);
      return Buffer.from(bytes.subarray(0, readSync(file, bytes, 0, length, from))).toString('latin1');
    };
    return { head: read(0, 64), tail: read(Math.max(0, status.size - 64), 64) };
  } finally {
    closeSync(file);
  }
}

/**
 * The graph in a file.
 * @param weights a file of weights by the constants' names, for a JSON that only names them; by default the .safetensors of the
 * same name beside it, if there is one
 * @throws TrtDslError 'file' if it is no graph, or does not pass the layers' checks
 */
export function openGraph(path: string, weights?: string): GraphFile {
  const kind = kindOf(path);
  if (kind === 'plan')
    throw new TrtDslError('file', `${path} is an engine already; a graph's JSON or an ONNX file is needed`);
  if (kind !== 'graph') return { kind: 'onnx', graph: importOnnx(path) };
  const text = readText(path);
  try {
    return { kind, graph: fromJson(text, finder(path, weights)) };
  } catch (error) {
    throw new TrtDslError('file', `${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** JavaScript's texts end at 512 MiB, less than large weights in base64 take. */
function readText(path: string): string {
  const { size } = statSync(path);
  if (size >= 2 ** 29)
    throw new TrtDslError(
      'file',
      `${path}: ${size} bytes are too many for one JSON; write it with toJson(graph, { weights: 'reference' }) and the weights beside it`,
    );
  return readFileSync(path, 'utf8');
}

/** Looks weights up by name in the file that was given, or in the one beside the graph. */
function finder(path: string, given: string | undefined): ((name: string) => Weights) | undefined {
  const beside = path.replace(/(\.json)?$/, '.safetensors');
  const file = given ?? (existsSync(beside) ? beside : undefined);
  if (file === undefined) return undefined;
  const opened = openWeights(file);
  return (name) => opened.get(name);
}

/** The graph or the engine in a file. */
export function openModel(path: string, weights?: string): GraphFile | EngineFile {
  const kind = kindOf(path);
  if (kind === 'onnx-engine') return { kind: 'engine', backend: 'onnx', version: undefined, bytes: readFileSync(path) };
  if (kind !== 'plan') return openGraph(path, weights);
  const bytes = readFileSync(path);
  const { notes } = splitNotes(bytes);
  const named = Object.entries(products).find(([, { addon }]) => addon === notes?.product)?.[0];
  return { kind: 'engine', backend: named as Product | undefined, version: notes?.version, bytes };
}
