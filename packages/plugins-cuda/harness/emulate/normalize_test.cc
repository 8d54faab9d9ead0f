// The LayerNorm family on the CPU against a plain one in double: every type, schedule and place of a row.
#include <random>

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "cuda_runtime.h"
#include "../../emb-layer-norm/kernel.cuh"
#include "../../layer-norm/kernel.cuh"
#include "../../skip-layer-norm/kernel.cuh"

using namespace trt_dsl;

namespace {

int passed = 0;
int failed = 0;
std::mt19937 random_(1);

float rounded(float x, Type type) {
  if (type == Type::kFloat16) return __half2float(__float2half_rn(x));
  return type == Type::kBFloat16 ? __bfloat162float(__float2bfloat16_rn(x)) : x;
}

/** A tensor of one type, at an address a multiple of 16, that the emulation knows the ends of. */
struct Tensor {
  struct alignas(16) Chunk { char bytes[16]; };
  std::vector<Chunk> memory;
  std::vector<double> values;
  Type type;

  Tensor(size_t size, Type t, bool input = true) : memory((size * sizeOf(t) + 15) / 16), values(size), type(t) {
    std::normal_distribution<float> normal;
    for (size_t i = 0; i < size; ++i) {
      float const x = input ? rounded(normal(random_), t) : NAN;
      values[i] = x;
      if (t == Type::kFloat32) static_cast<float*>(data())[i] = x;
      if (t == Type::kFloat16) static_cast<__half*>(data())[i] = __float2half_rn(x);
      if (t == Type::kBFloat16) static_cast<__nv_bfloat16*>(data())[i] = __float2bfloat16_rn(x);
    }
    emulate::buffers()[static_cast<char*>(data())] = size * sizeOf(t);
  }
  ~Tensor() { emulate::buffers().erase(static_cast<char*>(data())); }
  void* data() { return memory.data(); }
  double at(size_t i) {
    if (type == Type::kFloat32) return static_cast<float*>(data())[i];
    if (type == Type::kFloat16) return __half2float(static_cast<__half*>(data())[i]);
    return __bfloat162float(static_cast<__nv_bfloat16*>(data())[i]);
  }
};

struct Shape {
  int rows, hidden, variant;
  Type type, parameterType;
};

/** `row(i)` is row i before it is normalised, or `fill[i]` all over. */
template <typename Row>
void compare(char const* what, Shape const& s, cudaError_t error, Tensor& y, Tensor& gamma, Tensor& beta, Row const& row) {
  double const allowed = s.type == Type::kFloat32 ? 2e-6 : s.type == Type::kFloat16 ? 1.1e-3 : 8e-3;
  double worst = error == cudaSuccess ? 0 : 1e9;
  for (int i = 0; i < s.rows && worst < 1e9; ++i) {
    double fill = 0;
    std::vector<double> x(s.hidden);
    bool const filled = row(i, x, fill);
    double mean = 0, squares = 0;
    for (double v : x) mean += v / s.hidden;
    for (double v : x) squares += (v - mean) * (v - mean) / s.hidden;
    for (int c = 0; c < s.hidden; ++c) {
      double const expected = filled ? fill : (x[c] - mean) / std::sqrt(squares + 1e-5) * gamma.values[c] + beta.values[c];
      double const found = y.at(size_t(i) * s.hidden + c);
      if (std::isnan(expected) && std::isnan(found)) continue;
      double const off = std::fabs(found - expected) / std::max(1.0, std::fabs(expected));
      worst = off <= worst ? worst : std::isnan(off) ? 1e9 : off;
    }
  }
  worst <= allowed ? ++passed : ++failed;
  if (worst > allowed) {
    std::printf("%s of %d x %d, type %d, parameters %d, variant %d: worst difference %g\n", what, s.rows, s.hidden, int(s.type),
                int(s.parameterType), s.variant, worst);
  }
}

void layerNorms(Shape const& s) {
  size_t const size = size_t(s.rows) * s.hidden;
  Tensor x(size, s.type), skip(size, s.type), bias(s.hidden, s.type), gamma(s.hidden, s.parameterType),
      beta(s.hidden, s.parameterType), y(size, s.type, false), sum(size, s.type, false);
  compare("LayerNorm", s,
          layerNorm({s.type, s.parameterType, x.data(), gamma.data(), beta.data(), y.data(), s.rows, s.hidden, 1e-5f, s.variant},
                    nullptr),
          y, gamma, beta, [&](int i, std::vector<double>& row, double&) {
            for (int c = 0; c < s.hidden; ++c) row[c] = x.values[size_t(i) * s.hidden + c];
            return false;
          });
  bool const withBias = s.rows % 2 == 0;
  Tensor z(size, s.type, false);
  compare("SkipLayerNorm", s,
          skipLayerNorm({s.type, s.parameterType, x.data(), skip.data(), withBias ? bias.data() : nullptr, gamma.data(),
                         beta.data(), z.data(), sum.data(), s.rows, s.hidden, 1e-5f, s.variant},
                        nullptr),
          z, gamma, beta, [&](int i, std::vector<double>& row, double& fill) {
            for (int c = 0; c < s.hidden; ++c) {
              size_t const at = size_t(i) * s.hidden + c;
              row[c] = x.values[at] + skip.values[at] + (withBias ? bias.values[c] : 0);
              if (!(std::fabs(sum.at(at) - row[c]) <= 0.03 * std::max(1.0, std::fabs(row[c])))) return fill = 1e9, true;
            }
            return false;
          });
}

void embLayerNorms(Shape const& s, PositionSource source, bool wide) {
  int const words = 11, places = s.rows + 2, kinds = 2;
  Tensor word(words * s.hidden, s.type), position(places * s.hidden, s.type), kind(kinds * s.hidden, s.type),
      gamma(s.hidden, s.parameterType), beta(s.hidden, s.parameterType), y(size_t(s.rows) * s.hidden, s.type, false);
  std::vector<int64_t> ids(s.rows), types(s.rows), where(s.rows);
  int const sequence = s.rows % 7 == 0 ? s.rows / 14 : s.rows;  // 42 and 70 rows: batches of 14 sequences
  int const half = s.rows / 2, tail = source == PositionSource::kCuSeqlens && s.rows > 4 ? 2 : 0;
  for (int i = 0; i < s.rows; ++i) {
    ids[i] = int(random_() % words);
    types[i] = int(random_() % kinds);
    where[i] = source == PositionSource::kPositionIds ? int(random_() % places)
               : source == PositionSource::kCuSeqlens ? (i < half ? i : i - half)
                                                      : i % sequence;
  }
  if (s.rows > 3) ids[1] = words, types[2] = -1, ids[3] = wide ? int64_t(1) << 40 : -1;
  auto const narrow = [](std::vector<int64_t> const& all) { return std::vector<int32_t>(all.begin(), all.end()); };
  auto const ids32 = narrow(ids), types32 = narrow(types), where32 = narrow(where);
  std::vector<int32_t> const starts{0, half, half, s.rows - tail};
  EmbLayerNormArguments a{};
  a = {s.type, s.parameterType, wide, wide ? (void const*)ids.data() : ids32.data(),
       wide ? (void const*)types.data() : types32.data(), nullptr, source, word.data(), position.data(), kind.data(),
       gamma.data(), beta.data(), y.data(), s.rows, sequence, 3, words, places, kinds, s.hidden, 1e-5f, s.variant};
  if (source == PositionSource::kPositionIds) a.positions = wide ? (void const*)where.data() : where32.data();
  if (source == PositionSource::kCuSeqlens) a.positions = starts.data();
  compare("EmbLayerNorm", s, embLayerNorm(a, nullptr), y, gamma, beta, [&](int i, std::vector<double>& row, double& fill) {
    if (i >= s.rows - tail) return fill = 0, true;
    if (ids[i] < 0 || ids[i] >= words || types[i] < 0) return fill = NAN, true;
    for (int c = 0; c < s.hidden; ++c) {
      row[c] = word.values[ids[i] * s.hidden + c] + position.values[where[i] * s.hidden + c] + kind.values[types[i] * s.hidden + c];
    }
    return false;
  });
}

}  // namespace

