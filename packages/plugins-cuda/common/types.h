// The data types the kernels know, as the C interface numbers them. No CUDA and no TensorRT here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trt_dsl {

enum class Type : int32_t { kFloat32 = 0, kFloat16 = 1, kBFloat16 = 2 };

/** How normalize.cuh's rows meet the device. */
enum class NormSchedule : int32_t {
  kWarp = 0,     // a warp, or half of one, a row
  kBlock = 1,    // a block a row
  kColumns = 2,  // embLayerNorm's own (columns.cuh); what that has no kernel for is done as with -1
};
constexpr int32_t kNormSchedules = 2;
constexpr int32_t kEmbSchedules = 3;

inline size_t sizeOf(Type type) { return type == Type::kFloat32 ? 4 : 2; }

}  // namespace trt_dsl
