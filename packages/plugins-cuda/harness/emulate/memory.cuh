// common/memory.cuh on a CPU.
#pragma once

#include <cuda_runtime.h>

namespace trt_dsl {

inline uint4 loadOnce16(void const* from) {
  emulate::checkGlobal(from, 16);
  if (reinterpret_cast<uintptr_t>(from) % 16 != 0) emulate::fail("a 16-byte read that is not aligned");
  return *static_cast<uint4 const*>(from);
}

inline uint4 loadOften16(void const* from) { return loadOnce16(from); }

inline void storeEvictFirst16(void* to, uint4 v) { *static_cast<uint4*>(to) = v; }

}  // namespace trt_dsl
