// SkipLayerNorm: s = x + skip (+ bias); y = LayerNorm(s). No TensorRT here.
#pragma once

#include <cuda_runtime_api.h>

#include "../common/types.h"

namespace trt_dsl {

struct SkipLayerNormArguments {
  Type type;           // of x, skip, bias, y and sum
  Type parameterType;  // of gamma and beta: float32, or `type`
  void const* x;       // [rows, hidden]
  void const* skip;    // [rows, hidden]
  void const* bias;    // [hidden], or null
  void const* gamma;   // [hidden]
  void const* beta;    // [hidden]
  void* y;             // [rows, hidden]
  void* sum;           // [rows, hidden], or null; s rounded to `type`. y is made of s before it is rounded
  int64_t rows;
  int32_t hidden;
  float epsilon;
  int32_t variant = -1;  // -1: what suits; a NormSchedule is for the harness
};

cudaError_t skipLayerNorm(SkipLayerNormArguments const& arguments, cudaStream_t stream);

}  // namespace trt_dsl
