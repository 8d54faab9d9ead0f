import type { FloatType, IndexType, Network, Operand, Tensor } from '@trt-dsl/dsl';

/**
 * Fused layers that may stand in for BERT's own: plugins, called like modules. `@trt-dsl/plugins-cuda` has one for each;
 * any subset will do. What is left out is written in ordinary layers. The last argument names the layer as its result is
 * named without the kernel, so that a calibration cache serves both graphs.
 */
export interface BertKernels {
  /** LayerNorm(x + skip), inputs `[…, hidden]`, gamma and beta `[hidden]` */
  readonly skipLayerNorm?: <D extends FloatType, R extends number>(
    net: Network,
    inputs: readonly [x: Tensor<D, R>, skip: Tensor<D, R>, gamma: Operand<FloatType, 1>, beta: Operand<FloatType, 1>],
    fields: { readonly epsilon: number },
    options: { readonly name: string },
  ) => Tensor<D, R>;
  /**
   * LayerNorm(word + token type + position) for ids `[batch, seq]`, or, with `positions: 'cu_seqlens'`, for packed ids
   * `[total]`
   */
  readonly embLayerNorm?: <I extends IndexType, D extends FloatType, R extends 1 | 2>(
    net: Network,
    inputs: readonly [
      ids: Tensor<I, R>,
      tokenTypes: Tensor<I, R>,
      wordTable: Tensor<D, 2>,
      positionTable: Tensor<D, 2>,
      tokenTypeTable: Tensor<D, 2>,
      gamma: Operand<FloatType, 1>,
      beta: Operand<FloatType, 1>,
      positions?: Tensor<IndexType>,
    ],
    fields: { readonly epsilon: number; readonly positions?: 'column' | 'position_ids' | 'cu_seqlens' },
    options: { readonly name: string },
  ) => Tensor<D, R extends 1 ? 2 : 3>;
  /** softmax(scale · Q Kᵀ) V from merged QKV `[batch, seq, 3 · hidden]` or, packed, `[total, 3 · hidden]` */
  readonly qkvToContext?: <D extends 'float16' | 'bfloat16', R extends 2 | 3>(
    net: Network,
    inputs: readonly [qkv: Tensor<D, R>, mask?: Tensor<'int32'>],
    fields: { readonly heads: number; readonly mask: 'none' | 'mask' | 'cu_seqlens' },
    options: { readonly name: string },
  ) => Tensor<D, R>;
}

/** Which tokens attention sees. */
export interface Mask<D extends FloatType> {
  /** added to the scores, `[batch, 1, 1, seq]`; for attention in ordinary layers */
  readonly bias?: Tensor<D, 4>;
  /** int32 for a kernel: `[batch, seq]` of 1 and 0, or `[batch + 1]` of where packed sequences begin and end */
  readonly keys?: Tensor<'int32'>;
  readonly kind: 'none' | 'mask' | 'cu_seqlens';
}

/** How modules are built, beyond what the weights need. */
export interface ModuleOptions {
  /** one matrix product for query, key and value instead of three; always so with a kernel for attention */
  readonly mergeQkv?: boolean;
  /**
   * the encoder works on `[seq, batch, hidden]`, in which heads are apart without a copy: the order in which TensorRT's
   * attention kernels read; false by default. Inputs and outputs of a model stay `[batch, seq, …]`
   */
  readonly sequenceFirst?: boolean;
  readonly kernels?: BertKernels;
}
