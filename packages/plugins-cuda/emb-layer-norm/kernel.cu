#include "kernel.cuh"

#include "../common/dispatch.cuh"
#include "../common/normalize_launch.cuh"

namespace trt_dsl {
namespace {

enum class Token { kGood, kOutOfRange, kPadding };

/** An array of int32 or int64. Read first, made a number of later, so that nothing waits for memory in between. */
struct Ids {
  struct Bits {
    int32_t low;
    int32_t high;
  };

  void const* data;
  bool wide;

  __device__ __forceinline__ Bits read(int64_t i) const {
    if (wide) return static_cast<Bits const*>(data)[i];
    return {static_cast<int32_t const*>(data)[i], 0};
  }
  __device__ __forceinline__ int64_t number(Bits bits) const {
    return wide ? int64_t(uint64_t(uint32_t(bits.high)) << 32 | uint32_t(bits.low)) : int64_t(bits.low);
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

  struct Place {
    Ids::Bits id;
    Ids::Bits tokenType;
    Ids::Bits position;
  };
  __device__ __forceinline__ Place look(int64_t row) const {
    Place place{ids.read(row), tokenTypes.read(row), {0, 0}};
    if (positionSource == PositionSource::kPositionIds) place.position = positionIds.read(row);
    return place;
  }

  /** The token's distance from the start of its sequence: cuSeqlens[b] <= token < cuSeqlens[b + 1]. */
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
  __device__ __forceinline__ At open(int64_t row, Place const& place) const {
    At at{wordTable, positionTable, tokenTypeTable, Token::kGood};
    int64_t position;
    if (positionSource == PositionSource::kCuSeqlens) {
      if (row >= cuSeqlens[batch]) {
        at.token = Token::kPadding;
        return at;
      }
      position = placeInSequence(row);
    } else if (positionSource == PositionSource::kPositionIds) {
      position = positionIds.number(place.position);
    } else {
      position = uint32_t(row) % uint32_t(sequence);
    }
    int64_t const id = ids.number(place.id);
    int64_t const tokenType = tokenTypes.number(place.tokenType);
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
    return {loadPackOnce<N>(at.word + column), loadPack<N>(at.position + column), loadPack<N>(at.tokenType + column)};
  }

  template <int N>
  __device__ __forceinline__ void decode(Raw<N> const& raw, float (&value)[N]) const {
    float position[N];
    float tokenType[N];
    widen(raw.word, value);
    widen(raw.position, position);
    widen(raw.tokenType, tokenType);
#pragma unroll
    for (int i = 0; i < N; ++i) value[i] = value[i] + position[i] + tokenType[i];
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
    return normalizeRows(source, affine, static_cast<T*>(a.y), a.tokens, a.hidden, a.epsilon, vectors, a.variant,
                         stream);
  });
}

}  // namespace trt_dsl
