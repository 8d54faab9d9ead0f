#include "move.cuh"

#include "../common/memory.cuh"

namespace trt_dsl {
namespace {

constexpr int kThreads = 256;

template <int kPerThread>
__global__ void __launch_bounds__(kThreads) move(uint4 const* from, int64_t reads, uint4* to, int64_t writes) {
  int64_t const first = int64_t(blockIdx.x) * kThreads * kPerThread + threadIdx.x;
  uint4 a[kPerThread];
  uint4 b[kPerThread];
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) {
    int64_t const i = first + k * kThreads;
    a[k] = b[k] = make_uint4(1, 2, 3, 4);
    if (i < writes && i < reads) a[k] = loadOnce16(from + i);
    if (i < writes && i + writes < reads) b[k] = loadOnce16(from + i + writes);
  }
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) {
    int64_t const i = first + k * kThreads;
    if (i < writes) to[i] = make_uint4(a[k].x ^ b[k].x, a[k].y ^ b[k].y, a[k].z ^ b[k].z, a[k].w ^ b[k].w);
  }
}

}  // namespace

cudaError_t moveBytes(void const* from, int64_t reads, void* to, int64_t writes, int variant, cudaStream_t stream) {
  if (reads < 0 || writes <= 0 || reads > 2 * writes || reads % 16 != 0 || writes % 16 != 0) return cudaErrorInvalidValue;
  if (variant < 0 || variant >= kMoveVariants) return cudaErrorInvalidValue;
  int64_t const blocks = (writes / 16 + (kThreads << variant) - 1) / (kThreads << variant);
  auto const kernel = variant == 0 ? move<1> : variant == 1 ? move<2> : variant == 2 ? move<4> : move<8>;
  kernel<<<unsigned(blocks), kThreads, 0, stream>>>(static_cast<uint4 const*>(from), reads / 16, static_cast<uint4*>(to),
                                                    writes / 16);
  return cudaGetLastError();
}

}  // namespace trt_dsl
