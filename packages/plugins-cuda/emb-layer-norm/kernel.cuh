// EmbLayerNorm: y = LayerNorm(word[id] + position[p] + tokenType[t]). No TensorRT here.
#pragma once

#include <cuda_runtime_api.h>

#include "../common/types.h"

namespace trt_dsl {

/** Where a token's position comes from. */
enum class PositionSource : int32_t {
  kColumn = 0,      // its index in its row of [batch, sequence]
  kCuSeqlens = 1,   // packed tokens [total]: its distance from the start of its sequence
  kPositionIds = 2  // an input of its own
};

struct EmbLayerNormArguments {
  Type type;           // of the tables and y
  Type parameterType;  // of gamma and beta: float32, or `type`
  bool wideIds;        // ids, token types and position ids are int64, not int32
  void const* ids;         // [tokens]
  void const* tokenTypes;  // [tokens]
  void const* positions;   // kColumn: null; kCuSeqlens: int32 [batch + 1]; kPositionIds: [tokens]
  PositionSource positionSource;
  void const* wordTable;       // [words, hidden]
  void const* positionTable;   // [positionCount, hidden]
  void const* tokenTypeTable;  // [tokenTypeCount, hidden]
  void const* gamma;           // [hidden]
  void const* beta;            // [hidden]
  void* y;                     // [tokens, hidden]
  int64_t tokens;
  int32_t sequence;  // kColumn: the length of a row
  int32_t batch;     // kCuSeqlens: the number of sequences
  int32_t words;
  int32_t positionCount;
  int32_t tokenTypeCount;
  int32_t hidden;
  float epsilon;
  int32_t variant = -1;  // -1: what suits; else a NormSchedule, for the harness
};

/**
 * An id, token type or position outside its table makes that token's row NaN; nothing outside a table is read. Tokens
 * from cuSeqlens[batch] on belong to no sequence: their rows are zeros.
 */
cudaError_t embLayerNorm(EmbLayerNormArguments const& arguments, cudaStream_t stream);

}  // namespace trt_dsl
