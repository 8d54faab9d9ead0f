#include "kernel.cuh"

#include "../common/dispatch.cuh"
#include "../common/normalize_launch.cuh"
#include "columns.cuh"

namespace trt_dsl {
namespace {

/** One wave of blocks, as many as the device runs at once, or fewer if there is less to do. */
template <int kLanes, typename T, typename P>
cudaError_t launchColumns(Normalization<Embeddings<T>, P> const& n) {
  auto const kernel = normalizeColumns<T, P, kLanes>;
  int resident = 0;  // a question to the driver, which a graph capture allows
  cudaError_t const error = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, kernel, kRunThreads, 0);
  if (error != cudaSuccess) return error;
  int64_t const steps = (n.rows + kStepRows<kLanes> - 1) / kStepRows<kLanes>;
  int64_t const wave = int64_t(deviceAttribute(cudaDevAttrMultiProcessorCount)) * max(1, resident);
  int64_t const blocks = min(wave, (steps + kRunWarps - 1) / kRunWarps);
  kernel<<<unsigned(blocks), kRunThreads, 0, n.stream>>>(n.source, n.affine, n.y, Runs(steps, blocks * kRunWarps),
                                                        Divisor(n.hidden), n.epsilon, n.evictFirst);
  return cudaGetLastError();
}

/**
 * Whether to go down the columns, where there is a kernel for that. Token by token → down the columns, microseconds, one
 * H200, float16, sentences of 128, ids at random (`schedules_us` in bench/results/plugins-kernels.json):
 *
 *   hidden   4096 tokens    16384          49152
 *   384       4.6 →  5.2    10.2 →  9.4    22.8 → 20.7
 *   768       6.1 →  7.3    18.1 → 16.5    43.8 → 41.1
 *
 * bfloat16 gains 2 to 7 % from 16384 on; hidden size 1024 and float32 gained nothing and have no such kernel. Fewer sentences
 * than 32 have little to share and were not measured; with BERT's 512 positions 16384 tokens are 32 at least.
 */
bool suitsColumns(int64_t tokens, int batch) { return tokens >= 16384 && batch >= 32; }

}  // namespace

cudaError_t embLayerNorm(EmbLayerNormArguments const& a, cudaStream_t stream) {
  bool const byColumn = a.positionSource == PositionSource::kColumn;
  bool const packed = a.positionSource == PositionSource::kCuSeqlens;
  if ((byColumn && a.sequence <= 0 && a.tokens > 0) || (!byColumn && a.positions == nullptr)) return cudaErrorInvalidValue;
  if (packed && a.batch <= 0) return cudaErrorInvalidValue;
  if (a.words <= 0 || a.positionCount <= 0 || a.tokenTypeCount <= 0) return cudaErrorInvalidValue;
  if (a.variant < -1 || a.variant >= kEmbSchedules) return cudaErrorInvalidValue;
  int const batch = byColumn ? int(a.tokens / max(1, a.sequence)) : a.batch;
  int groupBits = 0;
  while (groupBits < 4 && 2 << groupBits <= batch) ++groupBits;
  bool const vectors = aligned16(a.wordTable) && aligned16(a.positionTable) && aligned16(a.tokenTypeTable);
  return dispatch(a.type, a.parameterType, [&](auto element, auto parameter) {
    using T = typename decltype(element)::Type;
    using P = typename decltype(parameter)::Type;
    Embeddings<T> const source{{a.ids, a.wideIds},
                               {a.tokenTypes, a.wideIds},
                               {a.positions, a.wideIds},
                               packed ? static_cast<int32_t const*>(a.positions) : nullptr,
                               a.positionSource,
                               static_cast<T const*>(a.wordTable),
                               static_cast<T const*>(a.positionTable),
                               static_cast<T const*>(a.tokenTypeTable),
                               a.sequence,
                               batch,
                               groupBits,
                               a.words,
                               a.positionCount,
                               a.tokenTypeCount,
                               a.hidden};
    Affine<P> const affine{static_cast<P const*>(a.gamma), static_cast<P const*>(a.beta)};
    T* const y = static_cast<T*>(a.y);
    int const columns = int(NormSchedule::kColumns);
    if constexpr (sizeof(T) == 2) {
      bool const wanted = a.variant == columns || (a.variant == -1 && suitsColumns(a.tokens, batch));
      bool const whole = byColumn && a.tokens > 0 && a.tokens <= INT32_MAX && a.tokens % a.sequence == 0;
      if (wanted && whole && vectors && aligned16(y) && aligned16(a.gamma) && aligned16(a.beta)) {
        Normalization<Embeddings<T>, P> const n{source, affine, y, a.tokens, a.hidden, a.epsilon, stream,
                                                isLarge<T>(a.tokens, a.hidden)};
        if (a.hidden == 384) return launchColumns<16>(n);
        if (a.hidden == 768) return launchColumns<32>(n);
      }
    }
    return normalizeRows(source, affine, y, a.tokens, a.hidden, a.epsilon, vectors, a.variant == columns ? -1 : a.variant,
                         stream);
  });
}

}  // namespace trt_dsl
