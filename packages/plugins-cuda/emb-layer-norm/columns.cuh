// EmbLayerNorm down the columns of [batch, sequence], positions by column: a warp has a run of tokens of one position, so
// that position + token type is made once and kept in shared memory until one of the two changes, as floats like gamma and
// beta there. While a row is normalised the next one's word row is on its way. One wave of blocks does all runs.
//
// For rows of 48 or 96 vectors of a half type, which half a warp or a warp has, three a thread.
#pragma once

#include "embeddings.cuh"

namespace trt_dsl {

/** Steps in column order are split into runs of `shorter`, the first `longer` of them have one more. */
struct Runs {
  uint32_t shorter;
  uint32_t longer;

  /** In all `steps`, over `runs`. */
  Runs(int64_t steps, int64_t runs) : shorter(uint32_t(steps / runs)), longer(uint32_t(steps % runs)) {}
  __device__ __forceinline__ uint32_t start(uint32_t run) const { return run * shorter + min(run, longer); }
};

constexpr int kRunThreads = 128;
constexpr int kRunWarps = kRunThreads / 32;
constexpr int kRunItems = 3;   // vectors of a row that a thread has
constexpr int kRunBlocks = 8;  // of a multiprocessor, by their registers: 64 a thread

/** Rows that a warp does at once, a step. */
template <int kLanes>
constexpr int kStepRows = 32 / kLanes;

/** What a warp needs to know of a token, the same for all of its lanes. */
struct alignas(16) Step {
  int row;  // ~row: something is outside its table
  int position;
  int tokenType;
  int nextWord;  // of the row after this one
};

/** What a block keeps, vectors as floats in two halves: neighbouring lanes' 16 bytes are neighbours, and no bank has two. */
template <int kVectors>
struct Kept {
  Step steps[kRunThreads];  // 32 a warp
  float4 gamma[2][kVectors];
  float4 beta[2][kVectors];
  float4 common[kRunItems][2][kRunThreads];  // position + token type, each thread's own
};

/** A vector whose halves are kApart float4s apart. */
template <int kApart>
__device__ __forceinline__ void putVector(float4* to, float const (&x)[8]) {
  to[0] = make_float4(x[0], x[1], x[2], x[3]);
  to[kApart] = make_float4(x[4], x[5], x[6], x[7]);
}
template <int kApart>
__device__ __forceinline__ void getVector(float4 const* from, float (&x)[8]) {
  float4 const a = from[0];
  float4 const b = from[kApart];
  x[0] = a.x, x[1] = a.y, x[2] = a.z, x[3] = a.w;
  x[4] = b.x, x[5] = b.y, x[6] = b.z, x[7] = b.w;
}

/** kLanes threads have a row of kLanes · kRunItems vectors. */
template <typename T, typename Parameter, int kLanes>
__global__ void __launch_bounds__(kRunThreads, kRunBlocks)
    normalizeColumns(Embeddings<T> source, Affine<Parameter> affine, T* y, Runs runs, Divisor divisor, float epsilon,
                     bool evictFirst) {
  constexpr int kVector = kVectorOf<T>;
  constexpr int kVectors = kLanes * kRunItems;
  constexpr int kHidden = kVectors * kVector;
  constexpr int kRows = kStepRows<kLanes>;
  static_assert(kVectors <= kRunThreads, "a thread fetches at most a vector of gamma and beta");
  __shared__ Kept<kVectors> kept;

  int const thread = threadIdx.x;
  int const warpLane = thread % 32;
  int const lane = warpLane % kLanes;
  int const inStep = warpLane / kLanes;
  Step* const steps = kept.steps + thread / 32 * 32;
  uint32_t const run = blockIdx.x * kRunWarps + thread / 32;
  uint32_t const tokens = uint32_t(source.batch) * uint32_t(source.sequence);
  uint32_t const end = min(tokens, runs.start(run + 1) * kRows);
  T const* const words = source.wordTable + lane * kVector;
  T* const out = y + lane * kVector;

  float4 const* const gamma = kept.gamma[0] + lane;
  float4 const* const beta = kept.beta[0] + lane;
  float4* const common = kept.common[0][0] + thread;

  Pack<T, kVector> raw[kRunItems];
  auto const fetch = [&](int word) {
    T const* const from = words + int64_t(word) * kHidden;
#pragma unroll
    for (int i = 0; i < kRunItems; ++i) raw[i] = loadPackOnce<kVector>(from + i * kLanes * kVector);
  };
  // Each lane looks at one of the run's next 32 tokens; beyond its end, at the last.
  auto const ask = [&](uint32_t from) {
    Column const mine = source.lookDown(min(from + warpLane, end - 1));
    int const nextWord = __shfl_sync(0xffffffffu, mine.word, min(warpLane + kRows, 31));
    __syncwarp();
    steps[warpLane] = {mine.good ? mine.row : ~mine.row, mine.position, mine.tokenType, nextWord};
    fetch(__shfl_sync(0xffffffffu, mine.word, inStep));
    __syncwarp();
  };
  uint32_t from = runs.start(run) * kRows;
  ask(from);
  // While the first row is on its way.
  if (thread < kVectors) {
    auto const parameters = affine.template fetch<kVector>(thread * kVector);
    float g[kVector];
    float b[kVector];
    widen(parameters.gamma, g);
    widen(parameters.beta, b);
    putVector<kVectors>(kept.gamma[0] + thread, g);
    putVector<kVectors>(kept.beta[0] + thread, b);
  }
  __syncthreads();

  int atPosition = -1;
  int atTokenType = -1;
  while (true) {
    Step const* const stop = steps + (from < end ? min(32u, end - from) : 0);
    for (Step const* at = steps + inStep; at - inStep < stop; at += kRows) {
      Step const step = *at;
      if (step.position != atPosition || step.tokenType != atTokenType) {
        atPosition = step.position;
        atTokenType = step.tokenType;
        auto const rows = source.shared(step.position, step.tokenType);
#pragma unroll
        for (int i = 0; i < kRunItems; ++i) {
          float x[kVector];
          source.template ahead<kVector>(rows, (i * kLanes + lane) * kVector, x);
          putVector<kRunThreads>(common + i * 2 * kRunThreads, x);
        }
      }

      float x[kRunItems][kVector];
      float sum = 0.0f;
#pragma unroll
      for (int i = 0; i < kRunItems; ++i) {
        getVector<kRunThreads>(common + i * 2 * kRunThreads, x[i]);
        source.template decode<kVector>(raw[i], x[i]);
#pragma unroll
        for (int j = 0; j < kVector; ++j) sum += x[i][j];
      }
      if (at - inStep + kRows < stop) fetch(step.nextWord);

      float const mean = divisor.divide(sumOfLanes<kLanes>(sum));
      float squares = 0.0f;
#pragma unroll
      for (int i = 0; i < kRunItems; ++i) {
#pragma unroll
        for (int j = 0; j < kVector; ++j) {
          x[i][j] -= mean;
          squares = fmaf(x[i][j], x[i][j], squares);
        }
      }
      float scale = inverseSqrt(divisor.divide(sumOfLanes<kLanes>(squares)) + epsilon);
      if (step.row < 0) scale = __int_as_float(0x7fc00000);  // and so is the row
      T* const to = out + int64_t(step.row < 0 ? ~step.row : step.row) * kHidden;
#pragma unroll
      for (int i = 0; i < kRunItems; ++i) {
        float g[kVector];
        float b[kVector];
        getVector<kVectors>(gamma + i * kLanes, g);
        getVector<kVectors>(beta + i * kLanes, b);
#pragma unroll
        for (int j = 0; j < kVector; ++j) x[i][j] = fmaf(x[i][j] * scale, g[j], b[j]);
        if (at < stop) storePack<kVector>(to + i * kLanes * kVector, x[i], evictFirst);
      }
    }
    from += 32;
    if (from >= end) break;
    ask(from);
  }
}

}  // namespace trt_dsl
