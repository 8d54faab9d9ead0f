// common/tensor_cores.cuh for the CPU, from the PTX ISA's tables.
#pragma once

#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace trt_dsl {

inline void copyAsync16(uint32_t to, void const* from, bool valid) {
  emulate::Copy copy{};
  copy.to = emulate::sharedAt(to, 16);
  if (reinterpret_cast<uintptr_t>(from) % 16 != 0 || to % 16 != 0) emulate::fail("a copy off its alignment");
  if (valid) {
    emulate::checkGlobal(from, 16);
    std::memcpy(copy.bytes, from, 16);
  }
  std::memset(copy.to, 0xFF, 16);  // under way: nobody may look
  emulate::block->current->open.push_back(copy);
}
inline void commitCopies() {
  auto& fiber = *emulate::block->current;
  fiber.groups.push_back(std::move(fiber.open));
  fiber.open.clear();
}
template <int kPending>
inline void waitForCopies() {
  auto& groups = emulate::block->current->groups;
  while (groups.size() > kPending) {
    for (auto const& copy : groups.front()) std::memcpy(copy.to, copy.bytes, 16);
    groups.erase(groups.begin());
  }
}

inline void loadMatricesAs(uint32_t (&r)[4], uint32_t from, bool transposed) {
  emulate::Slot slot{};
  slot.words[0] = from;
  int const lane = int(emulate::lane());
  emulate::exchange(slot, [&](emulate::Slot const* all) {
    for (int m = 0; m < 4; ++m) {
      uint16_t pair[2];
      for (int e = 0; e < 2; ++e) {
        int row = lane / 4;
        int column = 2 * (lane % 4) + e;
        if (transposed) std::swap(row, column);
        std::memcpy(&pair[e], emulate::sharedAt(all[8 * m + row].words[0] + 2 * column, 2), 2);
      }
      r[m] = uint32_t(pair[0]) | uint32_t(pair[1]) << 16;
    }
    return 0;
  });
}
inline void loadMatrices(uint32_t (&r)[4], uint32_t from) { loadMatricesAs(r, from, false); }
inline void loadMatricesTransposed(uint32_t (&r)[4], uint32_t from) { loadMatricesAs(r, from, true); }

inline float halfOf(uint32_t word, int which, __half const*) {
  uint16_t const bits = uint16_t(word >> (16 * which));
  __half x;
  std::memcpy(&x, &bits, 2);
  return __half2float(x);
}
inline float halfOf(uint32_t word, int which, __nv_bfloat16 const*) {
  return __bfloat162float({uint16_t(word >> (16 * which))});
}

template <typename T>
inline void multiplyAdd(float (&c)[4], uint32_t const (&a)[4], uint32_t b0, uint32_t b1) {
  emulate::Slot slot{{a[0], a[1], a[2], a[3], b0, b1}};
  int const lane = int(emulate::lane());
  T const* const type = nullptr;
  emulate::exchange(slot, [&](emulate::Slot const* all) {
    for (int e = 0; e < 4; ++e) {
      int const row = lane / 4 + 8 * (e / 2);
      int const column = 2 * (lane % 4) + e % 2;
      double sum = c[e];
      for (int k = 0; k < 16; ++k) {
        uint32_t const left = all[row % 8 * 4 + k % 8 / 2].words[row / 8 + 2 * (k / 8)];
        uint32_t const right = all[column * 4 + k % 8 / 2].words[4 + k / 8];
        sum += double(halfOf(left, k % 2, type)) * halfOf(right, k % 2, type);
      }
      c[e] = float(sum);
    }
    return 0;
  });
}

inline float exp2Fast(float x) { return std::exp2(x); }

template <typename T>
inline uint32_t roundPair(float low, float high);
template <>
inline uint32_t roundPair<__half>(float low, float high) {
  __half2 const pair = __floats2half2_rn(low, high);
  uint32_t bits;
  std::memcpy(&bits, &pair, 4);
  return bits;
}
template <>
inline uint32_t roundPair<__nv_bfloat16>(float low, float high) {
  __nv_bfloat162 const pair = __floats2bfloat162_rn(low, high);
  uint32_t bits;
  std::memcpy(&bits, &pair, 4);
  return bits;
}

}  // namespace trt_dsl
