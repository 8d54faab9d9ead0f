// Attention tile by tile (Dao et al., FlashAttention-2): a block owns a tile of queries of one head and walks over tiles of
// keys and values, keeping for every query the largest score so far, the sum of exponentials and the weighted sum of
// values. Scores and probabilities live in registers; no sequence × sequence matrix exists.
//
// Copies into shared memory run ahead: the keys of tile j + 2 are fetched once tile j's have been used, its values one
// barrier later. In committed groups: (Q, K0) V0 K1 V1 | K2 | V2 K3 | V3 K4 | …
#include "kernel.cuh"

#include "../common/tensor_cores.cuh"
#include "../common/tile.cuh"

namespace trt_dsl {
namespace {

struct Problem {
  void const* qkv;
  void* context;
  int32_t const* mask;
  KeyMask keyMask;
  int batch;
  int sequence;
  int total;
  int heads;
  float scale;  // times log2(e): exponentials are powers of two here
};

/** The queries and keys a block works on. */
struct Part {
  int64_t firstRow;  // of the sequence, in qkv and context
  int length;        // of the sequence
  int firstQuery;    // of this tile, in the sequence
  int keys;          // only keys before this one can be seen
  bool exists;
};

__device__ __forceinline__ int clampTo(int x, int low, int high) { return min(max(x, low), high); }

/**
 * Packed sequences: tile number `tile` of all their query tiles, the tokens after the last sequence counting as one more
 * sequence that sees no key. Every warp finds it for itself, 32 sequences at a time.
 */
template <int kQueries>
__device__ __forceinline__ Part findPackedPart(Problem const& p, int tile) {
  int const lane = threadIdx.x & 31;
  int before = 0;
  for (int base = 0; base <= p.batch; base += 32) {
    int const index = base + lane;
    int start = 0;
    int end = 0;
    if (index <= p.batch) {
      start = clampTo(p.mask[index], 0, p.total);
      end = index < p.batch ? clampTo(p.mask[index + 1], start, p.total) : p.total;
    }
    int const tiles = (end - start + kQueries - 1) / kQueries;
    int upTo = tiles;
#pragma unroll
    for (int distance = 1; distance < 32; distance <<= 1) {
      int const other = __shfl_up_sync(0xffffffffu, upTo, distance);
      if (lane >= distance) upTo += other;
    }
    unsigned const later = __ballot_sync(0xffffffffu, tile < before + upTo);
    if (later != 0) {
      int const owner = __ffs(int(later)) - 1;
      start = __shfl_sync(0xffffffffu, start, owner);
      end = __shfl_sync(0xffffffffu, end, owner);
      int const first = before + __shfl_sync(0xffffffffu, upTo - tiles, owner);
      int const length = end - start;
      return {start, length, (tile - first) * kQueries, base + owner < p.batch ? length : 0, true};
    }
    before += __shfl_sync(0xffffffffu, upTo, 31);
  }
  return {0, 0, 0, 0, false};
}

/**
 * Starts copying kRows rows of kHead elements, `stride` apart. Rows from `valid` on, and those whose bit in `seen` (if not
 * null) is 0, are not read: they become zeros.
 */
template <int kRows, int kHead, int kThreads, typename T>
__device__ __forceinline__ void copyTile(uint32_t to, T const* from, int stride, int valid, uint32_t const* seen) {
  constexpr int kPieces = kHead / 8;
  static_assert(kRows * kPieces % kThreads == 0, "every thread copies as much");
#pragma unroll
  for (int i = 0; i < kRows * kPieces / kThreads; ++i) {
    int const index = i * kThreads + int(threadIdx.x);
    int const row = index / kPieces;
    int const piece = index % kPieces;
    bool const exists = row < valid && (seen == nullptr || (seen[row / 32] >> (row % 32) & 1) != 0);
    copyAsync16(to + tileOffset<kHead>(row, piece), from + int64_t(exists ? row : 0) * stride + piece * 8, exists);
  }
}

template <int kHead, int kWarps, int kRowTiles, int kKeys>
struct Shape {
  static constexpr int kThreads = 32 * kWarps;
  static constexpr int kWarpQueries = 16 * kRowTiles;
  static constexpr int kQueries = kWarps * kWarpQueries;
  static constexpr int kQueryBytes = kQueries * kHead * 2;
  static constexpr int kKeyBytes = kKeys * kHead * 2;
  static constexpr int kTileBytes = kQueryBytes + 4 * kKeyBytes;  // two tiles of keys, two of values
};

template <typename T, int kHead, int kWarps, int kRowTiles, int kKeys>
__global__ void __launch_bounds__(32 * kWarps) attend(Problem const p) {
  using S = Shape<kHead, kWarps, kRowTiles, kKeys>;
  constexpr int kPieces = kHead / 8;
  constexpr float kNone = -INFINITY;

  extern __shared__ __align__(128) unsigned char shared[];
  uint32_t const sharedQueries = uint32_t(__cvta_generic_to_shared(shared));
  uint32_t const sharedKeys = sharedQueries + S::kQueryBytes;
  uint32_t const sharedValues = sharedKeys + 2 * S::kKeyBytes;
  uint32_t* const seen = reinterpret_cast<uint32_t*>(shared + S::kTileBytes);  // a bit a key, for KeyMask::kMask

  int const lane = threadIdx.x & 31;
  int const warp = threadIdx.x >> 5;
  int const head = blockIdx.y;
  int const hidden = p.heads * kHead;
  int const stride = 3 * hidden;
  bool const masked = p.keyMask == KeyMask::kMask;

  Part part;
  if (p.keyMask == KeyMask::kCuSeqlens) {
    part = findPackedPart<S::kQueries>(p, blockIdx.x);
    if (!part.exists) return;
  } else {
    int const b = blockIdx.z;
    part = {int64_t(b) * p.sequence, p.sequence, int(blockIdx.x) * S::kQueries, p.sequence, true};
    if (p.keyMask == KeyMask::kLengths) part.keys = clampTo(p.mask[b], 0, p.sequence);
    if (masked) {
      int const words = (p.sequence + kKeys - 1) / kKeys * (kKeys / 32);
      int last = 0;
      for (int word = warp; word < words; word += kWarps) {
        int const key = word * 32 + lane;
        bool const sees = key < p.sequence && p.mask[part.firstRow + key] != 0;
        uint32_t const bits = __ballot_sync(0xffffffffu, sees);
        if (lane == 0) seen[word] = bits;
        if (bits != 0) last = word * 32 + 32 - __clz(int(bits));
      }
      // One integer for the block: the place after the last key that is seen.
      int* const lastSeen = reinterpret_cast<int*>(seen + words);
      if (threadIdx.x == 0) *lastSeen = 0;
      __syncthreads();
      if (lane == 0) atomicMax(lastSeen, last);
      __syncthreads();
      part.keys = *lastSeen;
    }
  }

  T* const context = static_cast<T*>(p.context) + (part.firstRow + part.firstQuery) * hidden + head * kHead;
  int const queries = min(part.length - part.firstQuery, S::kQueries);
  if (part.keys == 0) {
    for (int i = threadIdx.x; i < queries * kPieces; i += S::kThreads) {
      *reinterpret_cast<uint4*>(context + int64_t(i / kPieces) * hidden + i % kPieces * 8) = make_uint4(0, 0, 0, 0);
    }
    return;
  }

  T const* const q = static_cast<T const*>(p.qkv) + part.firstRow * stride + head * kHead;
  T const* const k = q + hidden;
  T const* const v = k + hidden;
  int const tiles = (part.keys + kKeys - 1) / kKeys;
  auto const copyRows = [&](uint32_t to, T const* from, int tile) {
    if (tile < tiles) {
      copyTile<kKeys, kHead, S::kThreads>(to + (tile & 1) * S::kKeyBytes, from + int64_t(tile) * kKeys * stride, stride,
                                          part.keys - tile * kKeys, masked ? seen + tile * (kKeys / 32) : nullptr);
    }
    commitCopies();
  };
  auto const copyKeys = [&](int tile) { copyRows(sharedKeys, k, tile); };
  auto const copyValues = [&](int tile) { copyRows(sharedValues, v, tile); };

  copyTile<S::kQueries, kHead, S::kThreads>(sharedQueries, q + int64_t(part.firstQuery) * stride, stride, queries, nullptr);
  copyKeys(0);
  copyValues(0);
  copyKeys(1);
  copyValues(1);

  uint32_t query[kRowTiles][kHead / 16][4];
  float sum[kRowTiles][2];
  float largest[kRowTiles][2];
  float out[kRowTiles][kHead / 8][4];
#pragma unroll
  for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      sum[m][half] = 0.0f;
      largest[m][half] = kNone;
    }
#pragma unroll
    for (int n = 0; n < kHead / 8; ++n) {
#pragma unroll
      for (int e = 0; e < 4; ++e) out[m][n][e] = 0.0f;
    }
  }

