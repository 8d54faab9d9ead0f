import type { RecipeName } from '@trt-dsl/dsl';
import type { Precision, QuantizedPrecision } from './model.ts';
import type { NetworkSettings } from './network.ts';

/**
 * The greatest relative L2 distance to float32 that `compare` lets pass, where the reference does not compute in the
 * engine's type itself.
 */
export const limits: Readonly<Record<Precision, number>> = { fp32: 1e-5, fp16: 1e-2, bf16: 8e-2 };

/** A half type may differ by so many times what the reference itself loses in that type. */
export const timesOwnError = 1.2;

/**
 * The same for products in int8 and fp8, by recipe: twice what the recipe costs the embeddings of all-MiniLM-L6-v2's 208
 * sentences (`bench/results/quantize-minilm.json`, by the usual calibrator), √(2 − 2 · mean cosine). Twice, because an
 * embedding is a mean over its sentence: of single tokens, ids at random, the same networks lose 1.4 to 1.7 times as much. A
 * recipe that the file has not is at most as far as the next that quantizes more. limits.test.ts holds both files against it.
 * BERT-large with random weights comes near: in fp8 by recipe gemm its logits are 0.125 from those in float16 (h200-quantize.json).
 */
export const quantizedLimits: Readonly<Record<QuantizedPrecision, Readonly<Record<RecipeName, number>>>> = {
  int8: { accurate: 0.21, gemm: 0.32, residual: 0.39, full: 0.39 },
  fp8: { accurate: 0.13, gemm: 0.13, residual: 0.18, full: 0.18 },
};

/** The limit where no `--tolerance` is named. @param own what the reference itself loses in the engine's type, or null */
export function limitOf(
  { precision, quantization }: Pick<NetworkSettings, 'precision' | 'quantization'>,
  own: number | null,
): number {
  if (quantization) return quantizedLimits[precision as QuantizedPrecision][quantization.recipe];
  return own === null ? limits[precision as Precision] : timesOwnError * own;
}
