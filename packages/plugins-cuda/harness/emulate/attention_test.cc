// The attention kernel on the CPU against a plain one in double: every head size, variant, mask and kind of length.
#include <random>

#include "cuda_bf16.h"
#include "cuda_runtime.h"
#include "../../qkv-to-context/kernel.cuh"

using namespace trt_dsl;

namespace {

int passed = 0;
int failed = 0;

struct Case {
  int headSize, variant, heads, batch, sequence;
  KeyMask keyMask;
  std::vector<int32_t> mask;
  int total;
  Type type;
};

float toFloat(uint16_t bits, Type type) {
  if (type == Type::kBFloat16) return __int_as_float(int(uint32_t(bits) << 16));
  _Float16 x;
  std::memcpy(&x, &bits, 2);
  return float(x);
}

void run(Case const& c, unsigned seed) {
  bool const packed = c.keyMask == KeyMask::kCuSeqlens;
  int const rows = packed ? c.total : c.batch * c.sequence;
  int const hidden = c.heads * c.headSize;
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  struct alignas(16) Chunk { uint16_t x[8]; };
  std::vector<Chunk> qkvMemory(size_t(rows) * 3 * hidden / 8);
  std::vector<Chunk> contextMemory(size_t(rows) * hidden / 8);
  uint16_t* const qkv = qkvMemory.data()->x;
  uint16_t* const context = contextMemory.data()->x;
  for (size_t i = 0; i < qkvMemory.size() * 8; ++i) {
    float const x = normal(random);
    if (c.type == Type::kBFloat16) qkv[i] = __float2bfloat16_rn(x).bits;
    else {
      _Float16 const h = _Float16(x);
      std::memcpy(&qkv[i], &h, 2);
    }
  }
  for (size_t i = 0; i < contextMemory.size() * 8; ++i) context[i] = 0x7FAB;
  emulate::buffers().clear();
  emulate::buffers()[reinterpret_cast<char*>(qkv)] = qkvMemory.size() * 16;
  float const scale = 1.0f / std::sqrt(float(c.headSize));
  cudaError_t const error =
      qkvToContext({c.type, qkv, context, c.keyMask, c.mask.empty() ? nullptr : c.mask.data(), c.batch, c.sequence, c.total,
                    c.heads, c.headSize, scale, c.variant}, nullptr);
  double worst = error == cudaSuccess ? 0 : 1e9;
  for (int row = 0; row < rows && error == cudaSuccess; ++row) {
    int start, end, b = 0;
    if (packed) {
      start = end = row;
      for (b = 0; b < c.batch; ++b) {
        if (row >= c.mask[b] && row < c.mask[b + 1]) start = c.mask[b], end = c.mask[b + 1];
      }
    } else {
      b = row / c.sequence;
      start = b * c.sequence;
      end = start + c.sequence;
      if (c.keyMask == KeyMask::kLengths) end = start + min(max(c.mask[b], 0), c.sequence);
    }
    for (int head = 0; head < c.heads; ++head) {
      std::vector<double> out(c.headSize, 0.0), score;
      double top = -INFINITY, sum = 0;
      for (int key = start; key < end; ++key) {
        double s = 0;
        for (int d = 0; d < c.headSize; ++d) {
          s += double(toFloat(qkv[size_t(row) * 3 * hidden + head * c.headSize + d], c.type)) *
               toFloat(qkv[size_t(key) * 3 * hidden + hidden + head * c.headSize + d], c.type);
        }
        if (c.keyMask == KeyMask::kMask && c.mask[key] == 0) s = -INFINITY;
        score.push_back(s * scale);
        top = max(top, s * scale);
      }
      for (int key = start; key < end && top > -INFINITY; ++key) {
        double const p = std::exp(score[key - start] - top);
        sum += p;
        for (int d = 0; d < c.headSize; ++d) {
          out[d] += p * toFloat(qkv[size_t(key) * 3 * hidden + 2 * hidden + head * c.headSize + d], c.type);
        }
      }
      for (int d = 0; d < c.headSize; ++d) {
        double const expected = sum > 0 ? out[d] / sum : 0;
        double const found = toFloat(context[size_t(row) * hidden + head * c.headSize + d], c.type);
        double const difference = std::fabs(found - expected);
        worst = difference <= worst ? worst : std::isnan(difference) ? 1e9 : difference;
      }
    }
  }
  bool const good = worst < (c.type == Type::kBFloat16 ? 3e-2 : 4e-3);
  good ? ++passed : ++failed;
  if (!good) {
    std::printf("head size %d variant %d heads %d batch %d sequence %d mask %d type %d: worst difference %g\n", c.headSize,
                c.variant, c.heads, c.batch, c.sequence, int(c.keyMask), int(c.type), worst);
  }
}

}  // namespace

int main() {
  unsigned seed = 1;
  for (int headSize : {32, 64, 96, 128}) {
    for (int variant = 0; variant < variantCount(headSize); ++variant) {
      for (int sequence : {1, 17, 150}) {
        Type const type = seed % 2 ? Type::kFloat16 : Type::kBFloat16;
        run({headSize, variant, sequence < 100 ? 2 : 1, 1, sequence, KeyMask::kNone, {}, 0, type}, seed++);
      }
      run({headSize, variant, 1, 3, 100, KeyMask::kLengths, {90, 0, 64}, 0, Type::kFloat16}, seed++);
      std::vector<int32_t> mask(2 * 150, 0);
      for (int i = 0; i < 140; ++i) mask[i] = i % 3 != 0 && (i < 60 || i > 131);
      run({headSize, variant, 1, 2, 150, KeyMask::kMask, mask, 0, Type::kFloat16}, seed++);
      run({headSize, variant, 1, 4, 0, KeyMask::kCuSeqlens, {0, 70, 70, 71, 200}, 206, Type::kBFloat16}, seed++);
    }
    // The tile that the kernel chooses for a small grid and, on this chip of two multiprocessors, a large one.
    for (int heads : {1, 8}) run({headSize, -1, heads, 1, 20, KeyMask::kNone, {}, 0, Type::kFloat16}, seed++);
  }
  std::vector<int32_t> many{0};
  for (int i = 0; i < 70; ++i) many.push_back(many.back() + i % 5);
  run({64, 0, 1, 70, 0, KeyMask::kCuSeqlens, many, many.back() + 3, Type::kFloat16}, seed++);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
