import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileError } from './file-bytes.ts';
import { isNpy } from './npy.ts';
import { npyFilesIn, readNpy, readNpyFolder } from './npy-folder.ts';
import { pickleAdvice, readNpz } from './npz.ts';
import { readSafetensors, readSafetensorsShards } from './safetensors.ts';
import { readTensorflowBundle } from './tf-checkpoint/bundle.ts';
import { checkpointPrefix } from './tf-checkpoint/locate.ts';
import type { WeightsFile } from './weights-file.ts';

const known =
  'known are .safetensors, a Hugging Face folder, .npz, .npy and folders of it, and TensorFlow checkpoints (a prefix, its .index or its folder)';

const shardIndex = 'model.safetensors.index.json';

/**
 * Opens weights of any known format, recognised by their contents: a safetensors file; a Hugging Face folder with
 * `model.safetensors` or `model.safetensors.index.json`; `.npz`; one `.npy` or a folder of them; a TensorFlow V2
 * checkpoint by its prefix, its `.index` or its folder. Nothing is read but what lists the tensors.
 * @throws TrtDslError 'file' if there is nothing, it is damaged, or of a kind that is refused (PyTorch's pickles, V1
 * checkpoints), with what to do
 */
export function openWeights(path: string): WeightsFile {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory()) return openFolder(path);
  if (status && path.endsWith('.safetensors')) return readSafetensors(path);
  if (status && path.endsWith('.safetensors.index.json')) return readSafetensorsShards(path);
  const prefix = checkpointPrefix(path);
  if (prefix !== undefined) return readTensorflowBundle(prefix);
  if (!status)
    throw fileError(path, undefined, `there is no such file or folder, nor a checkpoint ${basename(path)}.index`);
  return openByContent(path);
}

function openFolder(folder: string): WeightsFile {
  const names = readdirSync(folder);
  if (names.includes(shardIndex)) return readSafetensorsShards(join(folder, shardIndex));
  const safetensors = names.filter((name) => name.endsWith('.safetensors'));
  const [model] = safetensors.includes('model.safetensors') ? ['model.safetensors'] : safetensors;
  if (safetensors.length > 1 && model !== 'model.safetensors')
    throw fileError(folder, undefined, `holds several safetensors files (${safetensors.join(', ')}); name one of them`);
  if (model !== undefined) return readSafetensors(join(folder, model));
  const prefix = checkpointPrefix(folder);
  if (prefix !== undefined) return readTensorflowBundle(prefix);
  if (npyFilesIn(folder).length > 0) return readNpyFolder(folder);
  const pickle = names.find((name) => /^pytorch_model.*\.bin$|\.(pt|pth)$/.test(name));
  if (pickle !== undefined) throw fileError(join(folder, pickle), 0, pickleAdvice);
  const archives = names.filter((name) => name.endsWith('.npz'));
  if (archives.length === 1) return readNpz(join(folder, archives[0]!));
  throw fileError(folder, undefined, `holds no weights; ${known}`);
}

const startsWith =
  (...bytes: number[]) =>
  (beginning: Uint8Array): boolean =>
    bytes.every((byte, i) => beginning[i] === byte);
const letters = (text: string) => startsWith(...Buffer.from(text, 'latin1'));

/** By how a file begins: how it is read, or why it is not. */
const kinds: readonly (readonly [(beginning: Uint8Array) => boolean, ((path: string) => WeightsFile) | string])[] = [
  [isNpy, readNpy],
  [letters('PK\x03\x04'), readNpz],
  [letters('PK\x05\x06'), readNpz], // empty
  [letters('PK\x06\x06'), readNpz], // empty, 64-bit
  [(b) => startsWith(0x80)(b) && b[1]! >= 2 && b[1]! <= 5, pickleAdvice],
  [
    letters('\x89HDF\r\n\x1a\n'),
    'is HDF5 (Keras); save it in Python with model.save_weights as a TensorFlow checkpoint, or with safetensors',
  ],
  [
    (b) => startsWith(0x08)(b) && b[1]! <= 12 && b[2] === 0x12,
    'looks like an ONNX model; read it with importOnnx from @trt-dsl/onnx-backend',
  ],
  [(b) => b.length > 8 && b[8] === 0x7b, readSafetensors], // a length, then JSON's {
];

function openByContent(path: string): WeightsFile {
  const beginning = new Uint8Array(16);
  const descriptor = openSync(path, 'r');
  const length = readSync(descriptor, beginning, 0, beginning.length, 0);
  closeSync(descriptor);
  const kind = kinds.find(([recognises]) => recognises(beginning.subarray(0, length)));
  if (kind === undefined) throw fileError(path, 0, `begins like no known format; ${known}`);
  const [, open] = kind;
  if (typeof open === 'string') throw fileError(path, 0, open);
  return open(path);
}
