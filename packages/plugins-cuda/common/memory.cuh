// 16 bytes of device memory at a time, with a word to the caches. The emulation has this file in plain C++.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace trt_dsl {

/** Of data that nothing writes while the kernel runs and that this multiprocessor does not read again: not kept in L1. */
__device__ __forceinline__ uint4 loadOnce16(void const* from) {
  uint4 v;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(from));
  return v;
}

/** The same pointer, which the compiler keeps in registers instead of computing it where it is used. */
template <typename T>
__device__ __forceinline__ T* opaque(T* pointer) {
  asm("" : "+l"(pointer));
  return pointer;
}

/** For loadKept16: the lines are the last to leave L2. */
__device__ __forceinline__ uint64_t keepInL2() {
  uint64_t policy;
  asm("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(policy));
  return policy;
}

/** As loadOnce16, with a word to L2. */
__device__ __forceinline__ uint4 loadKept16(void const* from, uint64_t policy) {
  uint4 v;
  asm volatile("ld.global.nc.L1::no_allocate.L2::cache_hint.v4.u32 {%0, %1, %2, %3}, [%4], %5;"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(from), "l"(policy));
  return v;
}

/** Of data that nothing writes while the kernel runs and that this multiprocessor reads for many rows: the last to leave L1. */
__device__ __forceinline__ uint4 loadOften16(void const* from) {
  uint4 v;
  asm volatile("ld.global.nc.L1::evict_last.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(from));
  return v;
}

/** The line is the first to leave L2 when room is needed. */
__device__ __forceinline__ void storeEvictFirst16(void* to, uint4 v) {
  asm volatile("st.global.cs.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(to), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w) : "memory");
}

}  // namespace trt_dsl
