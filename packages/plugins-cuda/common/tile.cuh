// How a tile of 16-bit elements lies in shared memory so that eight lanes reading eight rows meet no bank conflict.
#pragma once

#include <cstdint>

namespace trt_dsl {

/**
 * Byte offset of 16-byte piece `piece` of row `row` in a tile whose rows have kColumns 16-bit elements, a multiple of 32.
 * The pieces of a row are permuted so that eight rows' pieces of the same number lie in different banks.
 */
template <int kColumns>
__device__ __forceinline__ uint32_t tileOffset(int row, int piece) {
  static_assert(kColumns % 32 == 0, "the permutation stays inside groups of four pieces, or of eight");
  int const permuted = kColumns % 64 == 0 ? piece ^ (row & 7) : piece ^ ((row >> 1) & 3);
  return uint32_t(row * kColumns * 2 + permuted * 16);
}

}  // namespace trt_dsl