  waitForCopies<3>();
  __syncthreads();
#pragma unroll
  for (int m = 0; m < kRowTiles; ++m) {
    int const row = warp * S::kWarpQueries + m * 16 + (lane & 15);
#pragma unroll
    for (int d = 0; d < kHead / 16; ++d) {
      loadMatrices(query[m][d], sharedQueries + tileOffset<kHead>(row, 2 * d + (lane >> 4)));
    }
  }

  for (int tile = 0; tile < tiles; ++tile) {
    if (tile > 0) {
      waitForCopies<2>();
      __syncthreads();  // this tile's keys are there; the values before them are used up
      copyValues(tile + 1);
    }

    float score[kRowTiles][kKeys / 8][4];
#pragma unroll
    for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
      for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
        for (int e = 0; e < 4; ++e) score[m][n][e] = 0.0f;
      }
    }
    uint32_t const keysHere = sharedKeys + (tile & 1) * S::kKeyBytes;
#pragma unroll
    for (int d = 0; d < kHead / 16; ++d) {
#pragma unroll
      for (int n = 0; n < kKeys / 16; ++n) {
        uint32_t b[4];
        loadMatrices(b, keysHere + tileOffset<kHead>(n * 16 + (lane & 7) + ((lane >> 4) << 3), 2 * d + ((lane >> 3) & 1)));
#pragma unroll
        for (int m = 0; m < kRowTiles; ++m) {
          multiplyAdd<T>(score[m][2 * n], query[m][d], b[0], b[1]);
          multiplyAdd<T>(score[m][2 * n + 1], query[m][d], b[2], b[3]);
        }
      }
    }

    int const firstKey = tile * kKeys;
    if (masked) {
#pragma unroll
      for (int n = 0; n < kKeys / 8; ++n) {
        uint32_t const bits = seen[firstKey / 32 + n / 4] >> (n % 4 * 8 + 2 * (lane & 3));
#pragma unroll
        for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
          for (int e = 0; e < 4; ++e) {
            if ((bits >> (e & 1) & 1) == 0) score[m][n][e] = kNone;
          }
        }
      }
    } else if (firstKey + kKeys > part.keys) {
#pragma unroll
      for (int n = 0; n < kKeys / 8; ++n) {
        int const key = firstKey + n * 8 + 2 * (lane & 3);
#pragma unroll
        for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
          for (int e = 0; e < 4; ++e) {
            if (key + (e & 1) >= part.keys) score[m][n][e] = kNone;
          }
        }
      }
    }

    // Row `half` of a 16-row tile is lane / 4 + 8 · half; its elements are spread over four lanes.
    uint32_t probability[kRowTiles][kKeys / 16][4];
