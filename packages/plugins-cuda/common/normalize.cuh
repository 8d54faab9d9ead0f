// Layer normalisation of rows, whatever a row is made of:
//
//   y = (x - mean(x)) / sqrt(variance(x) + epsilon) * gamma + beta
//
// A Source says where a row comes from; LayerNorm, SkipLayerNorm and EmbLayerNorm are three of them. It has
//   Element                     the type of what is read and written
//   kBlockFrom                  vectors of 16 bytes in a row from which a block has it, not a warp (normalize_launch.cuh)
//   Raw<N>                      what N neighbouring elements are read as, before any arithmetic
//   Place look(index)           which row is the index-th to be done, `.row`; reads what says where its data is, does not wait
//   At open(place)              what is needed to read the row
//   Raw<N> fetch<N>(at, column) reads what comes from far; zeros where the row has no data
//   ahead<N>(at, column, x)     makes a start with x from what many rows share, while the rest is under way
//   decode<N>(raw, x)           makes the floats of the row, with what `ahead` left in x
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

/** Every lane gets the sum over kLanes of them. */
template <int kLanes>
__device__ __forceinline__ float sumOfLanes(float x) {
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance >>= 1) x += __shfl_xor_sync(0xffffffffu, x, distance);
  return x;
}

/** Every thread of the block gets the sum. `scratch` has room for a float a warp; not in use when this is called. */
__device__ __forceinline__ float sumOfBlock(float x, float* scratch) {
  float const sum = sumOfLanes<32>(x);
  int const warps = blockDim.x >> 5;
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = sum;
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

/** What a row's sums are divided by. */
struct Divisor {
  float value;
  float inverse;  // 1 / value

  explicit Divisor(int x) : value(float(x)), inverse(1.0f / float(x)) {}

  /** sum / value to within an ulp, without the branches of a division; infinity of infinity. */
  __device__ __forceinline__ float divide(float sum) const {
    float const quotient = sum * inverse;
    float const rest = fmaf(-quotient, value, sum);
    return rest == rest ? fmaf(rest, inverse, quotient) : quotient;
  }
};

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
    return {loadPackOften<N>(gamma + column), loadPackOften<N>(beta + column)};
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

/** kLanes threads have a row of kLanes · kItems vectors, or of fewer unless kExact; all of it is asked for before any is used. */
template <typename Source, typename Parameter, int kLanes, int kItems, bool kExact>
__global__ void __launch_bounds__(kWarpRowThreads, kItems <= 4 ? 8 : 1)
    normalizeByWarp(Source source, Affine<Parameter> affine, typename Source::Element* y, int64_t rows, int hidden,
                    Divisor divisor, float epsilon, bool evictFirst) {
  constexpr int kVector = kVectorOf<typename Source::Element>;
  int const lane = threadIdx.x % kLanes;
  int64_t const index = int64_t(blockIdx.x) * (kWarpRowThreads / kLanes) + threadIdx.x / kLanes;
  int64_t const last = rows - 1;
  // A warp for two rows at once may have only one: the other half reads the last row again and stores nothing.
  if (index - threadIdx.x % 32 / kLanes > last) return;

  auto const place = source.look(min(index, last));
  auto const at = source.open(place);
  typename Source::template Raw<kVector> raw[kItems];
  float x[kItems][kVector];
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * kLanes + lane) * kVector;
    if (kExact || column < hidden) raw[i] = source.template fetch<kVector>(at, column);
  }
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * kLanes + lane) * kVector;
    if (kExact || column < hidden) source.template ahead<kVector>(at, column, x[i]);
  }

  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * kLanes + lane) * kVector;
    if (kExact || column < hidden) {
      source.template decode<kVector>(raw[i], x[i]);
      if (index <= last) source.template keep<kVector>(at, column, x[i]);
#pragma unroll
      for (int j = 0; j < kVector; ++j) sum += x[i][j];
    }
  }
  float const mean = divisor.divide(sumOfLanes<kLanes>(sum));

  float squares = 0.0f;
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    if (kExact || (i * kLanes + lane) * kVector < hidden) {
#pragma unroll
      for (int j = 0; j < kVector; ++j) {
        x[i][j] -= mean;
        squares = fmaf(x[i][j], x[i][j], squares);
      }
    }
  }
  float const scale = inverseSqrt(divisor.divide(sumOfLanes<kLanes>(squares)) + epsilon);

