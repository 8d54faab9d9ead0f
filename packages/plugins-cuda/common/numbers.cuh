// Numbers on the device: conversions to and from float, vectors as wide as one memory access.
#pragma once

#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace trt_dsl {

__device__ __forceinline__ float toFloat(float x) { return x; }
__device__ __forceinline__ float toFloat(__half x) { return __half2float(x); }
__device__ __forceinline__ float toFloat(__nv_bfloat16 x) { return __bfloat162float(x); }

/** Rounds to nearest even; what is too large becomes infinity. */
template <typename T>
__device__ __forceinline__ T fromFloat(float x);
template <>
__device__ __forceinline__ float fromFloat<float>(float x) {
  return x;
}
template <>
__device__ __forceinline__ __half fromFloat<__half>(float x) {
  return __float2half_rn(x);
}
template <>
__device__ __forceinline__ __nv_bfloat16 fromFloat<__nv_bfloat16>(float x) {
  return __float2bfloat16_rn(x);
}

/** N values side by side, moved with 16-byte accesses where they fill them. */
template <typename T, int N>
struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Pack {
  T values[N];
};

template <int N, typename T>
__device__ __forceinline__ Pack<T, N> loadPack(T const* from) {
  return *reinterpret_cast<Pack<T, N> const*>(from);
}

template <int N, typename T>
__device__ __forceinline__ void storePack(T* to, float const (&values)[N]) {
  Pack<T, N> pack;
#pragma unroll
  for (int i = 0; i < N; ++i) pack.values[i] = fromFloat<T>(values[i]);
  *reinterpret_cast<Pack<T, N>*>(to) = pack;
}

}  // namespace trt_dsl
