import { detectNaming, namesInFile } from '@trt-dsl/bert-model';
import type { Weights } from '@trt-dsl/dsl';
import { part, transposed, type WeightsFile } from '@trt-dsl/weights';
import { keysOf } from './open.ts';

/** A BERT checkpoint's tensors by the model's names, kernels as `[in, out]`; what is no weight of BERT is left out. */
export function bertTensors(file: WeightsFile, only: string | undefined): ReadonlyMap<string, Weights> {
  const naming = detectNaming(file.keys(), file.path);
  const wanted = new Set(keysOf(file, only));
  return new Map(
    namesInFile(naming, file).flatMap(({ path, source }) => {
      if (!wanted.has(source.key)) return [];
      const stored = file.get(source.key);
      const cut = source.part ? part(stored, source.part) : stored;
      return [[path, source.transpose ? transposed(cut) : cut] as const];
    }),
  );
}