#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * kLanes + lane) * kVector;
    if (!kExact && column >= hidden) break;
    auto const parameters = affine.template fetch<kVector>(column);  // not earlier: more rows at once are worth more
    if (index > last) continue;
#pragma unroll
    for (int j = 0; j < kVector; ++j) x[i][j] *= scale;
    affine.template apply<kVector>(parameters, x[i]);
    float value = 0.0f;
    if (source.fill(at, value)) {
#pragma unroll
      for (int j = 0; j < kVector; ++j) x[i][j] = value;
    }
    storePack<kVector>(y + place.row * hidden + column, x[i], evictFirst);
  }
}

/** A row of at most kItems · (threads of the block) vectors; a block a row. */
template <typename Source, typename Parameter, int kItems>
__global__ void __launch_bounds__(kLargestBlock<typename Source::Element>)
    normalizeByBlock(Source source, Affine<Parameter> affine, typename Source::Element* y, int hidden, Divisor divisor,
                     float epsilon, bool evictFirst) {
  constexpr int kVector = kVectorOf<typename Source::Element>;
  __shared__ float scratch[2][32];
  int const threads = blockDim.x;
  int const thread = threadIdx.x;

  auto const place = source.look(blockIdx.x);
  auto const at = source.open(place);
  typename Source::template Raw<kVector> raw[kItems];
  float x[kItems][kVector];
  typename Affine<Parameter>::template Raw<kVector> parameters[kItems];
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * threads + thread) * kVector;
    if (column < hidden) raw[i] = source.template fetch<kVector>(at, column);
  }
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * threads + thread) * kVector;
    if (column < hidden) source.template ahead<kVector>(at, column, x[i]);
  }
  if constexpr (kItems == 1) {
    if (thread * kVector < hidden) parameters[0] = affine.template fetch<kVector>(thread * kVector);
  }

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
  float const mean = divisor.divide(sumOfBlock(sum, scratch[0]));

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
  float const scale = inverseSqrt(divisor.divide(sumOfBlock(squares, scratch[1])) + epsilon);

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
      storePack<kVector>(y + place.row * hidden + column, x[i], evictFirst);
    }
  }
}

/** Rows of any size and alignment, element by element, each read three times; a block a row. */
template <typename Source, typename Parameter>
__global__ void __launch_bounds__(kAnySizeThreads)
    normalizeAnySize(Source source, Affine<Parameter> affine, typename Source::Element* y, int hidden, Divisor divisor,
                     float epsilon) {
  __shared__ float scratch[2][32];
  auto const place = source.look(blockIdx.x);
  auto const at = source.open(place);
  float x[1];
  auto const read = [&](int column) {
    source.template ahead<1>(at, column, x);
    source.template decode<1>(source.template fetch<1>(at, column), x);
  };

  float sum = 0.0f;
  for (int column = threadIdx.x; column < hidden; column += kAnySizeThreads) {
    read(column);
    sum += x[0];
  }
  float const mean = divisor.divide(sumOfBlock(sum, scratch[0]));

  float squares = 0.0f;
  for (int column = threadIdx.x; column < hidden; column += kAnySizeThreads) {
    read(column);
    squares = fmaf(x[0] - mean, x[0] - mean, squares);
  }
  float const scale = inverseSqrt(divisor.divide(sumOfBlock(squares, scratch[1])) + epsilon);

  float value = 0.0f;
  bool const filled = source.fill(at, value);
  for (int column = threadIdx.x; column < hidden; column += kAnySizeThreads) {
    read(column);
    source.template keep<1>(at, column, x);
    x[0] = (x[0] - mean) * scale;
    affine.template apply<1>(affine.template fetch<1>(column), x);
    if (filled) x[0] = value;
    storePack<1>(y + place.row * hidden + column, x);
  }
}

}  // namespace trt_dsl
