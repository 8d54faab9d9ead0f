import { existsSync, statSync } from 'node:fs';
import { TrtDslError } from '@trt-dsl/dsl';
import { openOnnxWeights } from '@trt-dsl/onnx-backend';
import { openWeights, type WeightsFile, weightsOf } from '@trt-dsl/weights';

/**
 * A checkpoint of any kind, or an ONNX file's initializers.
 * @param options aliases: whether those initializers are there by their modules' names too; false by default
 */
export function openTensors(path: string, { aliases = false }: { readonly aliases?: boolean } = {}): WeightsFile {
  const isOnnx = path.endsWith('.onnx') && existsSync(path) && statSync(path).isFile();
  return isOnnx ? weightsOf(openOnnxWeights(path, { aliases }), path) : openWeights(path);
}

/** The keys that fit a pattern in which `*` stands for anything; all of them without one. */
export function keysOf(file: WeightsFile, only: string | undefined): readonly string[] {
  if (only === undefined) return file.keys();
  const pattern = new RegExp(
    `^${only
      .split('*')
      .map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );
  const keys = file.keys().filter((key) => pattern.test(key));
  if (keys.length === 0) throw new TrtDslError('name', `${file.path}: no name fits --only ${only}`);
  return keys;
}
