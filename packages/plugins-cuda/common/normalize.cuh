// Layer normalisation of rows, whatever a row is made of:
//
//   y = (x - mean(x)) / sqrt(variance(x) + epsilon) * gamma + beta
//
// A Source says where a row comes from; LayerNorm, SkipLayerNorm and EmbLayerNorm are three of them. It has
//   Element                     the type of what is read and written
//   Raw<N>                      what N neighbouring elements are read as, before any arithmetic
//   At open(row)                what is needed to read a row
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

constexpr int kVector = 8;           // elements a thread reads at a time: 16 bytes of a half type
constexpr int kRowsPerBlock = 4;     // one warp each
constexpr int kLargestBlock = 512;
constexpr int kAnySizeThreads = 256;

__device__ __forceinline__ float sumOfWarp(float x) {
#pragma unroll
  for (int distance = 16; distance > 0; distance >>= 1) x += __shfl_xor_sync(0xffffffffu, x, distance);
  return x;
}

/** Every thread of the block gets the sum. `scratch` has room for a float a warp; not in use when this is called. */
__device__ __forceinline__ float sumOfBlock(float x, float* scratch) {
  x = sumOfWarp(x);
  int const warps = blockDim.x >> 5;
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  __syncthreads();
  int const lane = threadIdx.x & 31;
  return sumOfWarp(lane < warps ? scratch[lane] : 0.0f);
}

template <typename Parameter>
struct Affine {
  Parameter const* gamma;
  Parameter const* beta;

  template <int N>
  __device__ __forceinline__ void apply(int column, float (&x)[N]) const {
    Pack<Parameter, N> const g = loadPack<N>(gamma + column);
    Pack<Parameter, N> const b = loadPack<N>(beta + column);
#pragma unroll
    for (int i = 0; i < N; ++i) x[i] = fmaf(x[i], toFloat(g.values[i]), toFloat(b.values[i]));
  }
};

/** Rows of at most 8 · kItems · (threads a row has) elements, a multiple of 8. A row has a warp, or a block. */
template <typename Source, typename Parameter, int kItems, bool kBlockPerRow>
__global__ void __launch_bounds__(kBlockPerRow ? kLargestBlock : 32 * kRowsPerBlock)
    normalizeInRegisters(Source source, Affine<Parameter> affine, typename Source::Element* y, int64_t rows, int hidden,
                         float epsilon) {
  __shared__ float scratch[2][32];
  int const threads = kBlockPerRow ? blockDim.x : 32;
  int const thread = kBlockPerRow ? threadIdx.x : threadIdx.x & 31;
  int64_t const row = kBlockPerRow ? int64_t(blockIdx.x) : int64_t(blockIdx.x) * kRowsPerBlock + (threadIdx.x >> 5);
  if (row >= rows) return;

  auto const at = source.open(row);
  typename Source::template Raw<kVector> raw[kItems];
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * threads + thread) * kVector;
    if (column < hidden) raw[i] = source.template fetch<kVector>(at, column);
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
  float const mean = (kBlockPerRow ? sumOfBlock(sum, scratch[0]) : sumOfWarp(sum)) / float(hidden);

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
  float const variance = (kBlockPerRow ? sumOfBlock(squares, scratch[1]) : sumOfWarp(squares)) / float(hidden);
  float const scale = 1.0f / sqrtf(variance + epsilon);

  float value = 0.0f;
  bool const filled = source.fill(at, value);
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    int const column = (i * threads + thread) * kVector;
    if (column < hidden) {
#pragma unroll
      for (int j = 0; j < kVector; ++j) x[i][j] *= scale;
      affine.template apply<kVector>(column, x[i]);
      if (filled) {
#pragma unroll
        for (int j = 0; j < kVector; ++j) x[i][j] = value;
      }
      storePack<kVector>(y + row * hidden + column, x[i]);
    }
  }
}

/** Rows of any size and alignment, element by element, each read three times; a block a row. */
template <typename Source, typename Parameter>
__global__ void __launch_bounds__(kAnySizeThreads)
    normalizeAnySize(Source source, Affine<Parameter> affine, typename Source::Element* y, int hidden, float epsilon) {
  __shared__ float scratch[2][32];
  int64_t const row = blockIdx.x;
  auto const at = source.open(row);
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
  float const variance = sumOfBlock(squares, scratch[1]) / float(hidden);
  float const scale = 1.0f / sqrtf(variance + epsilon);

  float value = 0.0f;
  bool const filled = source.fill(at, value);
  for (int column = threadIdx.x; column < hidden; column += kAnySizeThreads) {
    source.template decode<1>(source.template fetch<1>(at, column), x);
    source.template keep<1>(at, column, x);
    x[0] = (x[0] - mean) * scale;
    affine.template apply<1>(column, x);
    if (filled) x[0] = value;
    storePack<1>(y + row * hidden + column, x);
  }
}

inline bool aligned16(void const* pointer) { return reinterpret_cast<uintptr_t>(pointer) % 16 == 0; }

inline int multiprocessors() {
  int device = 0;
  int count = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return 1;
  if (cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device) != cudaSuccess) return 1;
  return count;
}

/**
 * Launches the kernel that suits rows × hidden. `vectors` says that every pointer is aligned to 16 bytes; a hidden size
 * that is no multiple of 8, or is above 16384, takes the slow kernel.
 */
template <typename Source, typename Parameter>
cudaError_t normalizeRows(Source const& source, Affine<Parameter> const& affine, typename Source::Element* y, int64_t rows,
                          int hidden, float epsilon, bool vectors, cudaStream_t stream) {
  if (rows < 0 || rows > INT32_MAX || hidden <= 0) return cudaErrorInvalidValue;
  if (rows == 0) return cudaSuccess;
  vectors = vectors && aligned16(y) && aligned16(affine.gamma) && aligned16(affine.beta);
  int const reads = hidden / kVector;
  if (!vectors || hidden % kVector != 0 || reads > 4 * kLargestBlock) {
    normalizeAnySize<Source, Parameter>
        <<<unsigned(rows), kAnySizeThreads, 0, stream>>>(source, affine, y, hidden, epsilon);
    return cudaGetLastError();
  }

  // A warp a row moves the most bytes; a block a row ends sooner when there are too few rows to fill the device.
  bool const fewRows = rows < 8 * int64_t(multiprocessors());
  if (reads <= 4 * 32 && !(fewRows && reads > 32)) {
    unsigned const blocks = unsigned((rows + kRowsPerBlock - 1) / kRowsPerBlock);
    auto const launch = [&](auto kernel) {
      kernel<<<blocks, 32 * kRowsPerBlock, 0, stream>>>(source, affine, y, rows, hidden, epsilon);
    };
    switch ((reads + 31) / 32) {
      case 1: launch(normalizeInRegisters<Source, Parameter, 1, false>); break;
      case 2: launch(normalizeInRegisters<Source, Parameter, 2, false>); break;
      case 3: launch(normalizeInRegisters<Source, Parameter, 3, false>); break;
      default: launch(normalizeInRegisters<Source, Parameter, 4, false>); break;
    }
    return cudaGetLastError();
  }

  int const items = reads <= kLargestBlock ? 1 : 4;
  int const threads = ((reads + items - 1) / items + 31) / 32 * 32;
  auto const launch = [&](auto kernel) {
    kernel<<<unsigned(rows), threads, 0, stream>>>(source, affine, y, rows, hidden, epsilon);
  };
  if (items == 1) launch(normalizeInRegisters<Source, Parameter, 1, true>);
  else launch(normalizeInRegisters<Source, Parameter, 4, true>);
  return cudaGetLastError();
}

}  // namespace trt_dsl
