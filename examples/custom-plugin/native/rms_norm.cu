// y = x / sqrt(mean(x^2) + epsilon) * gamma, a block of threads for each row. No TensorRT here.
#include "rms_norm.h"

#include <cuda_fp16.h>

namespace {

constexpr int kThreads = 256;

/** The sum over the block; every thread gets it. */
__device__ float sumOfBlock(float mine) {
  __shared__ float ofWarps[kThreads / 32];
  for (int distance = 16; distance > 0; distance /= 2) mine += __shfl_xor_sync(0xffffffffu, mine, distance);
  if (threadIdx.x % 32 == 0) ofWarps[threadIdx.x / 32] = mine;
  __syncthreads();
  float all = 0.0f;
  for (int warp = 0; warp < kThreads / 32; ++warp) all += ofWarps[warp];
  return all;
}

template <typename T>
__global__ void rmsNormRow(T const* x, float const* gamma, T* y, int hidden, float epsilon) {
  T const* const in = x + int64_t(blockIdx.x) * hidden;
  T* const out = y + int64_t(blockIdx.x) * hidden;
  float squares = 0.0f;
  for (int i = threadIdx.x; i < hidden; i += kThreads) squares += float(in[i]) * float(in[i]);
  float const factor = rsqrtf(sumOfBlock(squares) / float(hidden) + epsilon);
  for (int i = threadIdx.x; i < hidden; i += kThreads) out[i] = T(float(in[i]) * factor * gamma[i]);
}

}  // namespace

cudaError_t rmsNorm(bool half, void const* x, float const* gamma, void* y, int64_t rows, int hidden, float epsilon,
                    cudaStream_t stream) {
  if (rows == 0) return cudaSuccess;
  auto const launch = [&](auto type) {
    using T = decltype(type);
    rmsNormRow<<<unsigned(rows), kThreads, 0, stream>>>(static_cast<T const*>(x), gamma, static_cast<T*>(y), hidden, epsilon);
  };
  half ? launch(__half()) : launch(float());
  return cudaGetLastError();
}
