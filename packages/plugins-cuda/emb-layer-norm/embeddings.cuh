// Where a token's rows are: ids, token types and positions, each checked against its table.
#pragma once

#include "kernel.cuh"

#include "../common/normalize.cuh"

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

/** A token of a column; what is not good stands on the tables' first rows. */
struct Column {
  bool good;
  int row;
  int word;
  int position;
  int tokenType;
};

template <typename T>
struct Embeddings {
  using Element = T;
  static constexpr int kBlockFrom = sizeof(T) == 4 ? 257 : 129;  // blocks were slower at every size, by 4 to 96 %
  struct At {
    T const* word;
    T const* position;
    T const* tokenType;
    Token token;
  };
  template <int N>
  using Raw = Pack<T, N>;

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
  int groupBits;
  int words;
  int positionCount;
  int tokenTypeCount;
  int hidden;

  struct Place {
    int64_t row;
    uint32_t column;
    Ids::Bits id;
    Ids::Bits tokenType;
    Ids::Bits position;
  };
  /**
   * With positions by column, 2^groupBits rows of the batch go side by side, column by column: tokens done at once in a
   * multiprocessor then share a row of the position table, which is read from L2 once. What is left of the batch follows.
   */
  __device__ __forceinline__ Place look(int64_t index) const {
    Place place{index, 0, {0, 0}, {0, 0}, {0, 0}};
    if (positionSource == PositionSource::kColumn) {
      uint32_t const length = sequence;
      uint32_t const inGroup = uint32_t(index) & ((1u << groupBits) - 1);
      uint32_t const quotient = (uint32_t(index) >> groupBits) / length;
      place.column = (uint32_t(index) >> groupBits) - quotient * length;
      int64_t const row = (int64_t(quotient) << groupBits) + inGroup;
      if (((quotient + 1) << groupBits) <= uint32_t(batch)) place.row = row * length + place.column;
      else place.column = uint32_t(index) % length;
    }
    place.id = ids.read(place.row);
    place.tokenType = tokenTypes.read(place.row);
    if (positionSource == PositionSource::kPositionIds) place.position = positionIds.read(place.row);
    return place;
  }

  /** The index-th token of [batch, sequence], column by column. */
  __device__ __forceinline__ Column lookDown(uint32_t index) const {
    uint32_t const position = index / uint32_t(batch);
    int64_t const row = int64_t(index - position * uint32_t(batch)) * sequence + position;
    auto const idBits = ids.read(row);
    auto const tokenTypeBits = tokenTypes.read(row);
    int64_t const id = ids.number(idBits);
    int64_t const tokenType = tokenTypes.number(tokenTypeBits);
    bool const good = id >= 0 && id < words && position < uint32_t(positionCount) && tokenType >= 0 && tokenType < tokenTypeCount;
    if (!good) return {false, int(row), 0, 0, 0};
    return {true, int(row), int(id), int(position), int(tokenType)};
  }

  /** What `ahead` needs. */
  __device__ __forceinline__ At shared(int position, int tokenType) const {
    return {wordTable, positionTable + int64_t(position) * hidden, tokenTypeTable + int64_t(tokenType) * hidden, Token::kGood};
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
  __device__ __forceinline__ At open(Place const& place) const {
    At at{wordTable, positionTable, tokenTypeTable, Token::kGood};
    int64_t position;
    if (positionSource == PositionSource::kCuSeqlens) {
      if (place.row >= cuSeqlens[batch]) {
        at.token = Token::kPadding;
        return at;
      }
      position = placeInSequence(place.row);
    } else if (positionSource == PositionSource::kPositionIds) {
      position = positionIds.number(place.position);
    } else {
      position = place.column;
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
    return loadPackOnce<N>(at.word + column);
  }

  template <int N>
  __device__ __forceinline__ void ahead(At const& at, int column, float (&value)[N]) const {
    float tokenType[N];
    Pack<T, N> const position = loadPackOften<N>(at.position + column);
    widen(loadPackOften<N>(at.tokenType + column), tokenType);
    widen(position, value);
#pragma unroll
    for (int i = 0; i < N; ++i) value[i] += tokenType[i];
  }

  template <int N>
  __device__ __forceinline__ void decode(Raw<N> const& raw, float (&value)[N]) const {
    float word[N];
    widen(raw, word);
#pragma unroll
    for (int i = 0; i < N; ++i) value[i] += word[i];
  }

  template <int N>
  __device__ __forceinline__ void keep(At const&, int, float const (&)[N]) const {}

  __device__ __forceinline__ bool fill(At const& at, float& value) const {
    value = at.token == Token::kOutOfRange ? __int_as_float(0x7fc00000) : 0.0f;
    return at.token != Token::kGood;
  }
};

}  // namespace
}  // namespace trt_dsl
