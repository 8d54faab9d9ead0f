// Layer normalisation of rows, whatever a row is made of:
//
//   y = (x - mean(x)) / sqrt(variance(x) + epsilon) * gamma + beta
//
// A Source says where a row comes from; LayerNorm, SkipLayerNorm and EmbLayerNorm are three of them. It has
//   Element                     the type of what is read and written
//   Raw<N>                      what N neighbouring elements are read as, before any arithmetic
//   Place look(row)             reads what says where a row is, and does not wait for it
//   At open(row, place)         what is needed to read a row
//   Raw<N> fetch<N>(at, column) reads; zeros where the row has no data
//   decode<N>(raw, x)           makes floats of it
//   keep<N>(at, column, x)      called once for each element, to store x where somebody wants it
//   bool fill(at, value)        true if the whole row is to be `value` instead
//
// Statistics are float32 and take two passes over values that stay in registers: mean first, then the mean square of
// x - mean, so nothing cancels. Rows that fit are read once.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "numbers.cuh"

namespace trt_dsl {

constexpr int kWarpRowThreads = 128;  // of a block whose rows have a warp, or half a warp, each
constexpr int kAnySizeThreads = 256;

/** Elements a thread reads at a time: 16 bytes. */
template <typename Element>
constexpr int kVectorOf = int(16 / sizeof(Element));

/** Threads of a block that has one row. */
template <typename Element>
constexpr int kLargestBlock = sizeof(Element) == 4 ? 1024 : 512;

template <int kLanes>
__device__ __forceinline__ float sumOfLanes(float x) {
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance >>= 1) x += __shfl_xor_sync(0xffffffffu, x, distance);
  return x;
}

/** Every thread of the block gets the sum. `scratch` has room for a float a warp; not in use when this is called. */
__device__ __forceinline__ float sumOfBlock(float x, float* scratch) {
  x = sumOfLanes<32>(x);
  int const warps = blockDim.x >> 5;
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  __syncthreads();
  int const lane = threadIdx.x & 31;
  return sumOfLanes<32>(lane < warps ? scratch[lane] : 0.0f);
}

/** 1 / sqrt(x) to within an ulp: the approximation of two and one step of Newton's; 0 of infinity, infinity of 0. */
__device__ __forceinline__ float inverseSqrt(float x) {
  float const r = rsqrtf(x);
  float const rest = fmaf(-x * r, r, 1.0f);
  return rest == rest ? fmaf(0.5f * r, rest, r) : r;
}

template <typename Parameter>
struct Affine {
  Parameter const* gamma;
  Parameter const* beta;

  template <int N>
  struct Raw {
    Pack<Parameter, N> gamma;
    Pack<Parameter, N> beta;
  };

  template <int N>
  __device__ __forceinline__ Raw<N> fetch(int column) const {
    return {loadPack<N>(gamma + column), loadPack<N>(beta + column)};
  }

  template <int N>
  __device__ __forceinline__ static void apply(Raw<N> const& raw, float (&x)[N]) {
    float g[N];
    float b[N];
    widen(raw.gamma, g);
    widen(raw.beta, b);
#pragma unroll
    for (int i = 0; i < N; ++i) x[i] = fmaf(x[i], g[i], b[i]);
  }
};

/**
 * kLanes threads have a row of at most kLanes · kItems vectors, and take rows a grid apart until there are none.
 * kAhead: the next row is read before this one is reduced. kResident: gamma and beta stay in registers.
 */
template <typename Source, typename Parameter, int kLanes, int kItems, bool kAhead, bool kResident>
__global__ void __launch_bounds__(kWarpRowThreads)
    normalizeByWarp(Source source, Affine<Parameter> affine, typename Source::Element* y, int64_t rows, int hidden,
                    float epsilon, bool evictFirst) {
  constexpr int kVector = kVectorOf<typename Source::Element>;
  constexpr int kRowsPerBlock = kWarpRowThreads / kLanes;
  int const lane = threadIdx.x % kLanes;
  int64_t const apart = int64_t(gridDim.x) * kRowsPerBlock;
  int64_t row = int64_t(blockIdx.x) * kRowsPerBlock + threadIdx.x / kLanes;
  // A warp with two rows may have only one left: the other half reads the last row again and stores nothing.
  int64_t const rowInWarp = threadIdx.x % 32 / kLanes;
  int64_t const last = rows - 1;
  if (row - rowInWarp > last) return;

  auto place = source.look(min(row, last));
  auto at = source.open(min(row, last), place);
  typename Source::template Raw<kVector> raw[kItems];
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * kLanes + lane) * kVector;
    if (column < hidden) raw[i] = source.template fetch<kVector>(at, column);
  }
  if constexpr (kAhead) place = source.look(min(row + apart, last));
  typename Affine<Parameter>::template Raw<kVector> parameters[kItems];
  if constexpr (kResident) {
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      int const column = (i * kLanes + lane) * kVector;
      if (column < hidden) parameters[i] = affine.template fetch<kVector>(column);
    }
  }

  while (true) {
    bool const stored = row <= last;
    float x[kItems][kVector];
    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      int const column = (i * kLanes + lane) * kVector;
      if (column < hidden) {
        source.template decode<kVector>(raw[i], x[i]);
        if (stored) source.template keep<kVector>(at, column, x[i]);
#pragma unroll
        for (int j = 0; j < kVector; ++j) sum += x[i][j];
      }
    }
    float value = 0.0f;
    bool const filled = source.fill(at, value);

    int64_t const next = row + apart;
    bool const more = kAhead && next - rowInWarp <= last;
    if (more) {
      at = source.open(min(next, last), place);
#pragma unroll
      for (int i = 0; i < kItems; ++i) {
        int const column = (i * kLanes + lane) * kVector;
        if (column < hidden) raw[i] = source.template fetch<kVector>(at, column);
      }
      place = source.look(min(next + apart, last));
    }

    float const mean = sumOfLanes<kLanes>(sum) / float(hidden);
    float squares = 0.0f;
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      if ((i * kLanes + lane) * kVector < hidden) {
#pragma unroll
        for (int j = 0; j < kVector; ++j) {
          x[i][j] -= mean;
          squares = fmaf(x[i][j], x[i][j], squares);
        }
      }
    }
    float const scale = inverseSqrt(sumOfLanes<kLanes>(squares) / float(hidden) + epsilon);