#pragma unroll
    for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float top = largest[m][half];
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) top = fmaxf(top, fmaxf(score[m][n][2 * half], score[m][n][2 * half + 1]));
        top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 1));
        top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 2));
        float const base = top == kNone ? 0.0f : top * p.scale;
        float const shrink = exp2Fast(fmaf(largest[m][half], p.scale, -base));
        largest[m][half] = top;
        float added = 0.0f;
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
          float const low = exp2Fast(fmaf(score[m][n][2 * half], p.scale, -base));
          float const high = exp2Fast(fmaf(score[m][n][2 * half + 1], p.scale, -base));
          added += low + high;
          probability[m][n / 2][(n & 1) * 2 + half] = roundPair<T>(low, high);
        }
        sum[m][half] = fmaf(sum[m][half], shrink, added);
#pragma unroll
        for (int n = 0; n < kHead / 8; ++n) {
          out[m][n][2 * half] *= shrink;
          out[m][n][2 * half + 1] *= shrink;
        }
      }
    }

    waitForCopies<2>();
    __syncthreads();  // this tile's values are there; its keys are used up
    copyKeys(tile + 2);

    uint32_t const valuesHere = sharedValues + (tile & 1) * S::kKeyBytes;
#pragma unroll
    for (int n = 0; n < kKeys / 16; ++n) {
#pragma unroll
      for (int d = 0; d < kHead / 16; ++d) {
        uint32_t b[4];
        loadMatricesTransposed(b, valuesHere + tileOffset<kHead>(n * 16 + (lane & 15), 2 * d + (lane >> 4)));
#pragma unroll
        for (int m = 0; m < kRowTiles; ++m) {
          multiplyAdd<T>(out[m][2 * d], probability[m][n], b[0], b[1]);
          multiplyAdd<T>(out[m][2 * d + 1], probability[m][n], b[2], b[3]);
        }
      }
    }
  }
  waitForCopies<0>();

  // Each warp puts its rows where its queries were, to write whole rows of a head at a time.
