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

/** Whether they take more than half of the L2 cache. */
template <typename Element>
bool isLarge(int64_t rows, int hidden) {
  return 2 * rows * hidden * int64_t(sizeof(Element)) > deviceAttribute(cudaDevAttrL2CacheSize);
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

template <int kLanes, int kItems, bool kExact, typename Source, typename Parameter>
cudaError_t launchByWarp(Normalization<Source, Parameter> const& n) {
  auto const kernel = normalizeByWarp<Source, Parameter, kLanes, kItems, kExact>;
  constexpr int kRowsPerBlock = kWarpRowThreads / kLanes;
  int64_t const blocks = (n.rows + kRowsPerBlock - 1) / kRowsPerBlock;
  kernel<<<unsigned(blocks), kWarpRowThreads, 0, n.stream>>>(n.source, n.affine, n.y, n.rows, n.hidden, Divisor(n.hidden),
                                                        n.epsilon, n.evictFirst);
  return cudaGetLastError();
}

template <typename Source, typename Parameter>
cudaError_t launchByBlock(Normalization<Source, Parameter> const& n, int vectors) {
  int const items = vectors <= 512 ? 1 : 4;
  int const threads = ((vectors + items - 1) / items + 31) / 32 * 32;
  auto const kernel = items == 1 ? normalizeByBlock<Source, Parameter, 1> : normalizeByBlock<Source, Parameter, 4>;
  kernel<<<unsigned(n.rows), threads, 0, n.stream>>>(n.source, n.affine, n.y, n.hidden, Divisor(n.hidden),
                                                        n.epsilon, n.evictFirst);
  return cudaGetLastError();
}

/** The most vectors in a row that a warp can have. */
template <typename Element>
constexpr int kLongestByWarp = sizeof(Element) == 4 ? 256 : 128;

/**
 * Launches the kernel that suits rows × hidden. `aligned` says that every pointer is aligned to 16 bytes. A hidden size
 * that is no multiple of 16 bytes, or is above 16384, takes the slow kernel. `variant` is -1, or a NormSchedule.
 *
 * What suits was measured on an H200 (bench/results/plugins-kernels.json). Two rows a warp were slower and are gone, and so
 * are persistent warps that read rows ahead, but where they also share what they add to a row (../emb-layer-norm/columns.cuh).
 * The table:
 *
 *   fewer vectors than Source::kBlockFrom  a warp has a row, half a warp one of up to 48 vectors
 *   more                                   a block has a row
 *   y above half of the L2 cache           is stored evict-first: 3 to 10 % faster. A smaller y gains as much while all comes
 *                                          from memory, but what follows in a network reads it and should find it in L2
 */
template <typename Source, typename Parameter>
cudaError_t normalizeRows(Source const& source, Affine<Parameter> const& affine, typename Source::Element* y, int64_t rows,
                          int hidden, float epsilon, bool aligned, int variant, cudaStream_t stream) {
  using Element = typename Source::Element;
  if (rows < 0 || rows > INT32_MAX || hidden <= 0 || variant < -1 || variant >= kNormSchedules) return cudaErrorInvalidValue;
  if (rows == 0) return cudaSuccess;
  aligned = aligned && aligned16(y) && aligned16(affine.gamma) && aligned16(affine.beta);
  int const vectors = hidden / kVectorOf<Element>;
  if (!aligned || hidden % kVectorOf<Element> != 0 || vectors > 4 * kLargestBlock<Element>) {
    auto const kernel = normalizeAnySize<Source, Parameter>;
    kernel<<<unsigned(rows), kAnySizeThreads, 0, stream>>>(source, affine, y, hidden, Divisor(hidden), epsilon);
    return cudaGetLastError();
  }

  NormSchedule const schedule = variant >= 0                    ? NormSchedule(variant)
                                : vectors >= Source::kBlockFrom ? NormSchedule::kBlock
                                                                : NormSchedule::kWarp;
  Normalization<Source, Parameter> const n{source, affine, y, rows, hidden, epsilon, stream, isLarge<Element>(rows, hidden)};
  if (schedule == NormSchedule::kBlock || vectors > kLongestByWarp<Element>) return launchByBlock(n, vectors);
  if (vectors == 48) return launchByWarp<16, 3, true>(n);
  if (vectors == 96) return launchByWarp<32, 3, true>(n);
  if (vectors == 128) return launchByWarp<32, 4, true>(n);
  if (vectors < 48) return launchByWarp<16, 3, false>(n);
  if (vectors < 128) return launchByWarp<32, 4, false>(n);
  if constexpr (sizeof(Element) == 4) {
    if (vectors == 192) return launchByWarp<32, 6, true>(n);
    if (vectors == 256) return launchByWarp<32, 8, true>(n);
    return launchByWarp<32, 8, false>(n);
  }
  return cudaErrorInvalidValue;
}

}  // namespace trt_dsl
