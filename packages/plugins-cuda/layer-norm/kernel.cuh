// LayerNorm: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis. No TensorRT here.
#pragma once

#include <cuda_runtime_api.h>

#include "../common/types.h"

namespace trt_dsl {

struct LayerNormArguments {
  Type type;           // of x and y
  Type parameterType;  // of gamma and beta: float32, or `type`
  void const* x;       // [rows, hidden]
  void const* gamma;   // [hidden]
  void const* beta;    // [hidden]
  void* y;             // [rows, hidden]
  int64_t rows;
  int32_t hidden;
  float epsilon;
  int32_t variant = -1;  // -1: what suits; a NormSchedule is for the harness
};

cudaError_t layerNorm(LayerNormArguments const& arguments, cudaStream_t stream);

}  // namespace trt_dsl