#pragma unroll
  for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float all = sum[m][half];
      all += __shfl_xor_sync(0xffffffffu, all, 1);
      all += __shfl_xor_sync(0xffffffffu, all, 2);
      float const inverse = 1.0f / all;  // every query sees a key here; all is 0 only where each score is -inf: NaN
      int const row = warp * S::kWarpQueries + m * 16 + (lane >> 2) + 8 * half;
#pragma unroll
      for (int n = 0; n < kHead / 8; ++n) {
        *reinterpret_cast<uint32_t*>(shared + tileOffset<kHead>(row, n) + 4 * (lane & 3)) =
            roundPair<T>(out[m][n][2 * half] * inverse, out[m][n][2 * half + 1] * inverse);
      }
    }
  }
  __syncwarp();
#pragma unroll
  for (int i = lane; i < S::kWarpQueries * kPieces; i += 32) {
    int const row = warp * S::kWarpQueries + i / kPieces;
    int const piece = i % kPieces;
    if (row < queries) {
      *reinterpret_cast<uint4*>(context + int64_t(row) * hidden + piece * 8) =
          *reinterpret_cast<uint4 const*>(shared + tileOffset<kHead>(row, piece));
    }
  }
}

template <typename T, int kHead, int kWarps, int kRowTiles, int kKeys>
cudaError_t launch(QkvToContextArguments const& a, cudaStream_t stream) {
  using S = Shape<kHead, kWarps, kRowTiles, kKeys>;
  constexpr float kLog2E = 1.44269504088896340736f;
  Problem const problem{a.qkv,      a.context, a.mask,  a.keyMask,         a.batch,
                        a.sequence, a.total,   a.heads, a.scale * kLog2E};
  bool const packed = a.keyMask == KeyMask::kCuSeqlens;
  int const words = a.keyMask == KeyMask::kMask ? (a.sequence + kKeys - 1) / kKeys * (kKeys / 32) + 1 : 0;
  int const bytes = S::kTileBytes + words * 4;
  auto* const kernel = attend<T, kHead, kWarps, kRowTiles, kKeys>;
  if (bytes > 48 * 1024) {
    cudaError_t const error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    if (error != cudaSuccess) return error;
  }
  // Packed: the host does not know the lengths. Sequences of n tokens fill at most n / kQueries + 1 tiles each.
  dim3 const grid = packed ? dim3(a.total / S::kQueries + a.batch + 1, a.heads, 1)
                           : dim3((a.sequence + S::kQueries - 1) / S::kQueries, a.heads, a.batch);
  kernel<<<grid, S::kThreads, bytes, stream>>>(problem);
  return cudaGetLastError();
}

