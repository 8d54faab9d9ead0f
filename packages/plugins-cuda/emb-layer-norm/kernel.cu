#include "kernel.cuh"

#include "../common/dispatch.cuh"
#include "../common/normalize_launch.cuh"
#include "columns.cuh"

namespace trt_dsl {
namespace {

/** What embLayerNorm has besides the family's schedules. */
struct ColumnSchedule {
  bool lean;  // position + token type in shared memory, not in registers
  bool kept;  // word rows are the last to leave L2
  int waves;  // of blocks; more waves are shorter runs
};
constexpr ColumnSchedule kColumnSchedules[] = {
    {false, false, 1}, {false, false, 2}, {false, false, 4}, {true, false, 1},
    {true, false, 2},  {true, false, 4},  {false, true, 1},  {true, true, 1},
};
static_assert(kNormSchedules + sizeof kColumnSchedules / sizeof kColumnSchedules[0] == kEmbSchedules);

template <int kLanes, int kItems, bool kLean, bool kKept, typename T, typename P>
cudaError_t launchColumns(Normalization<Embeddings<T>, P> const& n, int waves) {
  constexpr int kWarps = kRunThreads / 32;
  constexpr int kFloats = kItems * kVectorOf<T>;
  int64_t const steps = (n.rows + 32 / kLanes - 1) / (32 / kLanes);
  int64_t const wave = int64_t(deviceAttribute(cudaDevAttrMultiProcessorCount)) * kRunBlocks<T, kItems, kLean>;
  int64_t const blocks = min(wave * waves, (steps + kWarps - 1) / kWarps);
  auto const kernel = normalizeColumns<T, P, kLanes, kItems, kLean, kKept>;
  size_t const bytes = runBytes(n.hidden, kFloats, kLean);
  kernel<<<unsigned(blocks), kRunThreads, bytes, n.stream>>>(n.source, n.affine, n.y, Runs(steps, blocks * kWarps),
                                                            Divisor(n.hidden), n.epsilon, n.evictFirst);
  return cudaGetLastError();
}

template <int kLanes, int kItems, typename T, typename P>
cudaError_t launchColumns(Normalization<Embeddings<T>, P> const& n, ColumnSchedule const& schedule) {
  if (schedule.lean && schedule.kept) return launchColumns<kLanes, kItems, true, true>(n, schedule.waves);
  if (schedule.lean) return launchColumns<kLanes, kItems, true, false>(n, schedule.waves);
  if (schedule.kept) return launchColumns<kLanes, kItems, false, true>(n, schedule.waves);
  return launchColumns<kLanes, kItems, false, false>(n, schedule.waves);
}

/** Down the columns, if rows are of a size that has a kernel for that; else as normalizeRows would. */
template <typename T, typename P>
cudaError_t normalizeDown(Embeddings<T> const& source, Affine<P> const& affine, T* y, int64_t rows, float epsilon,
                          bool aligned, ColumnSchedule const& schedule, cudaStream_t stream) {
  Normalization<Embeddings<T>, P> const n{source, affine, y, rows, source.hidden, epsilon, stream,
                                          isLarge<T>(rows, source.hidden)};
  int const vectors = source.hidden % kVectorOf<T> == 0 ? source.hidden / kVectorOf<T> : 0;
  if (aligned && aligned16(y) && aligned16(affine.gamma) && aligned16(affine.beta) && rows > 0 && rows <= INT32_MAX) {
    if (vectors == 48) return launchColumns<16, 3>(n, schedule);
    if (vectors == 96) return launchColumns<32, 3>(n, schedule);
    if (vectors == 128) return launchColumns<32, 4>(n, schedule);
    if constexpr (sizeof(T) == 4) {
      if (vectors == 192) return launchColumns<32, 6>(n, schedule);
      if (vectors == 256) return launchColumns<32, 8>(n, schedule);
    }
  }
  return normalizeRows(source, affine, y, rows, source.hidden, epsilon, aligned, -1, stream);
}

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
    if (byColumn && a.variant >= kNormSchedules && a.tokens % max(1, a.sequence) == 0) {
      return normalizeDown(source, affine, static_cast<T*>(a.y), a.tokens, a.epsilon, vectors,
                           kColumnSchedules[a.variant - kNormSchedules], stream);
    }
    return normalizeRows(source, affine, static_cast<T*>(a.y), a.tokens, a.hidden, a.epsilon, vectors,
                         a.variant < kNormSchedules ? a.variant : -1, stream);
  });
}

}  // namespace trt_dsl
