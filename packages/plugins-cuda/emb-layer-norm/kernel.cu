#include "kernel.cuh"

#include "../common/dispatch.cuh"
#include "../common/normalize.cuh"

namespace trt_dsl {
namespace {

enum class Token { kGood, kOutOfRange, kPadding };

/** An array of int32 or int64, read as int64. */
struct Ids {
  void const* data;
  bool wide;
  __device__ __forceinline__ int64_t operator[](int64_t i) const {
    return wide ? static_cast<int64_t const*>(data)[i] : int64_t(static_cast<int32_t const*>(data)[i]);
  }
};

template <typename T>
struct Embeddings {
  using Element = T;
  struct At {
    T const* word;
    T const* position;
    T const* tokenType;
    Token token;
  };
  template <int N>
  struct Raw {
    Pack<T, N> word;
    Pack<T, N> position;
    Pack<T, N> tokenType;
  };

  Ids ids;
  Ids tokenTypes;
  Ids positionIds;
  int32_t const* cuSeqlens;
  PositionSource positionSource;
  T const* wordTable;
  T const* positionTable;
  T const* tokenTypeTable;
  int sequence;
  int batch;
  int words;
  int positionCount;
  int tokenTypeCount;
  int hidden;

  /** The token's place in its sequence: cuSeqlens[b] <= token < cuSeqlens[b + 1]. */
  __device__ __forceinline__ int64_t placeInSequence(int64_t token) const {
    int low = 0;
    int high = batch - 1;
    while (low < high) {
      int const middle = (low + high) >> 1;
      if (token < cuSeqlens[middle + 1]) high = middle;
      else low = middle + 1;
    }
    return token - cuSeqlens[low];
  }

  /** A token that is not good stands on the tables' first rows, which are read in vain: fill() replaces the outcome. */
  __device__ __forceinline__ At open(int64_t row) const {
    At at{wordTable, positionTable, tokenTypeTable, Token::kGood};
    int64_t position;
    if (positionSource == PositionSource::kCuSeqlens) {
      if (row >= cuSeqlens[batch]) {
        at.token = Token::kPadding;
        return at;
      }
      position = placeInSequence(row);
    } else if (positionSource == PositionSource::kPositionIds) {
      position = positionIds[row];
    } else {
      position = row % sequence;
    }
    int64_t const id = ids[row];
    int64_t const tokenType = tokenTypes[row];
    if (id < 0 || id >= words || position < 0 || position >= positionCount || tokenType < 0 ||
        tokenType >= tokenTypeCount) {
      at.token = Token::kOutOfRange;
      return at;
    }
    at.word += id * hidden;
    at.position += position * hidden;
    at.tokenType += tokenType * hidden;
    return at;
  }

  template <int N>
  __device__ __forceinline__ Raw<N> fetch(At const& at, int column) const {
    return {loadPack<N>(at.word + column), loadPack<N>(at.position + column), loadPack<N>(at.tokenType + column)};
  }

  template <int N>
  __device__ __forceinline__ void decode(Raw<N> const& raw, float (&value)[N]) const {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      value[i] = toFloat(raw.word.values[i]) + toFloat(raw.position.values[i]) + toFloat(raw.tokenType.values[i]);
    }
  }

  template <int N>
  __device__ __forceinline__ void keep(At const&, int, float const (&)[N]) const {}

  __device__ __forceinline__ bool fill(At const& at, float& value) const {
    value = at.token == Token::kOutOfRange ? __int_as_float(0x7fc00000) : 0.0f;
    return at.token != Token::kGood;
  }
};

}  // namespace

cudaError_t embLayerNorm(EmbLayerNormArguments const& a, cudaStream_t stream) {
  bool const byColumn = a.positionSource == PositionSource::kColumn;
  bool const packed = a.positionSource == PositionSource::kCuSeqlens;
  if ((byColumn && a.sequence <= 0 && a.tokens > 0) || (!byColumn && a.positions == nullptr)) return cudaErrorInvalidValue;
  if (packed && a.batch <= 0) return cudaErrorInvalidValue;
  if (a.words <= 0 || a.positionCount <= 0 || a.tokenTypeCount <= 0) return cudaErrorInvalidValue;
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
                               a.batch,
                               a.words,
                               a.positionCount,
                               a.tokenTypeCount,
                               a.hidden};
    Affine<P> const affine{static_cast<P const*>(a.gamma), static_cast<P const*>(a.beta)};
    return normalizeRows(source, affine, static_cast<T*>(a.y), a.tokens, a.hidden, a.epsilon, vectors, stream);
  });
}

}  // namespace trt_dsl