template <typename T>
using Launch = cudaError_t (*)(QkvToContextArguments const&, cudaStream_t);

constexpr int kVariants = 4;

template <typename T>
Launch<T> launcherOf(int headSize, int variant) {
  static constexpr Launch<T> k32[kVariants] = {launch<T, 32, 4, 1, 64>, launch<T, 32, 4, 2, 64>, launch<T, 32, 2, 1, 64>,
                                               launch<T, 32, 8, 1, 64>};
  static constexpr Launch<T> k64[kVariants] = {launch<T, 64, 4, 1, 64>, launch<T, 64, 4, 2, 64>, launch<T, 64, 2, 1, 64>,
                                               launch<T, 64, 8, 1, 64>};
  static constexpr Launch<T> k96[kVariants] = {launch<T, 96, 4, 1, 64>, launch<T, 96, 4, 2, 32>, launch<T, 96, 2, 1, 64>,
                                               launch<T, 96, 8, 1, 64>};
  static constexpr Launch<T> k128[kVariants] = {launch<T, 128, 4, 1, 64>, launch<T, 128, 4, 1, 32>, launch<T, 128, 2, 1, 32>,
                                                launch<T, 128, 8, 1, 64>};
  switch (headSize) {
    case 32: return k32[variant];
    case 64: return k64[variant];
    case 96: return k96[variant];
    case 128: return k128[variant];
    default: return nullptr;
  }
}

/**
 * The wider tile of queries of a head size: faster once there are this many for each multiprocessor, slower before, when
 * too few blocks run (measured on an H200 from 1×128 to 4×4096, bench/results/plugins-kernels.json). Packed sequences are
 * short and would leave wider tiles half empty.
 */
struct WideTile {
  int32_t headSize;
  int32_t variant;
  double perMultiprocessor;  // tiles of 128 queries
};
constexpr WideTile kWideTiles[] = {{32, 1, 2.0}, {64, 3, 3.5}, {96, 1, 1.5}};

int32_t chooseVariant(QkvToContextArguments const& a) {
  if (a.keyMask == KeyMask::kCuSeqlens) return 0;
  int device = 0;
  int multiprocessors = 0;
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device) != cudaSuccess) {
    return 0;
  }
  double const tiles = double(a.batch) * a.heads * ((a.sequence + 127) / 128);
  for (WideTile const& wide : kWideTiles) {
    if (wide.headSize == a.headSize && tiles >= wide.perMultiprocessor * multiprocessors) return wide.variant;
  }
  return 0;
}

}  // namespace

int32_t variantCount(int32_t headSize) {
  return headSize == 32 || headSize == 64 || headSize == 96 || headSize == 128 ? kVariants : 0;
}

cudaError_t qkvToContext(QkvToContextArguments const& a, cudaStream_t stream) {
  bool const packed = a.keyMask == KeyMask::kCuSeqlens;
  if (variantCount(a.headSize) == 0 || a.variant >= kVariants || a.heads <= 0 || a.heads > 65535 || !(a.scale > 0.0f) ||
      a.batch < 0 || a.sequence < 0 || (packed && (a.total < 0 || a.batch == 0)) || (!packed && a.batch > 65535) ||
      (!packed && a.sequence > kMaxSequence) || (a.keyMask != KeyMask::kNone && a.mask == nullptr)) {
    return cudaErrorInvalidValue;
  }
  if (packed ? a.total == 0 : int64_t(a.batch) * a.sequence == 0) return cudaSuccess;
  if (reinterpret_cast<uintptr_t>(a.qkv) % 16 != 0 || reinterpret_cast<uintptr_t>(a.context) % 16 != 0) {
    return cudaErrorMisalignedAddress;
  }
  int const variant = a.variant >= 0 ? a.variant : chooseVariant(a);
  switch (a.type) {
    case Type::kFloat16: return launcherOf<__half>(a.headSize, variant)(a, stream);
    case Type::kBFloat16: return launcherOf<__nv_bfloat16>(a.headSize, variant)(a, stream);
    default: return cudaErrorInvalidValue;
  }
}

}  // namespace trt_dsl
