#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

/** x, y: [rows, hidden], float16 if `half`, else float32; gamma: [hidden], float32. */
cudaError_t rmsNorm(bool half, void const* x, float const* gamma, void* y, int64_t rows, int hidden, float epsilon,
                    cudaStream_t stream);
