import type { RecipeName } from '@trt-dsl/dsl';
import { type BackendVersion, formatBackend } from './backends.ts';
import type { QuantizedPrecision } from './model.ts';

/** A recipe, and why it is the one. */
interface Default {
  readonly recipe: RecipeName;
  readonly why: string;
}

/** What builds an engine: ONNX Runtime, or a product in the binding's words; `nothing` where a network is only shown. */
type Builder = 'onnx' | 'trt10' | 'trt11' | 'rtx' | 'nothing';

const fast: Default = { recipe: 'gemm', why: 'it is the faster by far; with --smooth it loses as little as accurate' };
const fp8: Default = { recipe: 'gemm', why: 'float8 has room for the outliers that accurate is for' };

/** The recipe where none is named. */
const defaults: Readonly<Record<QuantizedPrecision, Readonly<Record<Builder, Default>>>> = {
  int8: {
    onnx: { recipe: 'accurate', why: 'it loses least' },
    // packages/dsl/src/quantize/README.md has what TensorRT 10.6 makes of both.
    trt10: fast,
    trt11: fast,
    rtx: fast,
    nothing: { recipe: 'gemm', why: 'every backend runs it' },
  },
  fp8: { onnx: fp8, trt10: fp8, trt11: fp8, rtx: fp8, nothing: fp8 },
};

/**
 * The recipe of a network that none was named for.
 * @param backend what will build it, or null
 * @returns the recipe, and a note for whoever named none
 */
export function defaultRecipe(
  precision: QuantizedPrecision,
  backend: BackendVersion | null,
): { readonly recipe: RecipeName; readonly note: string } {
  const builder = (backend ? backend.product || backend.name : 'nothing') as Builder;
  const { recipe, why } = defaults[precision][builder];
  const where = backend ? ` with ${formatBackend(backend)}` : '';
  return { recipe, note: `recipe: ${recipe}, the default for ${precision}${where}: ${why}; --recipe names another` };
}