#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      int const column = (i * kLanes + lane) * kVector;
      if (column < hidden && stored) {
        if constexpr (!kResident) parameters[i] = affine.template fetch<kVector>(column);
#pragma unroll
        for (int j = 0; j < kVector; ++j) x[i][j] *= scale;
        affine.template apply<kVector>(parameters[i], x[i]);
        if (filled) {
#pragma unroll
          for (int j = 0; j < kVector; ++j) x[i][j] = value;
        }
        storePack<kVector>(y + row * hidden + column, x[i], evictFirst);
      }
    }
    if (!more) return;
    row = next;
  }
}

/** A row of at most kItems · (threads of the block) vectors; a block a row. */
template <typename Source, typename Parameter, int kItems>
__global__ void __launch_bounds__(kLargestBlock<typename Source::Element>)
    normalizeByBlock(Source source, Affine<Parameter> affine, typename Source::Element* y, int hidden, float epsilon,
                     bool evictFirst) {
  constexpr int kVector = kVectorOf<typename Source::Element>;
  __shared__ float scratch[2][32];
  int const threads = blockDim.x;
  int const thread = threadIdx.x;
  int64_t const row = blockIdx.x;

  auto const at = source.open(row, source.look(row));
  typename Source::template Raw<kVector> raw[kItems];
  typename Affine<Parameter>::template Raw<kVector> parameters[kItems];
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * threads + thread) * kVector;
    if (column < hidden) raw[i] = source.template fetch<kVector>(at, column);
  }
  if constexpr (kItems == 1) {
    if (thread * kVector < hidden) parameters[0] = affine.template fetch<kVector>(thread * kVector);
  }

  float x[kItems][kVector];
  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * threads + thread) * kVector;
    if (column < hidden) {
      source.template decode<kVector>(raw[i], x[i]);
      source.template keep<kVector>(at, column, x[i]);
#pragma unroll
      for (int j = 0; j < kVector; ++j) sum += x[i][j];
    }
  }
  float const mean = sumOfBlock(sum, scratch[0]) / float(hidden);

  float squares = 0.0f;
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    if ((i * threads + thread) * kVector < hidden) {
#pragma unroll
      for (int j = 0; j < kVector; ++j) {
        x[i][j] -= mean;
        squares = fmaf(x[i][j], x[i][j], squares);
      }
    }
  }
  float const scale = inverseSqrt(sumOfBlock(squares, scratch[1]) / float(hidden) + epsilon);

  float value = 0.0f;
  bool const filled = source.fill(at, value);
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * threads + thread) * kVector;
    if (column < hidden) {
      if constexpr (kItems > 1) parameters[i] = affine.template fetch<kVector>(column);
#pragma unroll
      for (int j = 0; j < kVector; ++j) x[i][j] *= scale;
      affine.template apply<kVector>(parameters[i], x[i]);
      if (filled) {
#pragma unroll
        for (int j = 0; j < kVector; ++j) x[i][j] = value;
      }
      storePack<kVector>(y + row * hidden + column, x[i], evictFirst);
    }
  }
}

/** Rows of any size and alignment, element by element, each read three times; a block a row. */
template <typename Source, typename Parameter>
__global__ void __launch_bounds__(kAnySizeThreads)
    normalizeAnySize(Source source, Affine<Parameter> affine, typename Source::Element* y, int hidden, float epsilon) {
  __shared__ float scratch[2][32];
  int64_t const row = blockIdx.x;
  auto const at = source.open(row, source.look(row));
  float x[1];

  float sum = 0.0f;
  for (int column = threadIdx.x; column < hidden; column += kAnySizeThreads) {
    source.template decode<1>(source.template fetch<1>(at, column), x);
    sum += x[0];
  }
  float const mean = sumOfBlock(sum, scratch[0]) / float(hidden);

  float squares = 0.0f;
  for (int column = threadIdx.x; column < hidden; column += kAnySizeThreads) {
    source.template decode<1>(source.template fetch<1>(at, column), x);
    squares = fmaf(x[0] - mean, x[0] - mean, squares);
  }
  float const scale = inverseSqrt(sumOfBlock(squares, scratch[1]) / float(hidden) + epsilon);

  float value = 0.0f;
  bool const filled = source.fill(at, value);
  for (int column = threadIdx.x; column < hidden; column += kAnySizeThreads) {
    source.template decode<1>(source.template fetch<1>(at, column), x);
    source.template keep<1>(at, column, x);
    x[0] = (x[0] - mean) * scale;
    affine.template apply<1>(affine.template fetch<1>(column), x);
    if (filled) x[0] = value;
    storePack<1>(y + row * hidden + column, x);
  }
}

}  // namespace trt_dsl
