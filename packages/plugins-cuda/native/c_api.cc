// The kernels as plain C functions, for tests and benchmarks that have no TensorRT (harness/, through ctypes).
// Types are trt_dsl::Type's numbers; each returns a cudaError_t.
#include <cuda_runtime_api.h>

#include "../emb-layer-norm/kernel.cuh"
#include "../harness/move.cuh"
#include "../layer-norm/kernel.cuh"
#include "../qkv-to-context/kernel.cuh"
#include "../skip-layer-norm/kernel.cuh"

#define TRT_DSL_EXPORT extern "C" __attribute__((visibility("default")))

using trt_dsl::Type;

TRT_DSL_EXPORT int trt_dsl_layer_norm(int type, int parameterType, void const* x, void const* gamma, void const* beta,
                                      void* y, int64_t rows, int hidden, float epsilon, int variant, cudaStream_t stream) {
  return trt_dsl::layerNorm({Type(type), Type(parameterType), x, gamma, beta, y, rows, hidden, epsilon, variant}, stream);
}

TRT_DSL_EXPORT int trt_dsl_skip_layer_norm(int type, int parameterType, void const* x, void const* skip, void const* bias,
                                           void const* gamma, void const* beta, void* y, void* sum, int64_t rows,
                                           int hidden, float epsilon, int variant, cudaStream_t stream) {
  return trt_dsl::skipLayerNorm(
      {Type(type), Type(parameterType), x, skip, bias, gamma, beta, y, sum, rows, hidden, epsilon, variant}, stream);
}

TRT_DSL_EXPORT int trt_dsl_emb_layer_norm(int type, int parameterType, int wideIds, void const* ids, void const* tokenTypes,
                                          void const* positions, int positionSource, void const* wordTable,
                                          void const* positionTable, void const* tokenTypeTable, void const* gamma,
                                          void const* beta, void* y, int64_t tokens, int sequence, int batch, int words,
                                          int positionCount, int tokenTypeCount, int hidden, float epsilon,
                                          int variant, cudaStream_t stream) {
  return trt_dsl::embLayerNorm(
      {Type(type), Type(parameterType), wideIds != 0, ids, tokenTypes, positions, trt_dsl::PositionSource(positionSource),
       wordTable, positionTable, tokenTypeTable, gamma, beta, y, tokens, sequence, batch, words, positionCount,
       tokenTypeCount, hidden, epsilon, variant},
      stream);
}

TRT_DSL_EXPORT int trt_dsl_qkv_to_context(int type, void const* qkv, void* context, int keyMask, void const* mask, int batch,
                                          int sequence, int total, int heads, int headSize, float scale, int variant,
                                          cudaStream_t stream) {
  return trt_dsl::qkvToContext({Type(type), qkv, context, trt_dsl::KeyMask(keyMask), static_cast<int32_t const*>(mask),
                                batch, sequence, total, heads, headSize, scale, variant},
                               stream);
}

TRT_DSL_EXPORT int trt_dsl_qkv_to_context_variants(int headSize) { return trt_dsl::variantCount(headSize); }

TRT_DSL_EXPORT int trt_dsl_norm_schedules() { return trt_dsl::kNormSchedules; }

TRT_DSL_EXPORT int trt_dsl_emb_schedules() { return trt_dsl::kEmbSchedules; }

TRT_DSL_EXPORT int trt_dsl_move(void const* from, int64_t reads, void* to, int64_t writes, int variant, cudaStream_t stream) {
  return trt_dsl::moveBytes(from, reads, to, writes, variant, stream);
}

TRT_DSL_EXPORT int trt_dsl_move_variants() { return trt_dsl::kMoveVariants; }

TRT_DSL_EXPORT int trt_dsl_gather(void const* table, int32_t const* ids, int64_t rows, int bytes, void* y, int variant,
                                  cudaStream_t stream) {
  return trt_dsl::gatherRows(table, ids, rows, bytes, y, variant, stream);
}

TRT_DSL_EXPORT int trt_dsl_gather_variants() { return trt_dsl::kGatherVariants; }

TRT_DSL_EXPORT char const* trt_dsl_error(int code) { return cudaGetErrorString(cudaError_t(code)); }
