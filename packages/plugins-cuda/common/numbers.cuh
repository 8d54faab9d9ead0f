// Numbers on the device: conversions to and from float, vectors as wide as one memory access.
#pragma once

#include <cstdint>
#include <type_traits>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "memory.cuh"

namespace trt_dsl {

/** N values side by side, in registers as in memory: two of a half type share one. Moved 16 bytes at a time where they fill them. */
template <typename T, int N>
struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Pack {
  static constexpr bool kWords = sizeof(T) * N % 4 == 0;
  using Part = std::conditional_t<kWords, uint32_t, T>;
  Part parts[kWords ? sizeof(T) * N / 4 : N];
};

template <int N, typename T>
__device__ __forceinline__ Pack<T, N> loadPack(T const* from) {
  return *reinterpret_cast<Pack<T, N> const*>(from);
}

template <int N, typename T>
__device__ __forceinline__ Pack<T, N> loadPackBy(uint4 (&load16)(void const*), T const* from) {
  if constexpr (sizeof(Pack<T, N>) == 16) {
    uint4 const v = load16(from);
    return {{v.x, v.y, v.z, v.w}};
  } else {
    return loadPack<N>(from);
  }
}

/** As loadPack, of data that is read once in the kernel and written by nobody meanwhile. */
template <int N, typename T>
__device__ __forceinline__ Pack<T, N> loadPackOnce(T const* from) {
  return loadPackBy<N>(loadOnce16, from);
}

/** As loadPack, of data that many rows need and that is written by nobody meanwhile. */
template <int N, typename T>
__device__ __forceinline__ Pack<T, N> loadPackOften(T const* from) {
  return loadPackBy<N>(loadOften16, from);
}

template <int N>
__device__ __forceinline__ void widen(Pack<float, N> const& pack, float (&x)[N]) {
#pragma unroll
  for (int i = 0; i < N; ++i) x[i] = __uint_as_float(pack.parts[i]);
}
template <int N>
__device__ __forceinline__ void widen(Pack<__half, N> const& pack, float (&x)[N]) {
  if constexpr (N == 1) {
    x[0] = __half2float(pack.parts[0]);
  } else {
#pragma unroll
    for (int i = 0; i < N / 2; ++i) {
      float2 const two = __half22float2(*reinterpret_cast<__half2 const*>(&pack.parts[i]));
      x[2 * i] = two.x;
      x[2 * i + 1] = two.y;
    }
  }
}
template <int N>
__device__ __forceinline__ void widen(Pack<__nv_bfloat16, N> const& pack, float (&x)[N]) {
  if constexpr (N == 1) {
    x[0] = __bfloat162float(pack.parts[0]);
  } else {
#pragma unroll
    for (int i = 0; i < N / 2; ++i) {
      x[2 * i] = __uint_as_float(pack.parts[i] << 16);
      x[2 * i + 1] = __uint_as_float(pack.parts[i] & 0xffff0000u);
    }
  }
}

/** Rounds to nearest even; what is too large becomes infinity. */
template <int N>
__device__ __forceinline__ void narrow(float const (&x)[N], Pack<float, N>& pack) {
#pragma unroll
  for (int i = 0; i < N; ++i) pack.parts[i] = __float_as_uint(x[i]);
}
template <int N>
__device__ __forceinline__ void narrow(float const (&x)[N], Pack<__half, N>& pack) {
  if constexpr (N == 1) {
    pack.parts[0] = __float2half_rn(x[0]);
  } else {
#pragma unroll
    for (int i = 0; i < N / 2; ++i) {
      __half2 const two = __floats2half2_rn(x[2 * i], x[2 * i + 1]);
      pack.parts[i] = *reinterpret_cast<uint32_t const*>(&two);
    }
  }
}
template <int N>
__device__ __forceinline__ void narrow(float const (&x)[N], Pack<__nv_bfloat16, N>& pack) {
  if constexpr (N == 1) {
    pack.parts[0] = __float2bfloat16_rn(x[0]);
  } else {
#pragma unroll
    for (int i = 0; i < N / 2; ++i) {
      __nv_bfloat162 const two = __floats2bfloat162_rn(x[2 * i], x[2 * i + 1]);
      pack.parts[i] = *reinterpret_cast<uint32_t const*>(&two);
    }
  }
}

/** Rounds to T and stores; with `evictFirst`, as what is not soon read again. */
template <int N, typename T>
__device__ __forceinline__ void storePack(T* to, float const (&x)[N], bool evictFirst = false) {
  Pack<T, N> pack;
  narrow(x, pack);
  if constexpr (sizeof pack == 16) {
    if (evictFirst) {
      storeEvictFirst16(to, make_uint4(pack.parts[0], pack.parts[1], pack.parts[2], pack.parts[3]));
      return;
    }
  }
  *reinterpret_cast<Pack<T, N>*>(to) = pack;
}

}  // namespace trt_dsl
