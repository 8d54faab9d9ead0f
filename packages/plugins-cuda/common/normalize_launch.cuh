// Which kernel of normalize.cuh for rows × hidden, and on how many blocks.
#pragma once

#include "normalize.cuh"
#include "types.h"

namespace trt_dsl {

inline bool aligned16(void const* pointer) { return reinterpret_cast<uintptr_t>(pointer) % 16 == 0; }

inline int deviceAttribute(cudaDeviceAttr attribute) {
  int device = 0;
  int value = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return 1;
  if (cudaDeviceGetAttribute(&value, attribute, device) != cudaSuccess) return 1;
  return value;
}

/** Rows to normalise, and how. */
template <typename Source, typename Parameter>
struct Normalization {
  Source source;
  Affine<Parameter> affine;
  typename Source::Element* y;
  int64_t rows;
  int hidden;
  float epsilon;
  cudaStream_t stream;
  bool evictFirst;  // y
};

template <int kLanes, int kItems, bool kAhead, bool kResident, typename Source, typename Parameter>
cudaError_t launchByWarp(Normalization<Source, Parameter> const& n) {
  auto const kernel = normalizeByWarp<Source, Parameter, kLanes, kItems, kAhead, kResident>;
  constexpr int kRowsPerBlock = kWarpRowThreads / kLanes;
  int64_t blocks = (n.rows + kRowsPerBlock - 1) / kRowsPerBlock;
  if constexpr (kAhead) {
    static int const blocksAtOnce = [&] {
      int count = 0;
      if (cudaOccupancyMaxActiveBlocksPerMultiprocessor(&count, kernel, kWarpRowThreads, 0) != cudaSuccess) count = 1;
      return max(1, count) * deviceAttribute(cudaDevAttrMultiProcessorCount);
    }();
    blocks = min(blocks, int64_t(blocksAtOnce));
  }
  kernel<<<unsigned(blocks), kWarpRowThreads, 0, n.stream>>>(n.source, n.affine, n.y, n.rows, n.hidden, n.epsilon, n.evictFirst);
  return cudaGetLastError();
}

template <int kLanes, int kItems, typename Source, typename Parameter>
cudaError_t launchByWarp(Normalization<Source, Parameter> const& n, NormSchedule schedule) {
  switch (schedule) {
    case NormSchedule::kAhead: return launchByWarp<kLanes, kItems, true, true>(n);
    case NormSchedule::kAheadLean: return launchByWarp<kLanes, kItems, true, false>(n);
    default: return launchByWarp<kLanes, kItems, false, true>(n);
  }
}

template <typename Source, typename Parameter>
cudaError_t launchByBlock(Normalization<Source, Parameter> const& n, int vectors) {
  int const items = vectors <= 512 ? 1 : 4;
  int const threads = ((vectors + items - 1) / items + 31) / 32 * 32;
  auto const kernel = items == 1 ? normalizeByBlock<Source, Parameter, 1> : normalizeByBlock<Source, Parameter, 4>;
  kernel<<<unsigned(n.rows), threads, 0, n.stream>>>(n.source, n.affine, n.y, n.hidden, n.epsilon, n.evictFirst);
  return cudaGetLastError();
}

/**
 * Launches the kernel that suits rows × hidden. `aligned` says that every pointer is aligned to 16 bytes. A hidden size
 * that is no multiple of 16 bytes, or is above 16384, takes the slow kernel. `variant` is -1, or a NormSchedule, plus
 * kNormEvictFirst to store y as what is not soon read again.
 */
template <typename Source, typename Parameter>
cudaError_t normalizeRows(Source const& source, Affine<Parameter> const& affine, typename Source::Element* y, int64_t rows,
                          int hidden, float epsilon, bool aligned, int variant, cudaStream_t stream) {
  using Element = typename Source::Element;
  if (rows < 0 || rows > INT32_MAX || hidden <= 0 || variant < -1 || variant >= kNormVariants) return cudaErrorInvalidValue;
  if (rows == 0) return cudaSuccess;
  aligned = aligned && aligned16(y) && aligned16(affine.gamma) && aligned16(affine.beta);
  int const vectors = hidden / kVectorOf<Element>;
  if (!aligned || hidden % kVectorOf<Element> != 0 || vectors > 4 * kLargestBlock<Element>) {
    auto const kernel = normalizeAnySize<Source, Parameter>;
    kernel<<<unsigned(rows), kAnySizeThreads, 0, stream>>>(source, affine, y, hidden, epsilon);
    return cudaGetLastError();
  }

  constexpr int kLongestByWarp = sizeof(Element) == 4 ? 256 : 128;
  int64_t const processors = deviceAttribute(cudaDevAttrMultiProcessorCount);
  NormSchedule schedule;
  bool evictFirst;
  if (variant >= 0) {
    schedule = NormSchedule(variant % kNormEvictFirst);
    evictFirst = variant >= kNormEvictFirst;
  } else {
    // A block a row ends sooner when there are too few rows to fill the device; a pipeline pays when there are many.
    schedule = rows < 8 * processors && vectors > 48 ? NormSchedule::kBlock
               : rows < 64 * processors             ? NormSchedule::kOnce
                                                    : NormSchedule::kAhead;
    evictFirst = 2 * rows * hidden * int64_t(sizeof(Element)) > deviceAttribute(cudaDevAttrL2CacheSize);
  }
  Normalization<Source, Parameter> const n{source, affine, y, rows, hidden, epsilon, stream, evictFirst};
  if (schedule == NormSchedule::kBlock || vectors > kLongestByWarp) return launchByBlock(n, vectors);
  if (vectors <= 48) return launchByWarp<16, 3>(n, schedule);
  if (vectors <= 96) return launchByWarp<32, 3>(n, schedule);
  if (vectors <= 128) return launchByWarp<32, 4>(n, schedule);
  if constexpr (sizeof(Element) == 4) {
    if (vectors <= 192) return launchByWarp<32, 6>(n, schedule);
    return launchByWarp<32, 8>(n, schedule);
  }
  return cudaErrorInvalidValue;
}

}  // namespace trt_dsl
