// The instructions the attention kernel is made of (compute capability 8.0 and later).
//
// Fragments, for lane l with g = l / 4 and t = l % 4 (PTX ISA, mma.m16n8k16):
//   A 16×16  a[0] = (g, 2t..2t+1)   a[1] = (g+8, 2t..)   a[2] = (g, 2t+8..)   a[3] = (g+8, 2t+8..)
//   B 16×8   b[0] = (2t..2t+1, g)   b[1] = (2t+8.., g)
//   C 16×8   c[0..1] = (g, 2t..2t+1)   c[2..3] = (g+8, 2t..2t+1)
#pragma once

#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace trt_dsl {

/** Copies 16 bytes to shared memory in the background, or zeros if `valid` is false; `from` is not read then. */
__device__ __forceinline__ void copyAsync16(uint32_t to, void const* from, bool valid) {
  int const bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}

__device__ __forceinline__ void commitCopies() { asm volatile("cp.async.commit_group;\n" ::: "memory"); }

/** Waits until at most `kPending` of this thread's committed groups are under way. */
template <int kPending>
__device__ __forceinline__ void waitForCopies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(kPending) : "memory");
}

/** Four 8×8 matrices of 16-bit elements; lane l names row l % 8 of matrix l / 8 and gets elements (l / 4, 2(l % 4)..). */
__device__ __forceinline__ void loadMatrices(uint32_t (&r)[4], uint32_t from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from)
               : "memory");
}

/** The same, each matrix transposed. */
__device__ __forceinline__ void loadMatricesTransposed(uint32_t (&r)[4], uint32_t from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from)
               : "memory");
}

/** c += a · b in float32. */
template <typename T>
__device__ __forceinline__ void multiplyAdd(float (&c)[4], uint32_t const (&a)[4], uint32_t b0, uint32_t b1);

template <>
__device__ __forceinline__ void multiplyAdd<__half>(float (&c)[4], uint32_t const (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

template <>
__device__ __forceinline__ void multiplyAdd<__nv_bfloat16>(float (&c)[4], uint32_t const (&a)[4], uint32_t b0,
                                                           uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};\n"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/** 2^x, good to two units in the last place; 0 for -inf. */
__device__ __forceinline__ float exp2Fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;\n" : "=f"(y) : "f"(x));
  return y;
}

/** Two floats rounded to T, the first in the low half. */
template <typename T>
__device__ __forceinline__ uint32_t roundPair(float low, float high);

template <>
__device__ __forceinline__ uint32_t roundPair<__half>(float low, float high) {
  __half2 const pair = __floats2half2_rn(low, high);
  return *reinterpret_cast<uint32_t const*>(&pair);
}

template <>
__device__ __forceinline__ uint32_t roundPair<__nv_bfloat16>(float low, float high) {
  __nv_bfloat162 const pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<uint32_t const*>(&pair);
}

}  // namespace trt_dsl
