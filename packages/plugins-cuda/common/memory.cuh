// 16 bytes of device memory at a time, with a word to the caches. The emulation has this file in plain C++.
#pragma once

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