int main() {
  std::pair<Type, Type> const types[] = {{Type::kFloat32, Type::kFloat32},
                                         {Type::kFloat16, Type::kFloat16},
                                         {Type::kFloat16, Type::kFloat32},
                                         {Type::kBFloat16, Type::kBFloat16}};
  int number = 0;
  for (int variant = -1; variant < kEmbSchedules; ++variant) {
    for (int hidden : {8, 100, 192, 384, 760, 768, 1024, 1536}) {
      for (auto const& [type, parameterType] : types) {
        int const rows[] = {1, 3, 5, 42, 70};
        Shape const s{rows[number % 5], hidden, variant, type, parameterType};
        if (variant < kNormSchedules) layerNorms(s);
        embLayerNorms(s, PositionSource(number % 3), number % 2 == 0);
        ++number;
      }
    }
  }
  // Down the columns; 1400 rows are runs of more than 32 tokens.
  for (int rows : {1, 3, 42, 70, 1400}) {
    for (auto const& [type, parameterType] : types) {
      if (type == Type::kFloat32) continue;
      for (int hidden : {384, 768}) {
        Shape const s{rows, hidden, int(NormSchedule::kColumns), type, parameterType};
        embLayerNorms(s, PositionSource::kColumn, ++number % 2 == 0);
      }
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
