// QKVToContext: context = softmax(scale · Q Kᵀ) V for every head, from a merged QKV. No TensorRT here.
#pragma once

#include <cuda_runtime_api.h>

#include "../common/types.h"

namespace trt_dsl {

/** Which keys a query sees. */
enum class KeyMask : int32_t {
  kNone = 0,       // all of its row of the batch
  kLengths = 1,    // the first lengths[b]; int32 [batch]
  kMask = 2,       // those whose mask is not 0; int32 [batch, sequence]
  kCuSeqlens = 3   // packed: those of its own sequence; int32 [batch + 1], ascending, from 0
};

struct QkvToContextArguments {
  Type type;         // float16 or bfloat16
  void const* qkv;   // [batch, sequence, 3, heads, headSize]; packed: [total, 3, heads, headSize]
  void* context;     // [batch, sequence, heads, headSize];    packed: [total, heads, headSize]
  KeyMask keyMask;
  int32_t const* mask;  // as keyMask says; null for kNone
  int32_t batch;
  int32_t sequence;     // packed: unused
  int32_t total;        // packed: the number of tokens; else unused
  int32_t heads;
  int32_t headSize;     // 32, 64, 96 or 128
  float scale;          // > 0
  int32_t variant;      // -1: choose by size; else a tile size, see variantCount()
};

/** A query that sees no key gives zeros, and so does a packed token from cuSeqlens[batch] on. */
cudaError_t qkvToContext(QkvToContextArguments const& arguments, cudaStream_t stream);

/** The tile sizes there are for one head size; any gives the right result, not the same speed. */
int32_t variantCount(int32_t headSize);

constexpr int32_t kMaxSequence = 4096;

}  // namespace trt_dsl
