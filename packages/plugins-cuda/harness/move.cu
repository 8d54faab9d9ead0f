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

template <int kPerThread>
__global__ void __launch_bounds__(kThreads)
    gather(uint4 const* table, int32_t const* ids, uint32_t all, uint32_t vectors, uint4* y, bool evictFirst) {
  uint32_t const first = blockIdx.x * uint32_t(kThreads * kPerThread) + threadIdx.x;
  int32_t id[kPerThread];
  uint4 v[kPerThread];
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) id[k] = ids[min(first + k * kThreads, all - 1) / vectors];
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) {
    uint32_t const i = min(first + k * kThreads, all - 1);
    v[k] = loadOnce16(table + int64_t(id[k]) * vectors + i % vectors);
  }
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) {
    uint32_t const i = first + k * kThreads;
    if (i < all && evictFirst) storeEvictFirst16(y + i, v[k]);
    if (i < all && !evictFirst) y[i] = v[k];
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

cudaError_t gatherRows(void const* table, int32_t const* ids, int64_t rows, int bytes, void* y, int variant,
                       cudaStream_t stream) {
  if (rows <= 0 || bytes <= 0 || bytes % 16 != 0 || rows * (bytes / 16) > INT32_MAX) return cudaErrorInvalidValue;
  if (variant < 0 || variant >= kGatherVariants) return cudaErrorInvalidValue;
  int const reads = variant % 4;
  uint32_t const all = uint32_t(rows * (bytes / 16));
  auto const kernel = reads == 0 ? gather<1> : reads == 1 ? gather<2> : reads == 2 ? gather<4> : gather<8>;
  kernel<<<(all + (kThreads << reads) - 1) / (kThreads << reads), kThreads, 0, stream>>>(
      static_cast<uint4 const*>(table), ids, all, uint32_t(bytes / 16), static_cast<uint4*>(y), variant >= 4);
  return cudaGetLastError();
}

}  // namespace trt_dsl
