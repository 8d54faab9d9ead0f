// EmbLayerNorm with positions by column: a warp goes down a column of [batch, sequence], so that a run of tokens has one
// position. What the run shares is made once and kept as floats: position + token type in registers or shared memory, gamma
// and beta in shared memory. While a row is normalised, the next one's word row is on its way.
#pragma once

#include "embeddings.cuh"

namespace trt_dsl {

/** Tokens in column order are split into runs of `shorter` steps, the first `longer` of them have one more. */
struct Runs {
  uint32_t shorter;
  uint32_t longer;

  /** In all `steps`, over `runs`. */
  Runs(int64_t steps, int64_t runs) : shorter(uint32_t(steps / runs)), longer(uint32_t(steps % runs)) {}
  __device__ __forceinline__ uint32_t start(uint32_t run) const { return run * shorter + min(run, longer); }
};

constexpr int kRunThreads = 128;

/** What a warp needs to know of a token, the same for all of its lanes. */
struct alignas(16) Step {
  int row;  // ~row: something is outside its table
  int position;
  int tokenType;
  int nextWord;  // of the row after this one
};

/** Steps of 32 tokens a warp, floats of gamma and beta and, if kLean, of position + token type a thread. */
constexpr size_t runBytes(int hidden, int floatsAThread, bool lean) {
  return kRunThreads * sizeof(Step) + (2 * size_t(hidden) + (lean ? size_t(kRunThreads) * floatsAThread : 0)) * sizeof(float);
}

/** Blocks of a multiprocessor: the floats of a row and of what is shared, a row on its way, and some 24 more registers. */
template <typename Element, int kItems, bool kLean>
constexpr int kRunBlocks = std::min(10, 512 / (kItems * kVectorOf<Element> * (kLean ? 1 : 2) + kItems * 4 + 24));

__device__ __forceinline__ void putFloats(float* to, float const* from) {
  *reinterpret_cast<float4*>(to) = make_float4(from[0], from[1], from[2], from[3]);
}
__device__ __forceinline__ void getFloats(float const* from, float* to) {
  float4 const v = *reinterpret_cast<float4 const*>(from);
  to[0] = v.x;
  to[1] = v.y;
  to[2] = v.z;
  to[3] = v.w;
}

/** kLanes threads have a row of kLanes · kItems vectors. `kKept` asks L2 to keep the word rows. */
template <typename T, typename Parameter, int kLanes, int kItems, bool kLean, bool kKept>
__global__ void __launch_bounds__(kRunThreads, kRunBlocks<T, kItems, kLean>)
    normalizeColumns(Embeddings<T> source, Affine<Parameter> affine, T* y, Runs runs, Divisor divisor, float epsilon,
                     bool evictFirst) {
  constexpr int kVector = kVectorOf<T>;
  constexpr int kParts = kVector / 4;     // of 16 bytes as floats
  constexpr int kVectors = kLanes * kItems;
  constexpr int kHidden = kVectors * kVector;
  constexpr int kRows = 32 / kLanes;      // of a step
  extern __shared__ __align__(16) unsigned char shared[];
  Step* const steps = reinterpret_cast<Step*>(shared) + threadIdx.x / 32 * 32;
  float* const gamma = reinterpret_cast<float*>(shared + kRunThreads * sizeof(Step));  // [kParts, kVectors, 4]: no two
  float* const beta = gamma + kHidden;                                                 // lanes of a phase share a bank
  float* const own = beta + kHidden + threadIdx.x * 4;  // [kItems, kParts, kRunThreads, 4], each thread's own

  int const warpLane = threadIdx.x % 32;
  int const lane = warpLane % kLanes;
  int const inStep = warpLane / kLanes;
  uint32_t const run = blockIdx.x * (kRunThreads / 32) + threadIdx.x / 32;
  uint32_t const tokens = uint32_t(source.batch) * uint32_t(source.sequence);
  uint32_t const end = min(tokens, runs.start(run + 1) * kRows);
  uint64_t const policy = kKept ? keepInL2() : 0;
  T const* const words = opaque(source.wordTable + lane * kVector);
  T* const out = opaque(y + lane * kVector);
  float const* const myGamma = gamma + lane * 4;
  float const* const myBeta = beta + lane * 4;

  int atPosition = -1;
  int atTokenType = -1;
  float common[kItems][kVector];  // position + token type, unless kLean
  Pack<T, kVector> raw[kItems];
  auto const fetch = [&](int word) {
    T const* const from = words + int64_t(word) * kHidden;
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      T const* const at = from + i * kLanes * kVector;
      raw[i] = kKept ? loadPackKept<kVector>(at, policy) : loadPackOnce<kVector>(at);
    }
  };
  auto const fill = [&] {
    for (int vector = threadIdx.x; vector < kVectors; vector += kRunThreads) {
      auto const raw = affine.template fetch<kVector>(vector * kVector);
      float g[kVector];
      float b[kVector];
      widen(raw.gamma, g);
      widen(raw.beta, b);
#pragma unroll
      for (int part = 0; part < kParts; ++part) {
        putFloats(gamma + (part * kVectors + vector) * 4, g + part * 4);
        putFloats(beta + (part * kVectors + vector) * 4, b + part * 4);
      }
    }
  };
  uint32_t from = runs.start(run) * kRows;
  bool filled = false;
  do {
    // Each lane looks at one of the run's next 32 tokens; beyond its end, at the last.
    Column const mine = source.lookDown(min(from + warpLane, end - 1));
    int const nextWord = __shfl_sync(0xffffffffu, mine.word, min(warpLane + kRows, 31));
    __syncwarp();
    steps[warpLane] = {mine.good ? mine.row : ~mine.row, mine.position, mine.tokenType, nextWord};
    fetch(__shfl_sync(0xffffffffu, mine.word, inStep));
    if (!filled) {  // while the first row is on its way
      fill();
      __syncthreads();
      filled = true;
    }
    __syncwarp();
    Step const* const stop = steps + (from < end ? min(32u, end - from) : 0);
    for (Step const* at = steps + inStep; at - inStep < stop; at += kRows) {
      Step const step = *at;
      if (step.position != atPosition || step.tokenType != atTokenType) {
        atPosition = step.position;
        atTokenType = step.tokenType;
        auto const shares = source.shared(step.position, step.tokenType);
#pragma unroll
        for (int i = 0; i < kItems; ++i) {
          float x[kVector];
          source.template ahead<kVector>(shares, (i * kLanes + lane) * kVector, x);
          if constexpr (kLean) {
#pragma unroll
            for (int part = 0; part < kParts; ++part) putFloats(own + (i * kParts + part) * kRunThreads * 4, x + part * 4);
          } else {
#pragma unroll
            for (int j = 0; j < kVector; ++j) common[i][j] = x[j];
          }
        }
      }

      float x[kItems][kVector];
      float sum = 0.0f;
#pragma unroll
      for (int i = 0; i < kItems; ++i) {
        if constexpr (kLean) {
#pragma unroll
          for (int part = 0; part < kParts; ++part) getFloats(own + (i * kParts + part) * kRunThreads * 4, x[i] + part * 4);
        } else {
#pragma unroll
          for (int j = 0; j < kVector; ++j) x[i][j] = common[i][j];
        }
        source.template decode<kVector>(raw[i], x[i]);
#pragma unroll
        for (int j = 0; j < kVector; ++j) sum += x[i][j];
      }
      if (at - inStep + kRows < stop) fetch(step.nextWord);

      float const mean = divisor.divide(sumOfLanes<kLanes>(sum));
      float squares = 0.0f;
#pragma unroll
      for (int i = 0; i < kItems; ++i) {
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
      for (int i = 0; i < kItems; ++i) {
        float g[kVector];
        float b[kVector];
#pragma unroll
        for (int part = 0; part < kParts; ++part) {
          getFloats(myGamma + (part * kVectors + i * kLanes) * 4, g + part * 4);
          getFloats(myBeta + (part * kVectors + i * kLanes) * 4, b + part * 4);
        }
#pragma unroll
        for (int j = 0; j < kVector; ++j) x[i][j] = fmaf(x[i][j] * scale, g[j], b[j]);
        if (at < stop) storePack<kVector>(to + i * kLanes * kVector, x[i], evictFirst);
      }
    }
    from += 32;
  } while (from < end);
}

}  // namespace trt_dsl
